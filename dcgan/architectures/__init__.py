"""What is in the networks of faces: one file for each pair, and the options that all of them have.

`dcgan.networks` makes them by name.
"""
