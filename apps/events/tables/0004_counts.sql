-- Prepared counts in the order in which questions read them: one value's periods lie together, in small granules,
-- and whole months of all values are skipped by partition. What was counted before is counted again.
DROP TABLE IF EXISTS rollups;

CREATE TABLE rollups
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
ENGINE = MergeTree
PARTITION BY toYYYYMM(start)
ORDER BY (site, dimension, level, event_type, start, fill, bot, display_context)
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1;
