"""Questions: the catalog of columns, typed queries, their compiler and their results. No HTTP, no settings."""
