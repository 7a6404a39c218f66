-- {"range":"last24Hours","timezone":"Australia/Lord_Howe","groupBy":[{"column":"datetime","interval":"hour"}]}
WITH
    toInt64(toUnixTimestamp(timestamp)) AS unix,
    unix + timeZoneOffset(toTimeZone(timestamp, 'Australia/Lord_Howe')) AS local
SELECT
    (unix - local % 3600) * 2 + (timeZoneOffset(toDateTime(unix - local % 3600, 'Australia/Lord_Howe')) != local - unix) AS c0,
    count() AS c1,
    uniqExact(visitor) AS c2,
    uniqExact(session) AS c3
FROM events
WHERE
    site = {p0:UInt32} AND
    timestamp >= fromUnixTimestamp64Milli({p1:Int64}, 'UTC') AND
    timestamp < fromUnixTimestamp64Milli({p2:Int64}, 'UTC') AND
    indexHint(toStartOfHour(timestamp) >= toDateTime({p3:UInt32}, 'UTC') AND toStartOfHour(timestamp) <= toDateTime({p4:UInt32}, 'UTC'))
GROUP BY
    c0
ORDER BY
    c0
LIMIT 1000
-- p0 = 7
-- p1 = 1772280000000
-- p2 = 1772366400000
-- p3 = 1772280000
-- p4 = 1772366400
