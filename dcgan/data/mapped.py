"""Faces in a file that is larger than the memory: what was read does not pile up there.

A page of a mapped file counts as memory of the process once it was read, until the system needs
its room. After one pass over a million faces the process would seem to hold all 12 GB of them. One
face may bring 2 MB with it, because systems map large pages where they can.
"""

from __future__ import annotations

import mmap

import numpy as np

AT_A_TIME = 16  # faces that are read before their pages are given back


def take(images: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """images[rows], an array in memory; of a file no more than a few faces' pages stay mapped.

    Args:
        images: [N, ...], in memory or a window on a file.
        rows: indices [M].

    Returns:
        [M, ...].

    Example:
        >>> take(np.array([10, 11, 12]), np.array([2, 0]))
        array([12, 10])
    """
    if not isinstance(images, np.memmap):
        return images[rows]
    taken = np.empty([len(rows), *images.shape[1:]], images.dtype)
    for start in range(0, len(rows), AT_A_TIME):
        stop = start + AT_A_TIME
        taken[start:stop] = images[rows[start:stop]]
        let_go(images)
    return taken


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
