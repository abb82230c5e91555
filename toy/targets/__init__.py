"""The distributions that the toy GANs learn."""
