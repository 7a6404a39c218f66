-- {"range":"last7Days","groupBy":[{"column":"urlPath"}],"select":[{"column":"datetime"},{"column":"visitorClaim","claim":"plan"},{"column":"eventsCount"}]}
SELECT
    url_path AS c0,
    argMax(tuple(toUnixTimestamp64Milli(timestamp)), (timestamp, id)).1 AS c1,
    argMax(tuple(arraySort(claims[{p0:String}])[1]), (timestamp, id)).1 AS c2,
    count() AS c3
FROM events
WHERE
    site = {p1:UInt32} AND
    timestamp >= fromUnixTimestamp64Milli({p2:Int64}, 'UTC') AND
    timestamp < fromUnixTimestamp64Milli({p3:Int64}, 'UTC') AND
    indexHint(toStartOfHour(timestamp) >= toDateTime({p4:UInt32}, 'UTC') AND toStartOfHour(timestamp) <= toDateTime({p5:UInt32}, 'UTC'))
GROUP BY
    c0
ORDER BY
    c3 DESC,
    c0
LIMIT 1000
-- p0 = 'plan'
-- p1 = 7
-- p2 = 1771761600000
-- p3 = 1772366400000
-- p4 = 1771761600
-- p5 = 1772366400
