"""A second generator whose weights are a moving average of the weights of the first."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from gan_core import checks, rng
from gan_core.optim.schedules import as_schedule
from gan_core.protocols import Labels, Latent, Schedule

SETTLING_BLOCKS = 4  # of SETTLING_BLOCK z each
SETTLING_BLOCK = 256

# A schedule is tried at these rounds, because a compiled round cannot report a wrong value.
STEPS_TO_TRY = (0, 1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)


class ExponentialMovingAverage(tf.Module):
    """average <- decay average + (1 - decay) model, after every round.

    The players of a game circle around its equilibrium, and the average of the points of a circle
    is nearer to its centre than any of them (Yazıcı et al. 2019). With a decay of 0.999 the average
    covers about the last 1,000 rounds. With a fixed decay it also contains the random weights of
    the start for long; with a schedule such as `schedules.rising_memory` it soon forgets them.

    All floating-point variables are averaged; the others are copied. The averages of batch norm's
    moving mean and variance are only rough, because averaged weights compute other activations than
    the weights that were averaged. So `GANTrainer.sample` and `GANTrainer.export` measure them
    before use: settling.settle(average.model, settling_batches(latent, seed)).

    Args:
        model: the network to average.
        decay: a number in [0, 1), or a schedule of the round.

    Attributes:
        model: a copy of the network with its own variables, which hold the average.

    Raises:
        ValueError: if decay is out of range, or a schedule is out of range in one of the rounds 0,
            1, 10, ..., 1,000,000; or if the model cannot be copied.

    Example:
        >>> from gan_core.nn.dense import Dense
        >>> layer = Dense(1, 1, seed=0)
        >>> average = ExponentialMovingAverage(layer, 0.5)
        >>> layer.bias.assign([2.0]) is not None
        True
        >>> average.update()
        >>> float(average.model.bias[0])
        1.0
    """

    def __init__(self, model: tf.Module, decay: float | Schedule, name: str | None = None) -> None:
        super().__init__(name=name)
        owner = "ExponentialMovingAverage"
        if callable(decay):
            decay = as_schedule(owner, decay, "decay")
            for step in STEPS_TO_TRY:
                tried = float(decay(tf.constant(step, tf.int64)))
                checks.number(owner, f"decay({step})", tried, 0.0, below=1.0)
        else:
            checks.number(owner, "decay", decay, 0.0, below=1.0)
        self.decay = decay
        self.model = _copied(owner, model)
        pairs = tuple(zip(self.model.variables, model.variables, strict=True))
        # Kept inside a function, because tf.Module would count an attribute's variables as ours.
        self._pairs = lambda: pairs

    def update(self, step: Any = 0) -> None:
        """Update the average with the model's present weights.

        Args:
            step: the number of the round, for a decay that is a schedule.
        """
        decay = self.decay(step) if callable(self.decay) else self.decay
        for average, variable in self._pairs():
            if variable.dtype.is_floating:
                share = tf.cast(1.0 - decay, variable.dtype)
                average.assign_sub(share * (average - variable))
            else:  # a counter, for example
                average.assign(variable)


def _copied(owner: str, model: tf.Module) -> tf.Module:
    """A copy of the model with variables of its own."""
    try:
        return copy.deepcopy(model)
    except TypeError as error:  # from a tf.function that was called, or an open file
        checks.fail(
            owner,
            "model",
            "a network that copy.deepcopy can copy",
            f"one with an attribute that it cannot copy ({error})",
            "Keep no tf.function in an attribute: the trainer compiles the network by itself.",
        )


def settling_batches(
    latent: Latent, seed: int, labels: Labels | None = None, batch: int = SETTLING_BLOCK
) -> Iterator[Any]:
    """Draw the 1,024 z by which an averaged generator's batch norm is settled.

    Args:
        latent: the distribution of z.
        seed: the run's seed.
        labels: the distribution of labels, for a conditional generator.
        batch: how many z at a time at most, from 1 to 256. With 1 there are two, because a single
            sample has no variance.

    Yields:
        z [b, dim] float32; with labels, pairs (z, labels [b, ...]). The same for the same seed.
        Each 256 z are cut into batches whose sizes differ by at most 1. All batches count equally,
        so a last one of one or two samples would count as much as the others.
    """
    parts = math.ceil(SETTLING_BLOCK / batch)
    parts = min(parts, SETTLING_BLOCK // 2)  # at least two samples in each
    borders = [SETTLING_BLOCK * k // parts for k in range(parts + 1)]
    for i in range(SETTLING_BLOCKS):
        z = latent(SETTLING_BLOCK, rng.seed(seed, "settle", i))
        y = None
        if labels is not None:
            y = tf.convert_to_tensor(labels(SETTLING_BLOCK, rng.seed(seed, "settle labels", i)))
        for start, end in itertools.pairwise(borders):
            yield z[start:end] if y is None else (z[start:end], y[start:end])
