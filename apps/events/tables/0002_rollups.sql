-- Dense numbers of a site's visitors and sessions, given when an hour is filled: bitmaps over them are small and
-- merge fast.
CREATE TABLE IF NOT EXISTS visitor_numbers
(
    site UInt32 CODEC(ZSTD(1)),
    hash UInt64,
    number UInt32
)
ENGINE = MergeTree
ORDER BY (site, hash)
SETTINGS index_granularity = 512, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS session_numbers
(
    site UInt32 CODEC(ZSTD(1)),
    hash UInt64,
    number UInt32
)
ENGINE = MergeTree
ORDER BY (site, hash)
SETTINGS index_granularity = 512, fsync_after_insert = 1, fsync_part_directory = 1;

-- Counts of closed periods. A row belongs to one filling of one period; which filling counts, the records say.
CREATE TABLE IF NOT EXISTS rollups
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
ENGINE = MergeTree
ORDER BY (site, dimension, level, start, fill, event_type, bot, display_context)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
