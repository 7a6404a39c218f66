"""Ways of drawing an answer, one module each: what it asks, and what table and figure become of it."""
