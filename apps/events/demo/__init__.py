"""Lifelike traffic of a made-up documentation site: the same events for the same seed and moment."""
