-- Counts of a column are kept only where it has values: where all events of a period and its keys have none, the
-- totals say the same, and `present` tells (bit n: the column numbered n has values). What was counted before is
-- counted again.
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
    value String CODEC(ZSTD(3)),
    second_value String CODEC(ZSTD(3)),
    present UInt32 CODEC(ZSTD(1)),
    events UInt64 CODEC(ZSTD(1)),
    visitors AggregateFunction(groupBitmap, UInt32) CODEC(ZSTD(5)),
    sessions AggregateFunction(groupBitmap, UInt32) CODEC(ZSTD(5))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(start)
ORDER BY (site, dimension, level, event_type, start, bot, value, second_value, fill, display_context)
SETTINGS index_granularity = 8192, fsync_after_insert = 1, fsync_part_directory = 1;
