-- {"range":"last7Days","where":[{"column":"hourOfDay","operator":"lessThanOrEqual","values":[8]}]}
WITH
    toInt64(toUnixTimestamp(timestamp)) AS unix,
    unix AS local
SELECT
    count() AS c0,
    uniqExact(visitor) AS c1,
    uniqExact(session) AS c2
FROM events
WHERE
    site = {p0:UInt32} AND
    timestamp >= fromUnixTimestamp64Milli({p1:Int64}, 'UTC') AND
    timestamp < fromUnixTimestamp64Milli({p2:Int64}, 'UTC') AND
    indexHint(toStartOfHour(timestamp) >= toDateTime({p3:UInt32}, 'UTC') AND toStartOfHour(timestamp) <= toDateTime({p4:UInt32}, 'UTC')) AND
    intDiv(local, 3600) % 24 <= {p5:Int64}
LIMIT 1000
-- p0 = 7
-- p1 = 1771761600000
-- p2 = 1772366400000
-- p3 = 1771761600
-- p4 = 1772366400
-- p5 = 8
