"""Commands that use a trained generator: faces, avatars, walks, and the search for a z."""
