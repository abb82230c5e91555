"""The real faces with which generated ones are compared, and those that give the floor."""

from __future__ import annotations

import dataclasses

import numpy as np

from dcgan.data import mapped, pixels
from gan_core import rng


@dataclasses.dataclass(frozen=True)
class RealSets:
    """Two sets of as many real faces, uint8 [n, S, S, 3] each."""

    reference: np.ndarray
    """held out of training: what generated faces are held against"""
    others: np.ndarray
    """further real ones: measured as if they were generated, they give the floor"""


def choose(
    images: np.ndarray,
    learnt: np.ndarray,
    aside: np.ndarray,
    *,
    n: int,
    seed: int,
    mirrored: bool,
) -> RealSets:
    """Take n of the held-out faces, and n of those that were learnt from for the floor.

    Too few are held out to be divided, so the floor's faces are faces that were learnt from. To
    the measures they are further real faces. Both sets are random ones, because files are often
    named in the order of years.

    Args:
        images: uint8 [N, S, S, 3], all real faces.
        learnt: indices of those that were learnt from, as `faces.split` gives them.
        aside: indices of those that were held out.
        n: faces in each set, at most; fewer where there are fewer.
        seed: the seed of the choice.
        mirrored: whether training mirrored faces at random. Then half of these faces are
            mirrored too: the generator is asked for both.

    Returns:
        The two sets.
    """
    n = min(n, len(aside), len(learnt))
    sets = RealSets(
        reference=mapped.take(images, aside[_order(len(aside), seed, "held aside")[:n]]),
        others=mapped.take(images, learnt[_order(len(learnt), seed, "floor")[:n]]),
    )
    return mirror_both(sets, seed) if mirrored else sets


def mirror_both(sets: RealSets, seed: int) -> RealSets:
    """The same faces, about half of each set mirrored."""
    return RealSets(
        reference=mirror_half(sets.reference, seed=seed),
        others=mirror_half(sets.others, seed=seed + 1),
    )


def _order(n: int, seed: int, purpose: str) -> np.ndarray:
    """A random order of n faces, int64 [n]."""
    return rng.permutation(n, rng.seed(seed, f"judge, {purpose}")).numpy()


def mirror_half(images: np.ndarray, *, seed: int) -> np.ndarray:
    """Each image mirrored with probability 1/2: what training with flips takes for real.

    Args:
        images: uint8 [n, S, S, 3].
        seed: the seed of the choice.

    Returns:
        uint8 [n, S, S, 3].
    """
    return pixels.mirrored_at_random(images, rng.seed(seed, "mirrored to judge by")).numpy()
