-- {"range":"last7Days","groupBy":[{"column":"urlPath"}],"select":[{"column":"eventsCount"},{"column":"firstSeen"},{"column":"lastSeen"}],"where":[{"column":"page","values":[null]},{"column":"pathIsNew","values":[true]},{"column":"lastSeen","operator":"greaterThanOrEqual","values":["2026-02-28T00:00:00Z"]}]}
WITH
    missing_before AS (
        SELECT url_path
        FROM events
        WHERE
            site = {p7:UInt32} AND
            timestamp < fromUnixTimestamp64Milli({p8:Int64}, 'UTC') AND
            event_type = 'page_view' AND page = '' AND display_context = 'site'
    )
SELECT
    url_path AS c0,
    count() AS c1,
    toUnixTimestamp64Milli(minOrNull(timestamp)) AS c2,
    toUnixTimestamp64Milli(maxOrNull(timestamp)) AS c3
FROM events
WHERE
    site = {p0:UInt32} AND
    timestamp >= fromUnixTimestamp64Milli({p1:Int64}, 'UTC') AND
    timestamp < fromUnixTimestamp64Milli({p2:Int64}, 'UTC') AND
    indexHint(toStartOfHour(timestamp) >= toDateTime({p3:UInt32}, 'UTC') AND toStartOfHour(timestamp) <= toDateTime({p4:UInt32}, 'UTC')) AND
    (page = '') AND
    (toInt8(url_path NOT IN missing_before) IN {p5:Array(Int8)})
GROUP BY
    c0
HAVING
    toUnixTimestamp64Milli(maxOrNull(timestamp)) >= {p6:Int64}
ORDER BY
    c1 DESC,
    c0
LIMIT 1000
-- p0 = 7
-- p1 = 1771761600000
-- p2 = 1772366400000
-- p3 = 1771761600
-- p4 = 1772366400
-- p5 = [1]
-- p6 = 1772236800000
-- p7 = 7
-- p8 = 1771761600000
