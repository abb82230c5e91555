"""How good a generator's faces are: measures beside real faces, factors and their coverage."""
