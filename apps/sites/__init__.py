"""What is measured: documentation sites and their ingest policy."""
