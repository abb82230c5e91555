"""Faces that a program draws, with known factors."""
