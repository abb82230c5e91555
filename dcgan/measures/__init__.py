"""Numbers about a set of faces, and distances between two sets."""
