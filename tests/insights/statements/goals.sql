-- {"range":"last7Days","groupBy":[{"column":"askGoal"}],"select":[{"column":"eventsCount"},{"column":"pathsCount"}],"where":[{"column":"askGoal","operator":"notIn","values":[""]}]}
SELECT
    goal AS c0,
    count() AS c1,
    uniqExact(url_path) AS c2
FROM events
WHERE
    site = {p0:UInt32} AND
    timestamp >= fromUnixTimestamp64Milli({p1:Int64}, 'UTC') AND
    timestamp < fromUnixTimestamp64Milli({p2:Int64}, 'UTC') AND
    indexHint(toStartOfHour(timestamp) >= toDateTime({p3:UInt32}, 'UTC') AND toStartOfHour(timestamp) <= toDateTime({p4:UInt32}, 'UTC')) AND
    NOT (goal IN {p5:Array(String)})
GROUP BY
    c0
ORDER BY
    c1 DESC,
    c0 = '',
    c0
LIMIT 1000
-- p0 = 7
-- p1 = 1771761600000
-- p2 = 1772366400000
-- p3 = 1771761600
-- p4 = 1772366400
-- p5 = ['']
