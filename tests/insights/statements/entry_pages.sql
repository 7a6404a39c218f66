-- {"range":"last7Days","timezone":"Europe/Berlin","groupBy":[{"column":"entryPage"},{"column":"datetime","interval":"day"}],"select":[{"column":"visitsCount"},{"column":"exitPage"}],"where":[{"column":"visitorBot","values":[""]},{"column":"entryPage","operator":"notIn","values":["/"]}]}
WITH
    visits AS (
        WITH
            toInt64(toUnixTimestamp(timestamp)) AS unix,
            unix + timeZoneOffset(toTimeZone(timestamp, 'Europe/Berlin')) AS local,
            bitShiftLeft(toInt128(toUnixTimestamp64Milli(timestamp)), 64) + id AS place
        SELECT
            argMin(url_path, place) AS v0,
            argMin(intDiv(local, 86400), place) AS v1,
            argMax(url_path, place) AS v2,
            min(place) AS moment,
            count() AS views,
            max(toUnixTimestamp64Milli(timestamp)) - min(toUnixTimestamp64Milli(timestamp)) AS milliseconds,
            groupUniqArray(visitor) AS visitors
        FROM events
        WHERE
            site = {p0:UInt32} AND
            timestamp >= fromUnixTimestamp64Milli({p1:Int64}, 'UTC') AND
            timestamp < fromUnixTimestamp64Milli({p2:Int64}, 'UTC') AND
            indexHint(toStartOfHour(timestamp) >= toDateTime({p3:UInt32}, 'UTC') AND toStartOfHour(timestamp) <= toDateTime({p4:UInt32}, 'UTC')) AND
            (bot IN {p5:Array(String)}) AND
            event_type = 'page_view'
        GROUP BY session
    )
SELECT
    v0 AS c0,
    v1 AS c1,
    count() AS c2,
    argMax(tuple(v2), moment).1 AS c3
FROM visits
WHERE
    NOT (v0 IN {p6:Array(String)})
GROUP BY
    c0,
    c1
ORDER BY
    c1,
    c0
LIMIT 1000
-- p0 = 7
-- p1 = 1771761600000
-- p2 = 1772366400000
-- p3 = 1771761600
-- p4 = 1772366400
-- p5 = ['']
-- p6 = ['/']
