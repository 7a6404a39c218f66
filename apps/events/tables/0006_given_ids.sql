-- The greatest id at each removal of events: what comes later gets greater ids, also where no event is left to tell.
CREATE TABLE IF NOT EXISTS given_ids
(
    id SimpleAggregateFunction(max, UInt64)
)
ENGINE = AggregatingMergeTree
ORDER BY tuple()
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
