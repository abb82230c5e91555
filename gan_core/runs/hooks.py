"""Functions that `fit` calls before, between and after its rounds.

A list of hooks is an argument of `fit`:

    hooks = [at_start(show), every(1_000, show_row), at_end(show), on_error(tell)]
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from gan_core import checks

Row = dict[str, Any]  # "step", an int, and the round's values by name, floats


@dataclasses.dataclass(frozen=True)
class every:
    """Call function(trainer, row) after every n-th round.

    If a checkpoint is due at the same round, it is saved first. In a run with a folder every call
    is made at least once. If the training ends before all hooks of a round have returned, because
    it was killed or one of them failed, the resumed run first calls all hooks of that round again,
    with the same row. Otherwise a call is made exactly once, also in a run that was stopped and
    resumed. So the output of a hook should replace that of an earlier call for the same round.

    Args:
        n: the number of rounds from one call to the next.
        function: called with the trainer, and a dict of `step` (int) and the round's values
            (floats).
    Raises:
        ValueError: if n is not a positive whole number, or function is not callable.

    Example:
        >>> every(1_000, print).n
        1000
    """

    n: int
    function: Callable[[Any, Row], object]

    def __post_init__(self) -> None:
        checks.integer("every", "n", self.n, 1)
        _check_function("every", self.function, "(trainer, row)")


@dataclasses.dataclass(frozen=True)
class at_start:
    """Call function(trainer) once, before the first round and after a checkpoint was restored.

    Args:
        function: called with the trainer.

    Example:
        >>> at_start(print).function is print
        True
    """

    function: Callable[[Any], object]

    def __post_init__(self) -> None:
        _check_function("at_start", self.function, "(trainer)")


@dataclasses.dataclass(frozen=True)
class at_end:
    """Call function(trainer) once, after the last round and its checkpoint.

    Args:
        function: called with the trainer.

    Example:
        >>> at_end(print).function is print
        True
    """

    function: Callable[[Any], object]

    def __post_init__(self) -> None:
        _check_function("at_end", self.function, "(trainer)")


@dataclasses.dataclass(frozen=True)
class on_error:
    """Call function(trainer, error) when the training ends early.

    Args:
        function: called with the trainer and the exception that `fit` raises: an error of a hook
            or of a round, `NotFiniteError`, or the KeyboardInterrupt of a stopped run.

    Example:
        >>> on_error(print).function is print
        True
    """

    function: Callable[[Any, BaseException], object]

    def __post_init__(self) -> None:
        _check_function("on_error", self.function, "(trainer, error)")


Hook = every | at_start | at_end | on_error


class Hooks:
    """The hooks of one call of `fit`, called by kind.

    Args:
        hooks: the argument of `fit`.
    Raises:
        ValueError: if it is not a list of hooks.

    Example:
        >>> Hooks([every(3, print), at_end(print)]).periods
        [3]
    """

    def __init__(self, hooks: Sequence[Hook]) -> None:
        known = (every, at_start, at_end, on_error)
        is_list = isinstance(hooks, list | tuple)
        if not is_list or not all(isinstance(hook, known) for hook in hooks):
            checks.fail(
                "fit",
                "hooks",
                "a list of every(n, function), at_start, at_end or on_error(function)",
                repr(hooks),
            )
        self._hooks = list(hooks)
        self.periods = [hook.n for hook in self._hooks if isinstance(hook, every)]

    def are_due(self, step: int) -> bool:
        """Whether `after_round` calls anything at this step."""
        return any(step % period == 0 for period in self.periods)

    def start(self, trainer: Any) -> None:
        """Call the hooks of `at_start`."""
        for hook in self._hooks:
            if isinstance(hook, at_start):
                hook.function(trainer)

    def after_round(self, trainer: Any, row: Row) -> None:
        """Call the hooks of `every` that are due at this step, each with a copy of the row."""
        step = row["step"]
        for hook in self._hooks:
            if isinstance(hook, every) and step % hook.n == 0:
                numbers = {name: float(value) for name, value in row.items()}
                hook.function(trainer, {**numbers, "step": step})

    def end(self, trainer: Any) -> None:
        """Call the hooks of `at_end`."""
        for hook in self._hooks:
            if isinstance(hook, at_end):
                hook.function(trainer)

    def error(self, trainer: Any, error: BaseException) -> None:
        """Call the hooks of `on_error`."""
        for hook in self._hooks:
            if isinstance(hook, on_error):
                hook.function(trainer, error)


def _check_function(owner: str, function: object, arguments: str) -> None:
    if not callable(function):
        checks.fail(owner, "function", f"a function {arguments}", repr(function))
    checks.called_with(owner, "function", function, arguments, arguments.split(", "))
