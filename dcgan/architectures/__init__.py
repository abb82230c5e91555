"""The layers of the networks for faces: one file for each pair, and the options of all pairs.

`dcgan.networks` makes them by name.
"""
