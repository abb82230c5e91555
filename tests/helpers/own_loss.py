"""The GANLoss that a user names on the command line."""

import importlib
import sys

import pytest

OWN_LOSS = pytest.StashKey()


def load_loss(where, directory):
    """The GANLoss at "module:NAME"."""
    module_name, colon, name = where.partition(":")
    if not (module_name and colon and name.isidentifier()):
        raise pytest.UsageError(
            f"--loss must be MODULE:NAME, such as my_module:MY_LOSS, got {where!r}."
        )
    sys.path.insert(0, str(directory))
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # whatever a user's module does when it is imported
        raise pytest.UsageError(
            f"--loss {where}: importing {module_name} from {directory} failed: "
            f"{type(error).__name__}: {error}"
        ) from error
    from gan_core.losses import GANLoss  # TensorFlow takes seconds: only when a loss is asked for

    if not hasattr(module, name):
        known = [key for key, value in vars(module).items() if isinstance(value, GANLoss)]
        raise pytest.UsageError(
            f"--loss {where}: {module_name} has no {name}; its GANLoss objects: {', '.join(known) or 'none'}."
        )
    loss = getattr(module, name)
    if not isinstance(loss, GANLoss):
        raise pytest.UsageError(
            f"--loss {where}: {name} must be a gan_core.losses.GANLoss, got a {type(loss).__name__}."
        )
    return loss
