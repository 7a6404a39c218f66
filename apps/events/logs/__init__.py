"""Logs of web servers as a source of events: docs/logs.md."""
