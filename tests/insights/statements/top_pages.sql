-- {"range":"last30Days","groupBy":[{"column":"url"}],"select":[{"column":"eventsCount"},{"column":"visitorsCount"}],"limit":20}
SELECT
    url AS c0,
    count() AS c1,
    uniqExact(visitor) AS c2
FROM events
WHERE
    site = {p0:UInt32} AND
    timestamp >= fromUnixTimestamp64Milli({p1:Int64}, 'UTC') AND
    timestamp < fromUnixTimestamp64Milli({p2:Int64}, 'UTC') AND
    indexHint(toStartOfHour(timestamp) >= toDateTime({p3:UInt32}, 'UTC') AND toStartOfHour(timestamp) <= toDateTime({p4:UInt32}, 'UTC'))
GROUP BY
    c0
ORDER BY
    c1 DESC,
    c0
LIMIT 20
-- p0 = 7
-- p1 = 1769774400000
-- p2 = 1772366400000
-- p3 = 1769774400
-- p4 = 1772366400
