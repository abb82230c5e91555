"""What the process that kernels are forked from imports; it computes nothing.

Importing this takes seconds, and what TensorFlow says meanwhile is dropped.
"""

from docs.book import forked_kernel

with forked_kernel.silence(forked_kernel.STDERR):
    import ipykernel.kernelapp  # noqa: F401
    import IPython  # noqa: F401
    import matplotlib.pyplot  # noqa: F401
    import seaborn  # noqa: F401
    import tensorflow  # noqa: F401
    import tyro  # noqa: F401
