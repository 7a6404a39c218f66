-- {"range":"last30Days"}
SELECT
    count() AS c0,
    uniqExact(visitor) AS c1,
    uniqExact(session) AS c2
FROM events
WHERE
    site = {p0:UInt32} AND
    timestamp >= fromUnixTimestamp64Milli({p1:Int64}, 'UTC') AND
    timestamp < fromUnixTimestamp64Milli({p2:Int64}, 'UTC') AND
    indexHint(toStartOfHour(timestamp) >= toDateTime({p3:UInt32}, 'UTC') AND toStartOfHour(timestamp) <= toDateTime({p4:UInt32}, 'UTC'))
LIMIT 1000
-- p0 = 7
-- p1 = 1769774400000
-- p2 = 1772366400000
-- p3 = 1769774400
-- p4 = 1772366400
