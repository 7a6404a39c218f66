"""Sets of visitors that share the same claims: saved by owners, or detected in the events."""
