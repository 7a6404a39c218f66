"""The published REST API under /v1, and the docs renderer's two routes."""
