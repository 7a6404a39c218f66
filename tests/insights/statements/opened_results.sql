-- {"range":"last7Days","groupBy":[{"column":"openedResult"}],"select":[{"column":"eventsCount"}]}
SELECT
    if(result_record = '', result_page, result_record) AS c0,
    count() AS c1
FROM events
WHERE
    site = {p0:UInt32} AND
    timestamp >= fromUnixTimestamp64Milli({p1:Int64}, 'UTC') AND
    timestamp < fromUnixTimestamp64Milli({p2:Int64}, 'UTC') AND
    indexHint(toStartOfHour(timestamp) >= toDateTime({p3:UInt32}, 'UTC') AND toStartOfHour(timestamp) <= toDateTime({p4:UInt32}, 'UTC'))
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
