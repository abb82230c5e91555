"""The types of what users supply: networks, latents, losses' terms, optimizers, samplers.

Nobody has to inherit from these classes. A function or an object of the right form is enough; type
checkers compare it with these protocols.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import tensorflow as tf

Schedule = Callable[[Any], tf.Tensor]
"""The round, an int or an integer tensor -> a float32 scalar."""

Sampler = Callable[[tf.Tensor], Any]
"""The number of a batch, an int64 scalar -> real samples [B, ...] float32, or (samples, labels)."""

Measure = Callable[[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]
"""(real [B, ...], fake [B, ...], real logits, fake logits) -> a scalar for the row."""


class Network(Protocol):
    """A tf.Module that is called as network(x, training=...).

    A network that takes labels is called as network(x, labels, training=...). A network whose call
    has a parameter `seed` gets a new seed [2] int64 for each forward pass in training.
    """

    @property
    def variables(self) -> Sequence[tf.Variable]: ...

    @property
    def trainable_variables(self) -> Sequence[tf.Variable]: ...

    def __call__(self, *inputs: Any, **options: Any) -> Any: ...


class Latent(Protocol):
    """The distribution of z: latent(n, seed) -> z [n, dim] float32, seed [2] int64."""

    @property
    def dim(self) -> int: ...

    def __call__(self, n: int, seed: tf.Tensor) -> tf.Tensor: ...


class Labels(Protocol):
    """The distribution of labels: labels(n, seed) -> y [n, ...], seed [2] int64."""

    def __call__(self, n: int, seed: tf.Tensor) -> tf.Tensor: ...


class Penalty(Protocol):
    """A term of D's or G's loss: penalty(critic, real, fake, seed=..., step=...) -> float32 scalar.

    The critic maps samples [B, ...] to logits, with the labels of this batch if there are any. A
    penalty that remembers something is a tf.Module, so that checkpoints hold its variables.
    """

    def __call__(
        self, critic: Any, real: tf.Tensor, fake: tf.Tensor, *, seed: tf.Tensor, step: Any
    ) -> tf.Tensor: ...


class Optimizer(Protocol):
    """A tf.Module that moves variables: its own state is in tf.Variables that `bind` makes.

    The trainer calls bind(variables) once, unless `bound` holds variables already. apply(gradients,
    step) has one gradient for each bound variable, in their order: a tensor of its shape and dtype,
    or None if the loss does not depend on it; step is the round.
    """

    @property
    def bound(self) -> Sequence[tf.Variable]: ...

    def bind(self, variables: Sequence[tf.Variable]) -> Any: ...

    def apply(self, gradients: Any, step: Any = None) -> None: ...


class Augmentation(Protocol):
    """augmentation(x, seed, step) -> x of the same shape, differentiable with respect to x."""

    def __call__(self, x: tf.Tensor, seed: tf.Tensor, step: Any) -> tf.Tensor: ...
