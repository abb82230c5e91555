"""Layers, and the networks that are made of them."""

import functools

import gan_core

__getattr__ = functools.partial(gan_core._file_of, __name__)
