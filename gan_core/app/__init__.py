"""What every command of the project shares: a command line from a dataclass,
and the style of figures.
"""
