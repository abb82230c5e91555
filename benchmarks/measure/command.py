"""The checks that the commands' configs share. They do not need TensorFlow."""

from __future__ import annotations

from typing import Any

from dcgan.config import SIZES
from gan_core import checks

MOST = 10**6
"""The greatest value of most options: beyond all that is measured, and TensorFlow can hold it."""


def check_whole_numbers(config: Any, *names: str, low: int = 1, high: int = MOST) -> None:
    """Every named field must be a whole number from `low` to `high`.

    Args:
        config: a config; its class's name owns the error.
        names: the names of its fields. None is allowed in a field whose default is None.
        low: the least number that is allowed.
        high: the greatest.

    Raises:
        ValueError: names the field.
    """
    for name in names:
        value = getattr(config, name)
        if value is None and getattr(type(config), name, low) is None:
            continue
        checks.integer("Config", name, value, low, high)


def check_picture_size(config: Any) -> None:
    """`config.size` must be a side, in pixels, for which the DCGAN is defined."""
    checks.one_of("Config", "size", config.size, SIZES)


def check_not_empty(config: Any, *names: str) -> None:
    """Every named field, a tuple, must have at least one value."""
    for name in names:
        if not getattr(config, name):
            checks.fail("Config", name, "at least one", "none")
