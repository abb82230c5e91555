"""Parts that all commands share: a command line made from a dataclass, figures, tables, pages."""
