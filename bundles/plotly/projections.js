// In place of d3-geo-projection: what d3-geo projects by itself ("natural earth1", "equal earth", …) is enough.

export {};
