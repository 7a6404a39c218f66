-- {"range":"last30Days","groupBy":[{"column":"page"}],"select":[{"column":"pageFeedbackRating"},{"column":"askResponseRating"}],"order":{"by":{"column":"pageFeedbackRating"},"direction":"desc"}}
SELECT
    if(page = '', ('', ''), (toString(page), toString(space))) AS c0,
    tuple(countIf(event_type = 'page_post_feedback' AND feedback_rating = 'ok'), countIf(event_type = 'page_post_feedback' AND feedback_rating = 'good'), countIf(event_type = 'page_post_feedback' AND feedback_rating = 'bad')) AS c1,
    tuple(countIf(ask_rating = 1), countIf(ask_rating = -1)) AS c2
FROM events
WHERE
    site = {p0:UInt32} AND
    timestamp >= fromUnixTimestamp64Milli({p1:Int64}, 'UTC') AND
    timestamp < fromUnixTimestamp64Milli({p2:Int64}, 'UTC') AND
    indexHint(toStartOfHour(timestamp) >= toDateTime({p3:UInt32}, 'UTC') AND toStartOfHour(timestamp) <= toDateTime({p4:UInt32}, 'UTC'))
GROUP BY
    c0
ORDER BY
    toInt64(c1.2) - toInt64(c1.3) DESC,
    c0.1 = '',
    c0.1,
    c0.2
LIMIT 1000
-- p0 = 7
-- p1 = 1769774400000
-- p2 = 1772366400000
-- p3 = 1769774400
-- p4 = 1772366400
