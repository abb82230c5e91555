"""Faces in a file that is larger than the memory: what was read does not pile up there.

A page of a mapped file counts as memory of the process once it was read, until the system needs
its room. After one pass over a million faces the process would seem to hold all 12 GB of them.
"""

from __future__ import annotations

import mmap

import numpy as np


def let_go(images: np.ndarray) -> None:
    """Give back the pages of a mapped file that were read. They are read again when asked for.

    The system still keeps what it has room for, so reading again seldom means the disk. Nothing
    happens to an array in memory, to a file that may be written through the array, and on a system
    without `madvise` (Windows).

    Args:
        images: any array; all of its file's pages are given back.

    Example:
        >>> let_go(np.zeros([3, 4, 4, 3], np.uint8))
    """
    if not isinstance(images, np.memmap) or images.mode != "r":
        return
    pages = images._mmap  # of the file, whichever part of it the array shows
    if pages is not None and hasattr(mmap, "MADV_DONTNEED"):
        pages.madvise(mmap.MADV_DONTNEED)
