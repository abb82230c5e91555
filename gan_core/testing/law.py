"""What a law is, how a subject is checked against it, and the message if it is broken.

A law is a property with a public name, such as `mean_over_the_batch`. Hypothesis draws inputs for
it, and looks for the smallest one that breaks it. The names and numbers of laws never change.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import hypothesis
import numpy as np
from hypothesis import strategies as st

KINDS = (
    "loss",
    "penalty",
    "layer",
    "optimizer",
    "generator",
    "discriminator",
    "latent",
    "augmentation",
)
EXAMPLES = 25  # drawn for each law, unless a Hypothesis profile asks for another number
HYPOTHESIS_DEFAULT = 100  # examples of Hypothesis's own default profile


class LawBroken(AssertionError):
    """A subject breaks a law; the message names the law, the input and the likely mistake."""


class Violation(Exception):
    """One input breaks a law: raised by a law's check, and reported by `Law.__call__`."""

    def __init__(self, wanted: Any, got: Any, likely: str, inputs: dict[str, Any]):
        super().__init__(wanted, got, likely, inputs)
        self.wanted = wanted
        self.got = got
        self.likely = likely
        self.inputs = inputs


@dataclasses.dataclass(frozen=True, eq=False)
class Law:
    """One property of one kind of subject; call it with a subject: law(subject).

    Attributes:
        number: its number in docs/laws.md (0: a condition that any subject must fulfil).
        name: its public name.
        kind: the kind of subject that it is a law of, one of KINDS.
        meaning: the law in one sentence.
        formula: the law in symbols.
        likely: the mistake that most often breaks it.
        families: the families whose subjects must obey it; () for every subject of its kind.
        check: a function (subject, *drawn), or (subject, family, *drawn) if there are families,
            that raises Violation.
        draws: the Hypothesis strategies of the drawn inputs.
        examples: inputs that are always tried.
        unless: a function from a subject to the reason why the law does not apply to it, or "".
        first: whether the other laws make sense only if this one holds.

    Example:
        >>> from gan_core import losses, testing
        >>> law = next(law for law in testing.laws_of(losses.MINIMAX) if law.number == 19)
        >>> law.name
        'mean_over_the_batch'
        >>> law(losses.MINIMAX)
    """

    number: int
    name: str
    kind: str
    meaning: str
    formula: str
    likely: str
    families: tuple[str, ...]
    check: Callable[..., None]
    draws: tuple[Any, ...]
    examples: tuple[tuple[Any, ...], ...]
    unless: Callable[[Any], str] | None
    first: bool

    def __repr__(self) -> str:
        return f"<law {self.number} {self.name} of a {self.kind}>"

    def not_claimed(self, subject: Any) -> str:
        """The reason why this subject need not obey this law; "" if it must."""
        if self.families and not self._claimed(subject):
            claims = ", ".join(subject.claims) or "nothing"
            return f"claimed by {', '.join(self.families)}; this {self.kind} claims {claims}"
        if self.unless is None:
            return ""
        try:
            return self.unless(subject)
        except Exception:  # the subject's code fails: so will the law, whose message says how
            return ""

    def __call__(self, subject: Any) -> None:
        """Check that a subject obeys the law.

        Raises:
            LawBroken: if the subject breaks it; the message shows the smallest input found.
            ValueError: if the subject does not claim the law.
        """
        __tracebackhide__ = True
        reason = self.not_claimed(subject)
        if reason:
            raise ValueError(f"{self.name}: the law is {reason}.")
        message = None
        try:
            for arguments in self._families_of(subject):
                self._run(arguments)
        except Violation as violation:
            message = self._message(subject, violation)
        except hypothesis.errors.Flaky:
            told = Violation(
                "the same answer for the same input",
                "another one the second time",
                "hidden randomness, or state outside of tf.Variables",
                {},
            )
            message = self._message(subject, told)
        except Exception as error:  # whatever the subject's own code raises
            raised = f"{type(error).__name__}: {first_lines(error)}"
            message = self._message(subject, Violation("an answer", raised, self.likely, {}))
        if message is not None:
            raise LawBroken(message)

    def _claimed(self, subject: Any) -> list[str]:
        return [family for family in self.families if family in subject.claims]

    def _families_of(self, subject: Any) -> list[tuple[Any, ...]]:
        """The first arguments of the check: (subject,), or (subject, family) for each claim."""
        if not self.families:
            return [(subject,)]
        return [(subject, family) for family in self._claimed(subject)]

    def _run(self, arguments: tuple[Any, ...]) -> None:
        for example in self.examples:
            self.check(*arguments, *example)
        if not self.draws:
            if not self.examples:
                self.check(*arguments)
            return

        @search_settings()
        @hypothesis.given(st.tuples(*self.draws))
        def search(drawn: tuple[Any, ...]) -> None:
            self.check(*arguments, *drawn)

        search()

    def _message(self, subject: Any, violation: Violation) -> str:
        lines = [
            f"law {self.number} {self.name} is broken by the {self.kind} {name_of(subject)!r}",
            f"  law:     {self.meaning}",
            f"  formula: {self.formula}",
        ]
        if violation.inputs:
            shown = ", ".join(f"{key} = {show(value)}" for key, value in violation.inputs.items())
            lines.append(f"  input:   {shown}")
        lines.append(f"  wanted:  {show(violation.wanted)}")
        lines.append(f"  got:     {show(violation.got)}")
        lines.append(f"  likely:  {violation.likely or self.likely}")
        return "\n".join(lines)


