"""A run's parts: its networks, its real faces, its folder, where it starts, its best generator."""
