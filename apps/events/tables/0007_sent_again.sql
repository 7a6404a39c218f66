-- An insert that is sent again, since no answer came, is stored once: the table remembers the last ones by their token.
ALTER TABLE events MODIFY SETTING non_replicated_deduplication_window = 1000;
