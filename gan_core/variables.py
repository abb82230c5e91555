"""The variables of a model, each under the name by which its author would call it."""

import tensorflow as tf


def named_variables(module: tf.Module) -> dict[str, tf.Variable]:
    """Every tf.Variable that is reached through public attributes, under its path.

    layers/0/kernel is module.layers[0].kernel. A variable reached twice stands under the first
    path; the order is that of the attributes' creation, so the same program gives the same dict.
    """
    found: dict[str, tf.Variable] = {}
    _walk(module, (), found, set())
    return found


def _walk(thing, path, found, seen):
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, tf.Variable):
        found["/".join(path)] = thing
    elif isinstance(thing, tf.Module):
        for name, value in vars(thing).items():
            if not name.startswith("_"):
                _walk(value, (*path, name), found, seen)
    elif isinstance(thing, list | tuple):
        for i, value in enumerate(thing):
            _walk(value, (*path, str(i)), found, seen)
    elif isinstance(thing, dict):
        for key, value in thing.items():
            _walk(value, (*path, str(key)), found, seen)
