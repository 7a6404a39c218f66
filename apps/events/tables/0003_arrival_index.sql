-- Which granules hold late arrivals: prepared counts are complete up to an id, and what came after is read here.
ALTER TABLE events ADD INDEX IF NOT EXISTS arrival id TYPE minmax GRANULARITY 1;

ALTER TABLE events MATERIALIZE INDEX arrival;
