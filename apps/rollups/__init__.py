"""Prepared counts: closed hours, days and months of every site, kept as exact states that questions merge."""
