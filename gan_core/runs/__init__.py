"""A training run: the loop, its folder on disk, checkpoints, and the finished generator."""

import functools

import gan_core

__getattr__ = functools.partial(gan_core._file_of, __name__)
