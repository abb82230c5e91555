"""The latent space: walks, directions and what they change."""
