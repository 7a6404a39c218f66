-- {"range":"last30Days","groupBy":[{"column":"url"}],"select":[{"column":"url"},{"column":"datetime"},{"column":"eventsCount"},{"column":"visitorsCount"}],"where":[{"column":"eventType","values":["page_view","search_open_result"]},{"column":"page","values":[null]}]}
SELECT
    url AS c0,
    argMax(tuple(toUnixTimestamp64Milli(timestamp)), (timestamp, id)).1 AS c1,
    count() AS c2,
    uniqExact(visitor) AS c3
FROM events
WHERE
    site = {p0:UInt32} AND
    timestamp >= fromUnixTimestamp64Milli({p1:Int64}, 'UTC') AND
    timestamp < fromUnixTimestamp64Milli({p2:Int64}, 'UTC') AND
    indexHint(toStartOfHour(timestamp) >= toDateTime({p3:UInt32}, 'UTC') AND toStartOfHour(timestamp) <= toDateTime({p4:UInt32}, 'UTC')) AND
    (event_type IN {p5:Array(String)}) AND
    (page = '')
GROUP BY
    c0
ORDER BY
    c2 DESC,
    c0
LIMIT 1000
-- p0 = 7
-- p1 = 1769774400000
-- p2 = 1772366400000
-- p3 = 1769774400
-- p4 = 1772366400
-- p5 = ['page_view', 'search_open_result']
