"""What every app may use: ids, clock, hashing, refusals. Imports no app."""
