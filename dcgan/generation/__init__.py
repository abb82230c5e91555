"""A trained generator at work: faces, avatars and walks, written to disk."""
