-- {"range":"last30Days","groupBy":[{"column":"visitorClaim","claim":"plan"},{"column":"visitorClaimProperty"}],"where":[{"column":"visitorClaim","claim":"role","values":["admin",null]}]}
SELECT
    arrayJoin(if(empty(claims[{p0:String}]), [''], claims[{p0:String}])) AS c0,
    arrayJoin(arrayMap(path -> toString(path), mapKeys(claims))) AS c1,
    count() AS c2,
    uniqExact(visitor) AS c3,
    uniqExact(session) AS c4
FROM events
WHERE
    site = {p1:UInt32} AND
    timestamp >= fromUnixTimestamp64Milli({p2:Int64}, 'UTC') AND
    timestamp < fromUnixTimestamp64Milli({p3:Int64}, 'UTC') AND
    indexHint(toStartOfHour(timestamp) >= toDateTime({p4:UInt32}, 'UTC') AND toStartOfHour(timestamp) <= toDateTime({p5:UInt32}, 'UTC')) AND
    (hasAny(claims[{p6:String}], {p7:Array(String)}) OR empty(claims[{p6:String}])) AND
    notEmpty(arrayMap(path -> toString(path), mapKeys(claims)))
GROUP BY
    c0,
    c1
ORDER BY
    c2 DESC,
    c0 = '',
    c0,
    c1 = '',
    c1
LIMIT 1000
-- p0 = 'plan'
-- p1 = 7
-- p2 = 1769774400000
-- p3 = 1772366400000
-- p4 = 1769774400
-- p5 = 1772366400
-- p6 = 'role'
-- p7 = ['admin', '']
