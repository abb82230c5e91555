"""A network as a list of layers that are called one after another."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
from rich.console import Console

from gan_core import checks, rng
from gan_core.nn import summary


class Sequential(tf.Module):
    """f(x) = layer_k(... layer_2(layer_1(x))): each layer's input is the output of the one before.

    A layer is any callable: a tf.Module, or a plain function such as tf.nn.relu or a lambda. Its
    signature is read once, when the Sequential is made. `training` and `labels` are passed to the
    layers that accept them (for layers with labels see `gan_core.nn.conditional`). From `seed` a
    different seed is derived for each layer that accepts one.

    Args:
        layers: a list or tuple of callables.
        name: the module's name.

    Attributes:
        takes_seed: whether any of the layers accepts a seed.
        takes_labels: whether any of the layers accepts labels.

    Raises:
        ValueError: if layers is not a list of callables; when called, if there are labels and no
            layer accepts them.

    Example:
        >>> network = Sequential([lambda x: 2.0 * x, tf.nn.relu])
        >>> network(tf.constant([-1.0, 3.0])).numpy()
        array([0., 6.], dtype=float32)
    """

    def __init__(self, layers: Sequence[Callable[..., Any]], name: str | None = None) -> None:
        super().__init__(name=name)
        if not isinstance(layers, list | tuple):
            checks.fail("Sequential", "layers", "a list of layers and functions", repr(layers))
        for i, layer in enumerate(layers):
            if not callable(layer):
                checks.fail("Sequential", f"layers[{i}]", "a layer or a function", repr(layer))
        self.layers = tuple(layers)
        self._training_goes_to = tuple(takes(layer, "training") for layer in layers)
        self._seed_goes_to = tuple(takes(layer, "seed") for layer in layers)
        self._labels_go_to = tuple(takes(layer, "labels") for layer in layers)
        self.takes_seed = any(self._seed_goes_to)
        self.takes_labels = any(self._labels_go_to)

    def __call__(
        self,
        x: tf.Tensor,
        labels: Any = None,
        *,
        training: bool = False,
        seed: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Call the layers one after another.

        Args:
            x: the first layer's input.
            labels: [B, ...], or None: passed on to the layers that accept labels.
            training: passed on to the layers that accept it.
            seed: [2] int64 (`gan_core.rng.seed`), or None: split among the layers that accept one.

        Returns:
            The last layer's output; x itself if there is no layer.
        """
        if labels is not None and not self.takes_labels:
            way_out = "gan_core.nn.conditional has layers that take labels."
            checks.fail("Sequential", "labels", "None: no layer takes any", "labels", way_out)
        return self._run(x, self._options(x, training, seed, labels))

    def summary(
        self, input_shape: Sequence[int], console: Console | None = None, labels: Any = None
    ) -> None:
        """Print a table with one row a layer: its name, its output shape, its parameters.

        Args:
            input_shape: the shape of one sample, without the batch: (2,) or (64, 64, 3).
            console: where to print; None is the terminal.
            labels: for a network that takes labels, those of one sample: [1, ...].

        Raises:
            ValueError: if input_shape is not a list of whole numbers, or does not fit the layers.
        """
        x = summary.one_sample(input_shape)
        summary.print_table(self, x, self._options(x, False, None, labels), console)

    def _run(self, x: tf.Tensor, options: Sequence[dict[str, Any]]) -> tf.Tensor:
        """Call the layers one after another, each with its keyword arguments."""
        for layer, keywords in zip(self.layers, options, strict=True):
            x = layer(x, **keywords)
        return x

    def _options(
        self, x: tf.Tensor, training: bool, seed: tf.Tensor | None, labels: Any
    ) -> list[dict[str, Any]]:
        """The keyword arguments of each layer's call, where x is the input of the first."""
        seeds = iter(self._seeds(seed))
        options = []
        for training_goes_here, seed_goes_here, labels_go_here in zip(
            self._training_goes_to, self._seed_goes_to, self._labels_go_to, strict=True
        ):
            keywords: dict[str, Any] = {}
            if training_goes_here:
                keywords["training"] = training
            if seed_goes_here:
                keywords["seed"] = next(seeds)
            if labels_go_here:
                keywords["labels"] = labels
            options.append(keywords)
        return options

    def _seeds(self, seed: tf.Tensor | None) -> list[tf.Tensor | None]:
        """A seed for each layer that accepts one."""
        count = sum(self._seed_goes_to)
        if seed is None or count == 0:
            return [None] * count
        return list(rng.split(seed, count))


def takes(layer: Callable[..., Any], argument: str) -> bool:
    """Read from its signature whether a layer or network accepts a keyword argument.

    A tf.Module with `**options` is passed `training`, because every layer must accept it, and
    nothing else. A Sequential accepts `seed` or `labels` if one of its layers does.

    Args:
        layer: any callable.
        argument: "training", "seed", "labels" or "style".

    Returns:
        Whether layer(x, argument=...) is a valid call.

    Example:
        >>> takes(lambda x, seed: x, "seed")
        True
        >>> takes(tf.nn.relu, "training")
        False
    """
    if isinstance(layer, Sequential) and argument == "seed":
        return layer.takes_seed
    if isinstance(layer, Sequential) and argument == "labels":
        return layer.takes_labels
    try:
        parameters = inspect.signature(layer).parameters
    except ValueError:  # a function written in C has no signature to look at
        return False
    if argument in parameters:
        by_keyword = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        return parameters[argument].kind in by_keyword
    any_keyword = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    return any_keyword and argument == "training" and isinstance(layer, tf.Module)
