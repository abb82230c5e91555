"""How measurements are made: contestants in turn, separate processes, rows and ratios."""
