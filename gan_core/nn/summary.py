"""A network as a table: one row a layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gan_core import checks
from gan_core.nn.shapes import sizes


def one_sample(shape: Sequence[int]) -> tf.Tensor:
    """Make a batch of one sample of zeros.

    Args:
        shape: the sample's shape, without the batch.

    Returns:
        [1, ...] float32.

    Raises:
        ValueError: if shape is not a list of whole numbers.
    """
    return tf.zeros([1, *sizes("Sequential.summary", "input_shape", shape)])


def print_table(
    network: Any,
    x: tf.Tensor,
    options: Sequence[dict[str, Any]],
    console: Console | None = None,
) -> None:
    """Print a row for each layer of a Sequential: its name, its output shape, its parameters.

    Args:
        network: a `gan_core.nn.sequential.Sequential`.
        x: a batch of one sample.
        options: the keyword arguments of each layer's call.
        console: where to print; None is the terminal.

    Raises:
        ValueError: if x does not fit the layers.
    """
    table = Table("layer", "output shape", title=network.name)
    table.add_column("parameters", justify="right")
    for layer, keywords in zip(network.layers, options, strict=True):
        x = layer(x, **keywords)
        # Text, because rich would read the brackets of a plain string as markup.
        shape = Text(checks.show_shape(["batch", *x.shape[1:]]))
        table.add_row(_name(layer), shape, f"{_parameters(layer):,}")
    table.add_section()
    table.add_row("all", "", f"{_parameters(network):,}")
    table.add_row("trainable", "", f"{_trainable_parameters(network):,}")
    if console is None:
        console = Console()
    console.print(table)


def _name(layer: Callable[..., Any]) -> str:
    if isinstance(layer, tf.Module):
        return type(layer).__name__
    return getattr(layer, "__name__", repr(layer))


def _parameters(layer: Callable[..., Any]) -> int:
    """The number of all parameters, including batch norm's moving averages."""
    if not isinstance(layer, tf.Module):
        return 0
    return sum(variable.shape.num_elements() for variable in layer.variables)


def _trainable_parameters(module: tf.Module) -> int:
    return sum(variable.shape.num_elements() for variable in module.trainable_variables)
