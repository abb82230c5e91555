"""Layers in a row, and the two that only change a shape."""

import inspect

import tensorflow as tf
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gan_core import checks


class Reshape(tf.Module):
    """The same numbers in another shape: x [B, ...] -> [B, *shape]."""

    def __init__(self, shape, name=None):
        super().__init__(name=name)
        self.shape = _sizes("Reshape", "shape", shape)

    def __call__(self, x, *, training: bool = False):
        x = tf.convert_to_tensor(x)
        have, want = x.shape[1:].num_elements(), tf.TensorShape(self.shape).num_elements()
        if have != want:
            checks.fail(
                "Reshape",
                "x",
                f"{want} numbers a sample, for {checks.show_shape(['batch', *self.shape])}",
                checks.show_shape(x.shape),
            )
        return tf.reshape(x, [-1, *self.shape])


class Flatten(tf.Module):
    """All numbers of a sample in one row: x [B, ...] -> [B, n]."""

    def __call__(self, x, *, training: bool = False):
        x = tf.convert_to_tensor(x)
        numbers = x.shape[1:].num_elements()
        if numbers is None or x.shape.rank == 0:
            checks.fail(
                "Flatten",
                "x",
                "[batch, ...] with all sizes but the first known",
                checks.show_shape(x.shape),
            )
        return tf.reshape(x, [-1, numbers])


class Sequential(tf.Module):
    """f(x) = layer_k(... layer_2(layer_1(x))): each layer gets what the one before it gave.

    A layer is a tf.Module called as layer(x, training=...); a plain function f(x), such as
    tf.nn.relu or a lambda, may stand among the layers.
    """

    def __init__(self, layers, name=None):
        super().__init__(name=name)
        if not isinstance(layers, list | tuple):
            checks.fail("Sequential", "layers", "a list of layers and functions", repr(layers))
        for i, layer in enumerate(layers):
            if not callable(layer):
                checks.fail("Sequential", f"layers[{i}]", "a layer or a function", repr(layer))
        self.layers = tuple(layers)
        self._takes_training = tuple(_takes_training(layer) for layer in layers)

    def __call__(self, x, *, training: bool = False):
        for layer, takes_training in zip(self.layers, self._takes_training, strict=True):
            x = layer(x, training=training) if takes_training else layer(x)
        return x

    def summary(self, input_shape, console: Console | None = None) -> None:
        """Print one row a layer: its name, the shape of what it gives, its parameters.

        input_shape: the shape of one sample, without the batch: (2,) or (64, 64, 3).
        """
        table = Table("layer", "output shape", title=self.name)
        table.add_column("parameters", justify="right")
        x = tf.zeros([1, *_sizes("Sequential.summary", "input_shape", input_shape)])
        for layer, takes_training in zip(self.layers, self._takes_training, strict=True):
            x = layer(x, training=False) if takes_training else layer(x)
            shape = Text(
                checks.show_shape(["batch", *x.shape[1:]])
            )  # not markup, for all its brackets
            table.add_row(_name(layer), shape, f"{_count(layer)[1]:,}")
        trained, all_of_them = _count(self)
        table.add_section()
        table.add_row("all", "", f"{all_of_them:,}")
        table.add_row("trainable", "", f"{trained:,}")
        (console or Console()).print(table)


def _sizes(owner, name, shape) -> tuple:
    if not isinstance(shape, list | tuple | tf.TensorShape):
        checks.fail(owner, name, "a list of whole numbers", repr(shape))
    return tuple(checks.integer(owner, name, size, 1) for size in shape)


def _takes_training(layer) -> bool:
    if isinstance(layer, tf.Module):
        return True
    try:
        return "training" in inspect.signature(layer).parameters
    except ValueError:  # a function written in C has no signature to look at
        return False


def _name(layer) -> str:
    return (
        type(layer).__name__
        if isinstance(layer, tf.Module)
        else getattr(layer, "__name__", repr(layer))
    )


def _count(layer) -> tuple[int, int]:
    """The numbers of trainable parameters and of all (batch norm's averages are not trained)."""
    if not isinstance(layer, tf.Module):
        return 0, 0
    return (
        sum(v.shape.num_elements() for v in layer.trainable_variables),
        sum(v.shape.num_elements() for v in layer.variables),
    )
