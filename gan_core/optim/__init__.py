"""How a gradient changes the parameters: optimizers, and schedules of their learning rates."""

import functools

import gan_core

__getattr__ = functools.partial(gan_core._file_of, __name__)