LAWS: dict[str, list[Law]] = {kind: [] for kind in KINDS}


def law(
    number: int,
    kind: str,
    formula: str,
    likely: str,
    *,
    draws: tuple[Any, ...] = (),
    examples: tuple[tuple[Any, ...], ...] = (),
    families: tuple[str, ...] = (),
    unless: Callable[[Any], str] | None = None,
    first: bool = False,
) -> Callable[[Callable[..., None]], Law]:
    """Turn a check into a law; its name and docstring become the law's name and meaning."""

    def make(check: Callable[..., None]) -> Law:
        meaning = (check.__doc__ or "").strip().splitlines()[0].rstrip(".")
        made = Law(
            number=number,
            name=check.__name__,
            kind=kind,
            meaning=meaning,
            formula=formula,
            likely=likely,
            families=families,
            check=check,
            draws=draws,
            examples=examples,
            unless=unless,
            first=first,
        )
        LAWS[kind].append(made)
        return made

    return make


def search_settings() -> hypothesis.settings:
    """The settings for Hypothesis's search: the same search each time, within seconds.

    A profile that was loaded (`hypothesis.settings.load_profile`) takes precedence.
    """
    profile: Any = hypothesis.settings.default
    untouched = profile.max_examples == HYPOTHESIS_DEFAULT
    phases = [phase for phase in profile.phases if phase is not hypothesis.Phase.explain]
    return hypothesis.settings(
        profile,
        max_examples=EXAMPLES if untouched else profile.max_examples,
        derandomize=untouched or profile.derandomize,
        database=None,
        deadline=None,
        phases=phases,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(hypothesis.HealthCheck),
    )


def hold(condition: Any, wanted: Any, got: Any, likely: str = "", **inputs: Any) -> None:
    """Raise Violation unless the condition is true."""
    if not bool(condition):
        raise Violation(wanted, got, likely, inputs)


def name_of(subject: Any) -> str:
    """The name of a subject in messages."""
    return str(getattr(subject, "name", "") or type(subject).__name__)


def show(value: Any) -> str:
    """Format a value for a message: numbers short, arrays on one line."""
    if isinstance(value, str):
        return value
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        return repr(value)
    if array.ndim == 0:
        return f"{array[()]:.7g}"
    text = np.array2string(array, separator=", ", precision=6, threshold=24, edgeitems=3)
    return " ".join(text.split())


def first_lines(error: BaseException) -> str:
    """The first informative line of an error; TensorFlow's errors may be long."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    spoken = [line for line in lines if line != "in user code:" and not line.startswith("File ")]
    return (spoken or lines or [""])[0][:200]
