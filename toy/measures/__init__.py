"""How well a toy GAN has learnt its target."""
