"""The variables of a model, each under the name by which its author would call it."""

import tensorflow as tf

from gan_core import checks


def named_variables(module: tf.Module) -> dict[str, tf.Variable]:
    """Every tf.Variable that is reached through public attributes, under its path.

    layers/0/kernel is module.layers[0].kernel. A variable reached twice stands under the first
    path; the order is that of the attributes' creation, so the same program gives the same dict.
    A module with a variable that has no such path is refused: a checkpoint would silently miss it.
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
                f"{variable.name} {checks.show_shape(variable.shape)}, which has no such path of its own",
            )
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
