-- {"range":"last30Days","groupBy":[{"column":"urlPath"}],"select":[{"column":"eventsCount"}],"where":[{"column":"visitorsCount","operator":"greaterThanOrEqual","values":[2]},{"column":"eventsCount","operator":"notIn","values":[3,4]}]}
SELECT
    url_path AS c0,
    count() AS c1
FROM events
WHERE
    site = {p0:UInt32} AND
    timestamp >= fromUnixTimestamp64Milli({p1:Int64}, 'UTC') AND
    timestamp < fromUnixTimestamp64Milli({p2:Int64}, 'UTC') AND
    indexHint(toStartOfHour(timestamp) >= toDateTime({p3:UInt32}, 'UTC') AND toStartOfHour(timestamp) <= toDateTime({p4:UInt32}, 'UTC'))
GROUP BY
    c0
HAVING
    uniqExact(visitor) >= {p5:Float64} AND
    count() NOT IN {p6:Array(Float64)}
ORDER BY
    c1 DESC,
    c0
LIMIT 1000
-- p0 = 7
-- p1 = 1769774400000
-- p2 = 1772366400000
-- p3 = 1769774400
-- p4 = 1772366400
-- p5 = 2.0
-- p6 = [3.0, 4.0]
