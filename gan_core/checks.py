"""Errors that name whose argument is wrong, what was wanted and what came.

Every check runs in Python, before any compiled call, so that the message speaks of
[batch, 2] and [8, 3] and not of (None, None). All raise ValueError.

    GANTrainer.round: real must be [batch, 2], got [8, 3].
"""

import math
import numbers

import numpy as np
import tensorflow as tf


def fail(owner: str, name: str, wanted: str, came: str, way_out: str = ""):
    """Raise the one kind of message this library knows."""
    raise ValueError(
        f"{owner}: {name} must be {wanted}, got {came}.{' ' + way_out if way_out else ''}"
    )


def integer(owner: str, name: str, value, low: int | None = None, high: int | None = None) -> int:
    """A whole number in [low, high] (a bool is not one)."""
    wanted = "a whole number" + _range(low, high)
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool | np.bool_)
    if not whole or (low is not None and value < low) or (high is not None and value > high):
        fail(owner, name, wanted, repr(value))
    return int(value)


def number(
    owner: str,
    name: str,
    value,
    low: float | None = None,
    high: float | None = None,
    *,
    above: float | None = None,
    below: float | None = None,
) -> float:
    """A finite number with low <= value <= high and above < value < below."""
    wanted = "a finite number" + _range(low, high)
    wanted += "" if above is None else f" above {_bound(above)}"
    wanted += (
        "" if below is None else f" {'and ' if above is not None else ''}below {_bound(below)}"
    )
    real = isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_)
    if (
        not real
        or not _is_finite(value)
        or (low is not None and value < low)
        or (high is not None and value > high)
        or (above is not None and value <= above)
        or (below is not None and value >= below)
    ):
        fail(owner, name, wanted, repr(value))
    return float(value)


def one_of(owner: str, name: str, value, choices) -> object:
    """One of a few names."""
    choices = list(choices)
    if value not in choices:
        fail(owner, name, "one of " + ", ".join(map(str, choices)), repr(value))
    return value


def tensor(
    owner: str, name: str, value, shape, *, dtype=tf.float32, finite: bool = False
) -> tf.Tensor:
    """`value` as a tensor of this dtype and shape; a name or None in shape stands for any size.

    A symbolic tensor passes with its static shape. `finite` looks at the values too, and so
    is meant for calls from Python, outside a traced function.
    """
    wanted = f"{show_shape(shape)} of {tf.as_dtype(dtype).name}"
    if not isinstance(value, tf.Tensor | tf.Variable):
        try:
            array = np.asarray(value)
            if array.dtype.kind in "iuf" and tf.as_dtype(dtype).is_floating:
                with np.errstate(
                    over="ignore"
                ):  # what is too large becomes infinite, and is told below
                    array = array.astype(tf.as_dtype(dtype).as_numpy_dtype)
            value = tf.convert_to_tensor(array)
        except (ValueError, TypeError):
            fail(owner, name, wanted, f"a {type(value).__name__} that is no array of numbers")
    if value.dtype != tf.as_dtype(dtype):
        fail(owner, name, wanted, f"{show_shape(value.shape)} of {value.dtype.name}")
    same_shape(owner, name, value, shape)
    if finite and value.dtype.is_floating and hasattr(value, "numpy"):
        bad = int(tf.math.count_nonzero(~tf.math.is_finite(tf.convert_to_tensor(value))))
        if bad:
            fail(
                owner,
                name,
                "finite",
                f"{bad} of {value.shape.num_elements()} values NaN or infinite",
            )
    return value


def same_shape(owner: str, name: str, value, shape) -> None:
    """The static shape of `value` is `shape`, where a name or None matches any size."""
    came = tf.TensorShape(value.shape)
    fits = came.rank is None or (
        came.rank == len(shape)
        and all(
            have is None or not isinstance(want, int | np.integer) or have == want
            for have, want in zip(came, shape, strict=True)
        )
    )
    if not fits:
        fail(owner, name, show_shape(shape), show_shape(came))


def show_shape(shape) -> str:
    """[batch, 2] for ("batch", 2); an unknown size is written `any`."""
    return "[" + ", ".join("any" if size is None else str(size) for size in shape) + "]"


def _is_finite(value) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer that no float can hold
        return False


def _range(low, high) -> str:
    if low is not None and high is not None:
        return f" from {_bound(low)} to {_bound(high)}"
    if low is not None:
        return f" of at least {_bound(low)}"
    return f" of at most {_bound(high)}" if high is not None else ""


def _bound(x) -> str:
    """1000000 and 0.01 as they are, 9.22337e+18 short."""
    return str(x) if isinstance(x, int) and abs(x) < 10**15 else f"{x:g}"
