"""Errors that say whose argument is wrong, what was wanted and what was given.

Every check runs in Python, before any compiled call, so that the message shows
[batch, 2] and [8, 3] and not (None, None). All raise ValueError.

    GANTrainer.round: real must be [batch, 2], got [8, 3].
"""

from __future__ import annotations

import contextlib
import inspect
import math
import numbers
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import numpy as np

if TYPE_CHECKING:  # imported where it is used: a command line checks numbers without TensorFlow
    import tensorflow as tf

Choice = TypeVar("Choice")

LONGEST_SHOWN = 300  # characters of the value in a message
# The messages of Python, NumPy and TensorFlow if code needs a value that a graph does not have yet.
ASKED_FOR_A_VALUE = re.compile(
    r"[Ss]ymbolic|indices must be integers|only integer|interpreted as an integer"
    r"|integer argument expected|no attribute 'numpy'|[Ii]terating over|\(NULL\) eager"
)


def fail(owner: str, name: str, wanted: str, came: object, way_out: str = "") -> NoReturn:
    """Raise a ValueError in the form that all messages of this library have.

    Args:
        owner: the class or function whose argument is wrong.
        name: the argument.
        wanted: what it must be.
        came: what it is.
        way_out: whole sentences that help, or "".

    Raises:
        ValueError: always.

    Example:
        >>> fail("Dense", "in_size", "a whole number", "2.5", "Round it.")
        Traceback (most recent call last):
        ValueError: Dense: in_size must be a whole number, got 2.5. Round it.
    """
    shown = " ".join(str(came).split())
    if len(shown) > LONGEST_SHOWN:
        shown = f"{shown[:LONGEST_SHOWN]}..."
    message = f"{owner}: {name} must be {wanted}, got {shown}."
    if way_out:
        message = f"{message} {way_out}"
    raise ValueError(message)


@contextlib.contextmanager
def renamed(inner: str, outer: str) -> Iterator[None]:
    """Let errors within the `with` block name the argument that the caller's caller gave.

    Args:
        inner: how the message begins: whose argument, and which.
        outer: what it shall begin with.

    Raises:
        ValueError: any that the block raises, with the new beginning if it begins with `inner`.

    Example:
        >>> with renamed("Dense: in_size", "Config: width"):
        ...     fail("Dense", "in_size", "a whole number", "2.5")
        Traceback (most recent call last):
        ValueError: Config: width must be a whole number, got 2.5.
    """
    try:
        yield
    except ValueError as error:
        words = str(error)
        if not words.startswith(f"{inner} "):
            raise
        raise ValueError(words.replace(inner, outer, 1)) from error


