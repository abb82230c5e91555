"""Evidence for and against a generator: controls, factors and their coverage."""
