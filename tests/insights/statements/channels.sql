-- {"range": "last7Days", "groupBy": [{"column": "referrerChannel"}], "select": [{"column": "visitorsCount"}], "where": [{"column": "referrerChannel", "operator": "notIn", "values": ["internal"]}]}
WITH
    lower(replaceRegexpAll(utm_medium, '^[ \\t\\n\\r\\f\\v]+|[ \\t\\n\\r\\f\\v]+$', '')) AS medium,
    multiIf(referrer_domain != '' AND referrer_domain = lowerUTF8(if(domain(url) = '', extract(url, {p0:String}), domain(url))), 'internal', match(medium, {p1:String}), 'paid', medium IN {p2:Array(String)}, 'email', medium IN {p3:Array(String)}, 'social', medium IN {p4:Array(String)}, 'search', referrer_domain = '', 'direct', match(referrer_domain, {p5:String}), 'email', match(referrer_domain, {p6:String}), 'ai', match(referrer_domain, {p7:String}), 'email', match(referrer_domain, {p8:String}), 'social', match(referrer_domain, {p9:String}), 'search', match(referrer_domain, {p10:String}), 'search', 'referral') AS channel
SELECT
    channel AS c0,
    uniqExact(visitor) AS c1
FROM events
WHERE
    site = {p11:UInt32} AND
    timestamp >= fromUnixTimestamp64Milli({p12:Int64}, 'UTC') AND
    timestamp < fromUnixTimestamp64Milli({p13:Int64}, 'UTC') AND
    indexHint(toStartOfHour(timestamp) >= toDateTime({p14:UInt32}, 'UTC') AND toStartOfHour(timestamp) <= toDateTime({p15:UInt32}, 'UTC')) AND
    NOT (channel IN {p16:Array(String)})
GROUP BY
    c0
ORDER BY
    c1 DESC,
    c0
LIMIT 1000
-- p0 = '^(?i:https?)://(?:[^/?#\\\\@]*@)?(\\[[0-9A-Fa-f:.]+\\]|[^/?#@\\\\:]+)'
-- p1 = '^(?:(?s:cp[a-z]|ppc|retargeting|paid.*|ads?|display|banner|sponsor.*))$'
-- p2 = ['email', 'e-mail', 'mail', 'newsletter']
-- p3 = ['social', 'social-media', 'social_media', 'social-network', 'sm']
-- p4 = ['organic']
-- p5 = '^(?:(?s:.*\\.)?(?:mail\\.aol\\.com))$'
-- p6 = '^(?:(?s:.*\\.)?(?:chatgpt\\.com|chat\\.openai\\.com|perplexity\\.ai|claude\\.ai|gemini\\.google\\.com|bard\\.google\\.com|copilot\\.microsoft\\.com|copilot\\.com|grok\\.com|chat\\.mistral\\.ai|chat\\.deepseek\\.com|you\\.com|meta\\.ai|poe\\.com|phind\\.com|notebooklm\\.google\\.com|aistudio\\.google\\.com))$'
-- p7 = '^(?:(?s:.*\\.)?(?:mail\\.google\\.com|com\\.google\\.android\\.gm|outlook\\.live\\.com|outlook\\.office\\.com|outlook\\.office365\\.com|mail\\.yahoo\\.com|mail\\.proton\\.me|mail\\.yandex\\.ru|app\\.fastmail\\.com|mail\\.zoho\\.com|mail\\.ru|com\\.microsoft\\.office\\.outlook))$'
-- p8 = '^(?:(?s:.*\\.)?(?:facebook\\.com|fb\\.com|fb\\.me|messenger\\.com|instagram\\.com|threads\\.net|threads\\.com|twitter\\.com|x\\.com|t\\.co|linkedin\\.com|lnkd\\.in|reddit\\.com|com\\.reddit\\.frontpage|youtube\\.com|youtu\\.be|news\\.ycombinator\\.com|lobste\\.rs|mastodon\\.social|fosstodon\\.org|hachyderm\\.io|bsky\\.app|pinterest\\.com|tiktok\\.com|discord\\.com|t\\.me|telegram\\.org|org\\.telegram\\.messenger|whatsapp\\.com|vk\\.com|weibo\\.com|zhihu\\.com|quora\\.com|tumblr\\.com|snapchat\\.com|xing\\.com|com\\.facebook\\.katana|com\\.twitter\\.android|com\\.linkedin\\.android|com\\.slack|slack\\.com|dev\\.to))$'
-- p9 = '^(?:(?s:.*\\.)?(?:com\\.google\\.android\\.googlequicksearchbox|bing\\.com|duckduckgo\\.com|ecosia\\.org|qwant\\.com|startpage\\.com|search\\.brave\\.com|kagi\\.com|baidu\\.com|sogou\\.com|so\\.com|naver\\.com|daum\\.net|seznam\\.cz|swisscows\\.com|mojeek\\.com|ask\\.com|aol\\.com|search\\.marginalia\\.nu|sm\\.cn))$'
-- p10 = '^(?:(?:www\\.|m\\.)?google\\.(?:com|[a-z]{2}|com?\\.[a-z]{2})|(?s:.+\\.)?(?:yahoo|yandex)\\.(?:com|[a-z]{2}|com?\\.[a-z]{2}))$'
-- p11 = 7
-- p12 = 1771761600000
-- p13 = 1772366400000
-- p14 = 1771761600
-- p15 = 1772366400
-- p16 = ['internal']
