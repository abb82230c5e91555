"""How a round is compiled, and how several devices or processes share it."""
