-- {"range":"lastYear","groupBy":[{"column":"datetime","interval":"month"}],"select":[{"column":"visitorsCount"}]}
WITH
    toInt64(toUnixTimestamp(timestamp)) AS unix,
    unix AS local
SELECT
    toInt64(toYear(toDate32(intDiv(local, 86400)))) * 12 + toMonth(toDate32(intDiv(local, 86400))) - 1 AS c0,
    uniqExact(visitor) AS c1
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
-- p1 = 1740830400000
-- p2 = 1772366400000
-- p3 = 1740830400
-- p4 = 1772366400
