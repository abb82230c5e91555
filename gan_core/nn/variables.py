"""The variables of a model, each named by its path through the model's attributes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from gan_core import checks


def named_variables(module: tf.Module) -> dict[str, tf.Variable]:
    """Find every tf.Variable that is reached through public attributes, and its path.

    layers/0/kernel is module.layers[0].kernel. A variable that is reached twice has the first path.
    The order is that in which the attributes were created, so the same program gives the same dict.
    If a variable has no such path, the module is refused, because a checkpoint would silently omit
    the variable.

    Args:
        module: any tf.Module.

    Returns:
        A dict from path to variable.

    Raises:
        ValueError: if a variable is reached only through attributes with a leading underscore.

    Example:
        >>> module = tf.Module()
        >>> module.layers = [tf.Variable(1.0)]
        >>> list(named_variables(module))
        ['layers/0']
    """
    found: dict[str, tf.Variable] = {}
    _walk(module, (), found, set())
    reached = {id(variable) for variable in found.values()}
    for variable in module.variables:
        if id(variable) not in reached:
            checks.fail(
                "named_variables",
                f"every variable of {type(module).__name__}",
                "an attribute without leading underscore, or in a list, tuple or dict that is one",
                f"{variable.name} {checks.show_shape(variable.shape)}, "
                "which has no such path of its own",
            )
    return found


def _walk(thing: Any, path: tuple[str, ...], found: dict[str, tf.Variable], seen: set[int]) -> None:
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, tf.Variable):
        found["/".join(path)] = thing
        return
    for name, part in _parts(thing):
        _walk(part, (*path, name), found, seen)


def _parts(thing: Any) -> Iterator[tuple[str, Any]]:
    """The name and value of each part of a module, list, tuple or dict; other values have none."""
    if isinstance(thing, tf.Module):
        for name, value in vars(thing).items():
            if not name.startswith("_"):
                yield name, value
    elif isinstance(thing, list | tuple):
        for i, value in enumerate(thing):
            yield str(i), value
    elif isinstance(thing, dict):
        for key, value in thing.items():
            yield str(key), value
