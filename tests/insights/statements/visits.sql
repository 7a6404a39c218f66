-- {"range":"last30Days","select":[{"column":"visitsCount"},{"column":"singleViewVisitsCount"},{"column":"viewsPerVisit"},{"column":"visitSeconds"},{"column":"eventsCount"},{"column":"visitorsCount"},{"column":"sessionsCount"}]}
WITH
    visits AS (
        WITH
            bitShiftLeft(toInt128(toUnixTimestamp64Milli(timestamp)), 64) + id AS place
        SELECT
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
            event_type = 'page_view'
        GROUP BY session
    )
SELECT
    count() AS c0,
    countIf(views = 1) AS c1,
    intDivOrZero(20000 * sum(views) + count(), 2 * count()) / 10000 AS c2,
    intDivOrZero(2 * sum(milliseconds) + count(), 2 * count()) / 1000 AS c3,
    sum(views) AS c4,
    uniqExactArray(visitors) AS c5,
    count() AS c6
FROM visits
LIMIT 1000
-- p0 = 7
-- p1 = 1769774400000
-- p2 = 1772366400000
-- p3 = 1769774400
-- p4 = 1772366400
