"""How a measurement is taken: contestants in turn, processes of their own, rows and ratios."""
