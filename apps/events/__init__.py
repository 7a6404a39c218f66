"""What happened: the wire schema, enrichment, the event table, its store and its writer."""
