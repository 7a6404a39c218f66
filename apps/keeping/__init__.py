"""Keeping data as long as it is wanted, and no longer: erasure, export, retention, reset."""
