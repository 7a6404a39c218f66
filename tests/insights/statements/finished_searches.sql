-- {"range":"last7Days","groupBy":[{"column":"finishedSearchQuery"}],"select":[{"column":"searchRunsCount"},{"column":"clickedSearchRunsCount"}],"where":[{"column":"unclickedSearchRunsCount","operator":"greaterThan","values":[0]}]}
WITH
    searching AS (
        WITH
            replaceRegexpAll(query, '^[\\s\\v\\p{Z}]+|[\\s\\v\\p{Z}]+$', '') AS trimmed,
            bitShiftLeft(toInt128(toUnixTimestamp64Milli(timestamp)), 64) + id AS place
        SELECT
            session,
            visitor,
            timestamp,
            place,
            trimmed AS v0,
            event_type = 'search_type_query' AS is_typed,
            lowerUTF8(trimmed) AS text
        FROM events
        WHERE
            site = {p0:UInt32} AND
            timestamp >= fromUnixTimestamp64Milli({p1:Int64}, 'UTC') AND
            timestamp < fromUnixTimestamp64Milli({p2:Int64}, 'UTC') AND
            indexHint(toStartOfHour(timestamp) >= toDateTime({p3:UInt32}, 'UTC') AND toStartOfHour(timestamp) <= toDateTime({p4:UInt32}, 'UTC')) AND
            event_type IN ('search_type_query', 'search_open_result') AND
            (event_type = 'search_open_result' OR text != '')
    ),
    turns AS (
        SELECT
            *,
            is_typed AND NOT (
                lagInFrame(is_typed) OVER turn
                AND dateDiff('millisecond', lagInFrame(timestamp) OVER turn, timestamp) <= 30000
                AND (startsWith(text, lagInFrame(text) OVER turn) OR startsWith(lagInFrame(text) OVER turn, text))
            ) AS begins
        FROM searching
        WINDOW turn AS (PARTITION BY session ORDER BY place)
    ),
    runs AS (
        SELECT
            *,
            sum(begins) OVER (PARTITION BY session ORDER BY place) AS run
        FROM turns
    ),
    searches AS (
        SELECT
            session,
            argMaxIf(v0, place, is_typed OR run = 0) AS v0,
            maxIf(place, is_typed OR run = 0) AS moment,
            countIf(is_typed) AS typed,
            countIf(NOT is_typed) > 0 AS clicked,
            groupUniqArray(visitor) AS visitors
        FROM runs
        WHERE run > 0 OR text != ''
        GROUP BY session, run, if(run = 0, text, '')
    )
SELECT
    v0 AS c0,
    count() AS c1,
    countIf(clicked) AS c2
FROM searches
GROUP BY
    c0
HAVING
    countIf(NOT clicked) > {p5:Float64}
ORDER BY
    c1 DESC,
    c0
LIMIT 1000
-- p0 = 7
-- p1 = 1771761600000
-- p2 = 1772366400000
-- p3 = 1771761600
-- p4 = 1772366400
-- p5 = 0.0