def called_with(
    owner: str,
    name: str,
    function: Any,
    call: str,
    arguments: Sequence[Any],
    options: Iterable[str] = (),
    way_out: str = "",
) -> None:
    """Check that a user's function can be called in this way, as far as its signature tells.

    It is not called.

    Args:
        owner: the class or function whose argument is checked.
        name: the argument.
        function: the user's function, or another object that can be called.
        call: the call, for the message.
        arguments: what it will be given by position; only their number counts.
        options: the names of what it will be given by name.
        way_out: whole sentences that help, or "".

    Raises:
        ValueError: if it takes others.

    Example:
        >>> called_with("every", "function", lambda row: 0, "(trainer, row)", ["trainer", "row"])
        Traceback (most recent call last):
        ValueError: every: function must be callable with (trainer, row), got one that takes (row).
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some objects do not say
        return
    try:
        signature.bind(*arguments, **dict.fromkeys(options))
    except TypeError:
        fail(owner, name, f"callable with {call}", f"one that takes {signature}", way_out)


def show(value: Any) -> str:
    """Describe a value in a few words: arrays and tensors by their shape and dtype.

    Args:
        value: anything.

    Returns:
        One line.

    Example:
        >>> show(np.zeros([2, 3]))
        'an ndarray [2, 3] of float64'
        >>> show("faces")
        "'faces'"
    """
    kind = type(value).__name__
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        article = "an" if kind == "ndarray" or kind[0] in "AEIO" else "a"
        dtype = getattr(value.dtype, "name", str(value.dtype))
        with contextlib.suppress(TypeError, ValueError):  # of a shape of unknown rank
            return f"{article} {kind} {show_shape(value.shape)} of {dtype}"
    return " ".join(repr(value).split())


@contextlib.contextmanager
def without_values(owner: str, name: str, way_out: str) -> Iterator[None]:
    """Report in one way that a user's function needs a value while it is traced.

    A compiled function is called once with tensors that have no values yet. If it indexes a NumPy
    array by such a tensor, or uses it in an `if`, Python, NumPy and TensorFlow each raise a
    different error. Within this `with` block they become one kind of message; all other errors are
    raised as they are.

    Args:
        owner: the class or function that calls the user's function.
        name: what the function is, such as "sampler".
        way_out: whole sentences that help.

    Raises:
        ValueError: in place of such an error.
    """
    try:
        yield
    except (TypeError, IndexError, AttributeError, NotImplementedError) as error:
        first = (str(error).splitlines() or [""])[0]
        if not ASKED_FOR_A_VALUE.search(first):
            raise
        said = first if len(first) < 100 else f"{first[:100]}..."
        fail(
            owner,
            name,
            "a function of TensorFlow's operations alone",
            f"one in which Python or NumPy needs the value of a tensor, which has no value while "
            f"the function is compiled ({said})",
            way_out,
        )


def integer(
    owner: str, name: str, value: Any, low: int | None = None, high: int | None = None
) -> int:
    """Check that `value` is a whole number in [low, high] (a bool is not one).

    Args:
        owner: the class or function whose argument is checked.
        name: the argument.
        value: a Python or NumPy integer.
        low: the least that is allowed, or None.
        high: the largest that is allowed, or None.

    Returns:
        The value as a Python int.

    Raises:
        ValueError: if it is not such a value.

    Example:
        >>> integer("Dense", "in_size", 3, 1)
        3
    """
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool | np.bool_)
    if not whole or not _within(value, low, high):
        fail(owner, name, "a whole number" + _range(low, high), repr(value))
    return int(value)


def seed(owner: str, value: Any, name: str = "seed") -> int:
    """Check that `value` is a whole number of 64 bits, from which `gan_core.rng` can draw.

    Args:
        owner: the class or function whose argument is checked.
        value: a Python or NumPy integer.
        name: the argument.

    Returns:
        The value as a Python int.

    Raises:
        ValueError: if it is not such a value.

    Example:
        >>> seed("Dense", 7)
        7
    """
    return integer(owner, name, value, -(2**63), 2**63 - 1)


def number(
    owner: str,
    name: str,
    value: Any,
    low: float | None = None,
    high: float | None = None,
    *,
    above: float | None = None,
    below: float | None = None,
) -> float:
    """Check that `value` is a finite number with low <= value <= high and above < value < below.

    Args:
        owner: the class or function whose argument is checked.
        name: the argument.
        value: a Python or NumPy number (a bool is none).
        low: the least that is allowed, or None.
        high: the largest that is allowed, or None.
        above: what it must be greater than, or None.
        below: what it must be less than, or None.

    Returns:
        The value as a Python float.

    Raises:
        ValueError: if it is not such a value.

    Example:
        >>> number("leaky_relu", "alpha", 0.2, 0.0, below=1.0)
        0.2
    """
    real = isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_)
    allowed = real and _is_finite(value) and _within(value, low, high)
    if not allowed or not _strictly_within(value, above, below):
        ranges = [words for words in (_range(low, high), _open_range(above, below)) if words]
        wanted = "a finite number" + " and".join(ranges)
        fail(owner, name, wanted, repr(value))
    return float(value)


def boolean(owner: str, name: str, value: Any) -> bool:
    """Check that `value` is True or False: neither 1, nor "no", nor None.

    Args:
        owner: the class or function whose argument is checked.
        name: the argument.
        value: a Python or NumPy bool.

    Returns:
        The value as a Python bool.

    Raises:
        ValueError: if it is not such a value.

    Example:
        >>> boolean("Dense", "use_bias", "no")
        Traceback (most recent call last):
        ValueError: Dense: use_bias must be True or False, got 'no'.
    """
    if not isinstance(value, bool | np.bool_):
        fail(owner, name, "True or False", repr(value))
    return bool(value)


def one_of(owner: str, name: str, value: Choice, choices: Iterable[Choice]) -> Choice:
    """Check that `value` is one of a few, such as names.

    Python says that 1 == True and 0 == False; here a bool is equal to a bool only.

    Args:
        owner: the class or function whose argument is checked.
        name: the argument.
        value: what came.
        choices: what is allowed.

    Returns:
        The value.

    Raises:
        ValueError: if it is not one of them.

    Example:
        >>> one_of("Conv2D", "padding", "same", ["SAME", "VALID"])
        Traceback (most recent call last):
        ValueError: Conv2D: padding must be one of SAME, VALID, got 'same'.
    """
    choices = list(choices)
    if not any(_is_same_choice(value, choice) for choice in choices):
        fail(owner, name, "one of " + ", ".join(map(str, choices)), repr(value))
    return value


def tensor(
    owner: str,
    name: str,
    value: Any,
    shape: Iterable[Any],
    *,
    dtype: Any = "float32",
    finite: bool = False,
) -> tf.Tensor:
    """Check that `value` is, or can become, a tensor of this dtype and shape.

    A symbolic tensor passes with its static shape.

    Args:
        owner: the class or function whose argument is checked.
        name: the argument.
        value: a tensor, a variable, an array or a list of numbers.
        shape: its sizes; a name or None stands for any size.
        dtype: its dtype. Arrays and lists of other numbers are cast to a floating dtype; tensors
            are not.
        finite: whether to check that all values are finite; not possible in a traced function.

    Returns:
        The tensor; a tensor or variable is returned as it is.

    Raises:
        ValueError: if it is not such a tensor, or if finite is True and a value is not finite.

    Example:
        >>> tensor("Dense", "x", [[1, 2]], ["batch", 2]).numpy()
        array([[1., 2.]], dtype=float32)
    """
    import tensorflow as tf

    shape = list(shape)
    dtype = tf.as_dtype(dtype)
    wanted = f"{show_shape(shape)} of {dtype.name}"
    if not isinstance(value, tf.Tensor | tf.Variable):
        try:
            value = tf.convert_to_tensor(_cast_numbers(np.asarray(value), dtype))
        except (ValueError, TypeError):
            fail(owner, name, wanted, f"a {type(value).__name__} that is no array of numbers")
    if value.dtype != dtype:
        fail(owner, name, wanted, f"{show_shape(value.shape)} of {value.dtype.name}")
    same_shape(owner, name, value, shape)
    if finite and value.dtype.is_floating and hasattr(value, "numpy"):
        bad = int(tf.math.count_nonzero(~tf.math.is_finite(tf.convert_to_tensor(value))))
        _refuse_infinite(owner, name, bad, value.shape.num_elements())
    return value


def array(
    owner: str,
    name: str,
    value: Any,
    shape: Iterable[Any],
    *,
    dtype: Any = np.float64,
    at_least: int = 1,
    finite: bool = True,
    largest: float | None = None,
) -> np.ndarray:
    """Check that `value` is, or can become, a NumPy array of real numbers of this shape.

    It may be anything that NumPy can read: an array, a list, an eager tensor. Text, complex numbers
    and lists of unequal length are refused. With an integer dtype the values must have an integer
    dtype themselves (1.0 is refused).

    Args:
        owner: the class or function whose argument is checked.
        name: the argument.
        value: the value to check.
        shape: its sizes; a name or None stands for any size, `...` in the first place for any
            number of axes.
        dtype: the NumPy dtype of the result; an integer dtype must hold the values.
        at_least: how many rows (entries of the first axis) there must be. If the shape begins with
            `...`, only 0 makes a difference: then an array without numbers passes.
        finite: whether NaN and infinite values are refused.
        largest: the largest absolute value that is allowed, or None.

    Returns:
        The array, of this dtype.

    Raises:
        ValueError: if it is not such an array.

    Example:
        >>> array("wasserstein_1", "x", [1, 2], ["n"])
        array([1., 2.])
        >>> array("wasserstein_1", "x", [[1, 2]], ["n"])
        Traceback (most recent call last):
        ValueError: wasserstein_1: x must be [n] of numbers, got [1, 2].
        >>> array("norms", "z", [[[1, 2]]], [..., "d"]).shape
        (1, 1, 2)
    """
    shape = list(shape)
    wanted = f"{show_shape(shape)} of {_kind(dtype)}"
    result = _as_numbers(owner, name, value, wanted, dtype)
    if not _fits(result.shape, shape):
        way_out = ""
        if result.ndim > len(shape) == 2:
            way_out = "Flatten images to [n, height * width * channels]."
        fail(owner, name, wanted, show_shape(result.shape), way_out)
    if _has_too_few(result, shape, at_least):
        wanted = f"{wanted} with {_first(shape)} at least {at_least}"
        fail(owner, name, wanted, show_shape(result.shape))
    if finite and result.dtype.kind == "f":
        _refuse_infinite(owner, name, int((~np.isfinite(result)).sum()), result.size)
    if largest is not None and result.size and np.abs(result).max() > largest:
        fail(owner, name, f"of numbers of at most {largest:g} in size", f"{np.abs(result).max():g}")
    return result


def scalar(
    owner: str,
    name: str,
    value: Any,
    wanted: str = "one number, such as a mean over the batch",
    way_out: str = "Return a tensor without axes, such as tf.reduce_mean(...).",
) -> tf.Tensor:
    """Check that what a user's function returned is one number.

    Args:
        owner: the class or function that called it.
        name: the argument that the function was given as.
        value: what it returned: a Python or NumPy number, or a tensor without axes.
        wanted: the words for such a number in the message.
        way_out: whole sentences that help, or "".

    Returns:
        The number in float32.

    Raises:
        ValueError: if it is not one real number, such as None, a text, or a number for each sample.

    Example:
        >>> float(scalar("GANTrainer", "what g_penalty gives", 3))
        3.0
    """
    import tensorflow as tf

    if value is None:
        fail(owner, name, wanted, "None", "Does the function end with a return statement?")
    try:
        number = tf.convert_to_tensor(value)
    except (TypeError, ValueError, tf.errors.OpError):
        fail(owner, name, wanted, show(value), way_out)
    if not (number.dtype.is_floating or number.dtype.is_integer or number.dtype.is_bool):
        fail(owner, name, wanted, show(value), way_out)
    if number.shape.rank is None:  # of a tf.numpy_function: known only when the graph runs
        number = tf.ensure_shape(number, [])
    if number.shape.rank != 0:
        fail(owner, name, wanted, show_shape(number.shape), way_out)
    return tf.cast(number, tf.float32)


def same_shape(owner: str, name: str, value: Any, shape: Iterable[Any]) -> None:
    """Check that the static shape of `value` is `shape`, where a name or None matches any size.

    Args:
        owner: the class or function whose argument is checked.
        name: the argument.
        value: anything with a `shape`.
        shape: the sizes that are wanted.

    Raises:
        ValueError: if it has another shape.

    Example:
        >>> same_shape("Dense", "x", np.zeros([8, 3]), ["batch", 2])
        Traceback (most recent call last):
        ValueError: Dense: x must be [batch, 2], got [8, 3].
    """
    import tensorflow as tf

    shape = list(shape)
    came = tf.TensorShape(value.shape)
    if came.rank is not None and not _fits(came, shape):
        fail(owner, name, show_shape(shape), show_shape(came))


def show_shape(shape: Iterable[Any]) -> str:
    """Write a shape in the form that messages use.

    Args:
        shape: sizes and names; None is an unknown size. It may be a TensorShape of unknown rank.

    Returns:
        Its text.

    Example:
        >>> show_shape(["batch", 2, None])
        '[batch, 2, any]'
    """
    if getattr(shape, "rank", 0) is None:
        return "[...]"
    return "[" + ", ".join(_show_size(size) for size in shape) + "]"


# ---------------------------------------------------------------- parts of the above


def _show_size(size: Any) -> str:
    if size is None:
        return "any"
    return "..." if size is ... else str(size)


def _within(value: Any, low: float | None, high: float | None) -> bool:
    if low is not None and value < low:
        return False
    return high is None or value <= high


def _strictly_within(value: Any, above: float | None, below: float | None) -> bool:
    if above is not None and value <= above:
        return False
    return below is None or value < below


def _is_finite(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer that no float can hold
        return False


def _is_same_choice(value: object, choice: object) -> bool:
    if isinstance(choice, bool) != isinstance(value, bool | np.bool_):
        return False
    return bool(value == choice)


def _cast_numbers(values: np.ndarray, dtype: tf.DType) -> np.ndarray:
    """Cast real numbers to the wanted floating dtype; return everything else as it is."""
    if values.dtype.kind not in "iuf" or not dtype.is_floating:
        return values
    with np.errstate(over="ignore"):  # too large numbers become infinite, which `finite` refuses
        return values.astype(dtype.as_numpy_dtype)


def _as_numbers(owner: str, name: str, value: Any, wanted: str, dtype: Any) -> np.ndarray:
    no_array = f"a {type(value).__name__} that is no array of numbers"
    try:
        came = np.asarray(value)
    except (TypeError, ValueError):
        fail(owner, name, wanted, no_array)
    if came.dtype.kind == "c":
        fail(owner, name, wanted, "complex numbers")
    if came.dtype.kind == "f" and np.dtype(dtype).kind in "iu":
        fail(owner, name, wanted, f"{show_shape(came.shape)} of {came.dtype.name}")
    if came.dtype.kind not in "biufVO":  # V is bfloat16's letter, O that of Python's objects
        fail(owner, name, wanted, no_array)
    if came.dtype.kind == "O" and any(entry is None for entry in came.flat):  # NumPy makes it NaN
        fail(owner, name, wanted, no_array)
    try:
        with np.errstate(over="ignore"):
            cast = came.astype(dtype)
    except (TypeError, ValueError, OverflowError):
        fail(owner, name, wanted, no_array)
    always_fits = cast.dtype.kind not in "iu" or np.can_cast(came.dtype, cast.dtype)
    if not always_fits and not np.array_equal(cast, came):  # NumPy wraps around or truncates
        limits = np.iinfo(cast.dtype)
        held = f"from {_bound(int(limits.min))} to {_bound(int(limits.max))}"
        fail(owner, name, f"{wanted} {held}", show(value))
    return cast


def _kind(dtype: Any) -> str:
    if np.dtype(dtype).kind in "iu":
        return "whole numbers"
    return "numbers"


def _first(shape: list) -> str:
    """The words for the number of rows in a message."""
    if isinstance(shape[0], str):
        return shape[0]
    return "the number of values" if shape[0] is ... else "rows"


def _has_too_few(array: np.ndarray, shape: list, at_least: int) -> bool:
    """Whether an array that should not be empty is, or has fewer rows than it must."""
    if at_least > 0 and array.size == 0:
        return True
    has_rows = bool(shape) and shape[0] is not ...
    return has_rows and len(array) < at_least


def _fits(came: Iterable[Any], wanted: list) -> bool:
    """Whether sizes are the wanted ones. An unknown size fits; a name or None fits any size.

    `...` in the first place fits any number of sizes.
    """
    sizes = list(came)
    if wanted[:1] == [...]:
        wanted = wanted[1:]
        if len(sizes) > len(wanted):
            sizes = sizes[len(sizes) - len(wanted) :]
    if len(sizes) != len(wanted):
        return False
    for have, want in zip(sizes, wanted, strict=True):
        if have is not None and isinstance(want, int | np.integer) and have != want:
            return False
    return True


def _refuse_infinite(owner: str, name: str, bad: int, size: int) -> None:
    if bad:
        fail(owner, name, "finite", f"{bad} of {size} values NaN or infinite")


def _range(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f" from {_bound(low)} to {_bound(high)}"
    if low is not None:
        return f" of at least {_bound(low)}"
    if high is not None:
        return f" of at most {_bound(high)}"
    return ""


def _open_range(above: float | None, below: float | None) -> str:
    if above is not None and below is not None:
        return f" above {_bound(above)} and below {_bound(below)}"
    if above is not None:
        return f" above {_bound(above)}"
    if below is not None:
        return f" below {_bound(below)}"
    return ""


def _bound(x: float) -> str:
    """Write a number in full if it is short, such as 1000000 or 0.01, else as 9.22337e+18."""
    if isinstance(x, int) and abs(x) < 10**15:
        return str(x)
    return f"{x:g}"
