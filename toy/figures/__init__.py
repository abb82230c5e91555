"""The figures of the toy chapters."""
