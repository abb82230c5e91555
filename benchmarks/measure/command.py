"""What the commands share: how they start, and the checks of their configs.

The checks import the library when they run and not before, because TensorFlow comes with it:
`--help` never makes a config, so it answers without waiting for TensorFlow.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import Any

from gan_core.app import command_line


def run(
    config_class: type,
    main: Callable[[Any], Any],
    description: str,
    program: str,
    arguments: Sequence[str] | None = None,
) -> None:
    """Read the config from the command line and call main(config), without TensorFlow's log.

    What TensorFlow logs (which instructions the CPU has, that there is no GPU) is not printed,
    unless the environment variable TF_CPP_MIN_LOG_LEVEL asks for it.

    Args:
        config_class: a dataclass, of which every field is a flag.
        main: what is done with the config.
        description: the first line of `--help`.
        program: what the user types before the flags.
        arguments: in place of the command line.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    command_line.run(config_class, main, description, program, arguments)


def checks_of_the_library() -> ModuleType:
    """`gan_core.checks`, imported together with TensorFlow without what TensorFlow logs meanwhile.

    Its first lines are written whatever TF_CPP_MIN_LOG_LEVEL says. They are shown if it fails.
    """
    if "tensorflow" not in sys.modules and os.environ.get("TF_CPP_MIN_LOG_LEVEL") == "3":
        with _stderr_only_on_failure():
            import tensorflow as tf

            tf.config.list_physical_devices("GPU")  # complains where there is no driver
    from gan_core import checks

    return checks


@contextlib.contextmanager
def _stderr_only_on_failure() -> Iterator[None]:
    """Hold back what is written to stderr, by C++ code too; write it after all on an exception."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as log:
        os.dup2(log.fileno(), 2)
        try:
            yield
        except BaseException:
            log.seek(0)
            os.write(kept, log.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)


def check_whole_numbers(config: Any, *names: str, low: int = 1) -> None:
    """Every named field must be a whole number of at least `low`.

    Args:
        config: a config; its class's name owns the error.
        names: of its fields. None is allowed in a field whose default is None.
        low: the least number that is allowed.

    Raises:
        ValueError: names the field.
    """
    checks = checks_of_the_library()
    for name in names:
        value = getattr(config, name)
        if value is None and getattr(type(config), name, low) is None:
            continue
        checks.integer("Config", name, value, low)


def check_picture_size(config: Any) -> None:
    """`config.size` must be a side, in pixels, for which the DCGAN is defined."""
    checks = checks_of_the_library()
    from dcgan.networks import SIZES

    checks.one_of("Config", "size", config.size, SIZES)


def check_not_empty(config: Any, *names: str) -> None:
    """Every named field, a tuple, must have at least one value."""
    checks = checks_of_the_library()
    for name in names:
        if not getattr(config, name):
            checks.fail("Config", name, "at least one", "none")
