"""Helpers that belong to one chapter each."""
