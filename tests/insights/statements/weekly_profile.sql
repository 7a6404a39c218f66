-- {"range":"last3Months","groupBy":[{"column":"dayOfWeek"},{"column":"hourOfDay"}],"select":[{"column":"sessionsCount"}]}
WITH
    toInt64(toUnixTimestamp(timestamp)) AS unix,
    unix AS local
SELECT
    (intDiv(local, 86400) + 3) % 7 + 1 AS c0,
    intDiv(local, 3600) % 24 AS c1,
    uniqExact(session) AS c2
FROM events
WHERE
    site = {p0:UInt32} AND
    timestamp >= fromUnixTimestamp64Milli({p1:Int64}, 'UTC') AND
    timestamp < fromUnixTimestamp64Milli({p2:Int64}, 'UTC') AND
    indexHint(toStartOfHour(timestamp) >= toDateTime({p3:UInt32}, 'UTC') AND toStartOfHour(timestamp) <= toDateTime({p4:UInt32}, 'UTC'))
GROUP BY
    c0,
    c1
ORDER BY
    c2 DESC,
    c0,
    c1
LIMIT 1000
-- p0 = 7
-- p1 = 1764590400000
-- p2 = 1772366400000
-- p3 = 1764590400
-- p4 = 1772366400
