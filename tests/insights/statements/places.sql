-- {"range":"last30Days","groupBy":[{"column":"visitorGeoPoint","precision":3}],"order":{"by":{"column":"visitorGeoPoint","precision":3},"direction":"desc"},"where":[{"column":"visitorGeoPoint","values":[null,{"latitude":52.5,"longitude":13.3,"h3":"851f1d4bfffffff"}]}]}
SELECT
    if(isNull(latitude) OR isNull(longitude), 0, geoToH3(assumeNotNull(latitude), assumeNotNull(longitude), 3)) AS c0,
    count() AS c1,
    uniqExact(visitor) AS c2,
    uniqExact(session) AS c3
FROM events
WHERE
    site = {p0:UInt32} AND
    timestamp >= fromUnixTimestamp64Milli({p1:Int64}, 'UTC') AND
    timestamp < fromUnixTimestamp64Milli({p2:Int64}, 'UTC') AND
    indexHint(toStartOfHour(timestamp) >= toDateTime({p3:UInt32}, 'UTC') AND toStartOfHour(timestamp) <= toDateTime({p4:UInt32}, 'UTC')) AND
    (isNull(latitude) OR if(isNull(latitude) OR isNull(longitude), 0, geoToH3(assumeNotNull(latitude), assumeNotNull(longitude), 5)) IN {p5:Array(UInt64)})
GROUP BY
    c0
ORDER BY
    c0 = 0,
    h3ToGeo(if(c0 = 0, 599766999345659903, c0)).1 DESC,
    h3ToGeo(if(c0 = 0, 599766999345659903, c0)).2 DESC
LIMIT 1000
-- p0 = 7
-- p1 = 1769774400000
-- p2 = 1772366400000
-- p3 = 1769774400
-- p4 = 1772366400
-- p5 = [599526121473572863]
