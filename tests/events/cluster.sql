-- 0001_events.sql

CREATE TABLE IF NOT EXISTS events_local ON CLUSTER 'insights'
(
    site UInt32 CODEC(ZSTD(1)),
    timestamp DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    id UInt64 CODEC(Delta, ZSTD(1)),
    batch UInt64,
    received DateTime('UTC') CODEC(ZSTD(1)),
    event_type LowCardinality(String),
    visitor UInt64,
    session UInt64,
    url String CODEC(ZSTD(3)),
    url_path String CODEC(ZSTD(3)),
    display_context LowCardinality(String),
    site_section LowCardinality(String),
    site_space LowCardinality(String),
    site_share_key LowCardinality(String),
    space LowCardinality(String),
    revision LowCardinality(String),
    page LowCardinality(String),
    country LowCardinality(String),
    latitude Nullable(Float64),
    longitude Nullable(Float64),
    device LowCardinality(String),
    browser LowCardinality(String),
    os LowCardinality(String),
    bot LowCardinality(String),
    language LowCardinality(String),
    authenticated Nullable(Bool),
    claims Map(LowCardinality(String), Array(String)),
    claims_json String CODEC(ZSTD(3)),
    link_kind LowCardinality(String),
    link_target String CODEC(ZSTD(3)),
    link_domain LowCardinality(String),
    link_position LowCardinality(String),
    api_path LowCardinality(String),
    api_method LowCardinality(String),
    llms_variant LowCardinality(String),
    markdown_source LowCardinality(String),
    not_found_type LowCardinality(String),
    query String CODEC(ZSTD(3)),
    goal String CODEC(ZSTD(3)),
    response_id String CODEC(ZSTD(3)),
    result_record String CODEC(ZSTD(3)),
    result_space LowCardinality(String),
    result_page LowCardinality(String),
    feedback_rating LowCardinality(String),
    feedback_comment String CODEC(ZSTD(3)),
    ask_rating Int8,
    referrer String CODEC(ZSTD(3)),
    referrer_domain LowCardinality(String),
    utm_source LowCardinality(String),
    utm_medium LowCardinality(String),
    utm_campaign LowCardinality(String),
    utm_term LowCardinality(String),
    utm_content LowCardinality(String),
    ad_domain LowCardinality(String),
    ad_zone LowCardinality(String),
    ad_placement LowCardinality(String),
    trademark_placement LowCardinality(String)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{database}/{table}/{shard}', '{replica}')
PARTITION BY toYYYYMM(received)
ORDER BY (site, toStartOfHour(timestamp), event_type, timestamp, id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS events ON CLUSTER 'insights' AS events_local ENGINE = Distributed('insights', currentDatabase(), 'events_local', cityHash64(site, visitor));

-- 0002_rollups.sql

CREATE TABLE IF NOT EXISTS visitor_numbers_local ON CLUSTER 'insights'
(
    site UInt32 CODEC(ZSTD(1)),
    hash UInt64,
    number UInt32
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{database}/{table}/{shard}', '{replica}')
ORDER BY (site, hash)
SETTINGS index_granularity = 512, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS visitor_numbers ON CLUSTER 'insights' AS visitor_numbers_local ENGINE = Distributed('insights', currentDatabase(), 'visitor_numbers_local', cityHash64(site, hash));

CREATE TABLE IF NOT EXISTS session_numbers_local ON CLUSTER 'insights'
(
    site UInt32 CODEC(ZSTD(1)),
    hash UInt64,
    number UInt32
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{database}/{table}/{shard}', '{replica}')
ORDER BY (site, hash)
SETTINGS index_granularity = 512, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS session_numbers ON CLUSTER 'insights' AS session_numbers_local ENGINE = Distributed('insights', currentDatabase(), 'session_numbers_local', cityHash64(site, hash));

CREATE TABLE IF NOT EXISTS rollups_local ON CLUSTER 'insights'
(
    site UInt32 CODEC(ZSTD(1)),
    dimension LowCardinality(String),
    level Enum8('hour' = 1, 'day' = 2, 'month' = 3),
    start DateTime('UTC'),
    fill UInt64,
    event_type LowCardinality(String),
    bot LowCardinality(String),
    display_context LowCardinality(String),
    value String,
    second_value String,
    events UInt64,
    visitors AggregateFunction(groupBitmap, UInt32),
    sessions AggregateFunction(groupBitmap, UInt32)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{database}/{table}/{shard}', '{replica}')
ORDER BY (site, dimension, level, start, fill, event_type, bot, display_context)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS rollups ON CLUSTER 'insights' AS rollups_local ENGINE = Distributed('insights', currentDatabase(), 'rollups_local', cityHash64(site));

-- 0003_arrival_index.sql

ALTER TABLE events_local ON CLUSTER 'insights' ADD INDEX IF NOT EXISTS arrival id TYPE minmax GRANULARITY 1;

ALTER TABLE events_local ON CLUSTER 'insights' MATERIALIZE INDEX arrival;

-- 0004_counts.sql

DROP TABLE IF EXISTS rollups ON CLUSTER 'insights' SYNC;

DROP TABLE IF EXISTS rollups_local ON CLUSTER 'insights' SYNC;

CREATE TABLE rollups_local ON CLUSTER 'insights'
(
    site UInt32 CODEC(ZSTD(1)),
    dimension LowCardinality(String),
    level Enum8('hour' = 1, 'day' = 2, 'month' = 3),
    start DateTime('UTC') CODEC(ZSTD(1)),
    fill UInt64 CODEC(ZSTD(1)),
    event_type LowCardinality(String),
    bot LowCardinality(String),
    display_context LowCardinality(String),
    value String CODEC(ZSTD(1)),
    second_value String CODEC(ZSTD(1)),
    events UInt64 CODEC(ZSTD(1)),
    visitors AggregateFunction(groupBitmap, UInt32) CODEC(ZSTD(1)),
    sessions AggregateFunction(groupBitmap, UInt32) CODEC(ZSTD(1))
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{database}/{table}/{shard}', '{replica}')
PARTITION BY toYYYYMM(start)
ORDER BY (site, dimension, level, event_type, start, fill, bot, display_context)
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE rollups ON CLUSTER 'insights' AS rollups_local ENGINE = Distributed('insights', currentDatabase(), 'rollups_local', cityHash64(site));

-- 0005_shared_counts.sql

DROP TABLE IF EXISTS rollups ON CLUSTER 'insights' SYNC;

DROP TABLE IF EXISTS rollups_local ON CLUSTER 'insights' SYNC;

CREATE TABLE rollups_local ON CLUSTER 'insights'
(
    site UInt32 CODEC(ZSTD(1)),
    dimension LowCardinality(String),
    level Enum8('hour' = 1, 'day' = 2, 'month' = 3),
    start DateTime('UTC') CODEC(ZSTD(1)),
    fill UInt64 CODEC(ZSTD(1)),
    event_type LowCardinality(String),
    bot LowCardinality(String),
    display_context LowCardinality(String),
    value String CODEC(ZSTD(3)),
    second_value String CODEC(ZSTD(3)),
    present UInt32 CODEC(ZSTD(1)),
    events UInt64 CODEC(ZSTD(1)),
    visitors AggregateFunction(groupBitmap, UInt32) CODEC(ZSTD(5)),
    sessions AggregateFunction(groupBitmap, UInt32) CODEC(ZSTD(5))
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{database}/{table}/{shard}', '{replica}')
PARTITION BY toYYYYMM(start)
ORDER BY (site, dimension, level, event_type, start, bot, value, second_value, fill, display_context)
SETTINGS index_granularity = 8192, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE rollups ON CLUSTER 'insights' AS rollups_local ENGINE = Distributed('insights', currentDatabase(), 'rollups_local', cityHash64(site));

-- 0006_given_ids.sql

CREATE TABLE IF NOT EXISTS given_ids_local ON CLUSTER 'insights'
(
    id SimpleAggregateFunction(max, UInt64)
)
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/{database}/{table}/{shard}', '{replica}')
ORDER BY tuple()
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS given_ids ON CLUSTER 'insights' AS given_ids_local ENGINE = Distributed('insights', currentDatabase(), 'given_ids_local', 0);

-- 0007_sent_again.sql

ALTER TABLE events_local ON CLUSTER 'insights' MODIFY SETTING non_replicated_deduplication_window = 1000;

-- events of a file that some shards have already

INSERT INTO events (`site`, `timestamp`, `id`, `batch`, `received`, `event_type`, `visitor`, `session`, `url`, `url_path`, `display_context`, `site_section`, `site_space`, `site_share_key`, `space`, `revision`, `page`, `country`, `latitude`, `longitude`, `device`, `browser`, `os`, `bot`, `language`, `authenticated`, `claims`, `claims_json`, `link_kind`, `link_target`, `link_domain`, `link_position`, `api_path`, `api_method`, `llms_variant`, `markdown_source`, `not_found_type`, `query`, `goal`, `response_id`, `result_record`, `result_space`, `result_page`, `feedback_rating`, `feedback_comment`, `ask_rating`, `referrer`, `referrer_domain`, `utm_source`, `utm_medium`, `utm_campaign`, `utm_term`, `utm_content`, `ad_domain`, `ad_zone`, `ad_placement`, `trademark_placement`) SELECT `site`, `timestamp`, `id`, `batch`, `received`, `event_type`, `visitor`, `session`, `url`, `url_path`, `display_context`, `site_section`, `site_space`, `site_share_key`, `space`, `revision`, `page`, `country`, `latitude`, `longitude`, `device`, `browser`, `os`, `bot`, `language`, `authenticated`, `claims`, `claims_json`, `link_kind`, `link_target`, `link_domain`, `link_position`, `api_path`, `api_method`, `llms_variant`, `markdown_source`, `not_found_type`, `query`, `goal`, `response_id`, `result_record`, `result_space`, `result_page`, `feedback_rating`, `feedback_comment`, `ask_rating`, `referrer`, `referrer_domain`, `utm_source`, `utm_medium`, `utm_campaign`, `utm_term`, `utm_content`, `ad_domain`, `ad_zone`, `ad_placement`, `trademark_placement` FROM input('`site` UInt32, `timestamp` DateTime64(3, \'UTC\'), `id` UInt64, `batch` UInt64, `received` DateTime(\'UTC\'), `event_type` LowCardinality(String), `visitor` UInt64, `session` UInt64, `url` String, `url_path` String, `display_context` LowCardinality(String), `site_section` LowCardinality(String), `site_space` LowCardinality(String), `site_share_key` LowCardinality(String), `space` LowCardinality(String), `revision` LowCardinality(String), `page` LowCardinality(String), `country` LowCardinality(String), `latitude` Nullable(Float64), `longitude` Nullable(Float64), `device` LowCardinality(String), `browser` LowCardinality(String), `os` LowCardinality(String), `bot` LowCardinality(String), `language` LowCardinality(String), `authenticated` Nullable(Bool), `claims` Map(LowCardinality(String), Array(String)), `claims_json` String, `link_kind` LowCardinality(String), `link_target` String, `link_domain` LowCardinality(String), `link_position` LowCardinality(String), `api_path` LowCardinality(String), `api_method` LowCardinality(String), `llms_variant` LowCardinality(String), `markdown_source` LowCardinality(String), `not_found_type` LowCardinality(String), `query` String, `goal` String, `response_id` String, `result_record` String, `result_space` LowCardinality(String), `result_page` LowCardinality(String), `feedback_rating` LowCardinality(String), `feedback_comment` String, `ask_rating` Int8, `referrer` String, `referrer_domain` LowCardinality(String), `utm_source` LowCardinality(String), `utm_medium` LowCardinality(String), `utm_campaign` LowCardinality(String), `utm_term` LowCardinality(String), `utm_content` LowCardinality(String), `ad_domain` LowCardinality(String), `ad_zone` LowCardinality(String), `ad_placement` LowCardinality(String), `trademark_placement` LowCardinality(String)') WHERE id NOT IN (SELECT id FROM events WHERE id > 1000 AND id <= 2000);
