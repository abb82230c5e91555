"""The documents of the project, and the programs that build the book from its chapters."""
