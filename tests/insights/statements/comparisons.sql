-- {"range":{"from":"2026-01-01T00:00:00.0005Z","to":"2026-02-01T00:00:00Z"},"where":[{"column":"datetime","operator":"greaterThan","values":["2026-01-05T00:00:00Z"]},{"column":"eventAskResponseRating","operator":"lessThan","values":[1]}]}
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
    toUnixTimestamp64Milli(timestamp) > {p5:Int64} AND
    (toInt64(ask_rating) < {p6:Int64} AND NOT toInt64(ask_rating) = 0)
LIMIT 1000
-- p0 = 7
-- p1 = 1767225600001
-- p2 = 1769904000000
-- p3 = 1767225600
-- p4 = 1769904000
-- p5 = 1767571200000
-- p6 = 1
