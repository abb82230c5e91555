"""Check subjects against their laws: one by one, all at once, as a table, and in pytest."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from gan_core import checks
from gan_core.losses import GANLoss
from gan_core.testing import (
    augmentation_laws,  # noqa: F401  each module enters its laws into LAWS
    latent_laws,  # noqa: F401
    layer_laws,  # noqa: F401
    loss_families,  # noqa: F401
    loss_laws,  # noqa: F401
    network_laws,  # noqa: F401
    optimizer_laws,  # noqa: F401
    penalty_laws,  # noqa: F401
    subjects,
)
from gan_core.testing.law import LAWS, Law, LawBroken, name_of

HOLDS = "holds"
BROKEN = "BROKEN"
NOT_CLAIMED = "not claimed"
NOT_JUDGED = "not judged"

Expected = Mapping[str, str] | Callable[[Any], Mapping[str, str]] | None


@dataclasses.dataclass(frozen=True)
class Verdict:
    """The result of a law: `outcome` (holds, BROKEN, not claimed, not judged) and a `message`.

    Example:
        >>> from gan_core import losses, testing
        >>> law = testing.laws_of(losses.MINIMAX)[0]
        >>> Verdict(law, HOLDS).message
        ''
    """

    law: Law
    outcome: str
    message: str = ""


def laws_of(subject: Any) -> list[Law]:
    """The laws that a subject must obey: those of its kind, and those of its claims.

    Args:
        subject: a GANLoss, or a wrapper such as testing.Penalty.

    Example:
        >>> from gan_core import losses, testing
        >>> [law.name for law in testing.laws_of(losses.WASSERSTEIN) if law.number == 15]
        ['wasserstein_is_linear_and_blind_to_a_shift']
    """
    kind = subjects.kind_of("testing.laws_of", subject)
    return [law for law in LAWS[kind] if not law.not_claimed(subject)]


def judge(subject: Any) -> list[Verdict]:
    """Check every law of the subject's kind, also after one is broken.

    If a law that must come first is broken (such as a loss that is not a scalar), the others are
    not judged.

    Args:
        subject: a GANLoss, or a wrapper such as testing.Penalty.

    Returns:
        One verdict for each law.
    """
    kind = subjects.kind_of("testing.judge", subject)
    verdicts: list[Verdict] = []
    broken_first = ""
    for law in LAWS[kind]:
        reason = law.not_claimed(subject)
        if reason:
            verdicts.append(Verdict(law, NOT_CLAIMED, reason))
        elif broken_first:
            verdicts.append(Verdict(law, NOT_JUDGED, f"{broken_first} is broken"))
        else:
            verdict = _verdict(law, subject)
            verdicts.append(verdict)
            if law.first and verdict.outcome == BROKEN:
                broken_first = law.name
    return verdicts


def _verdict(law: Law, subject: Any) -> Verdict:
    try:
        law(subject)
    except LawBroken as broken:
        return Verdict(law, BROKEN, str(broken))
    return Verdict(law, HOLDS)


def report(subject: Any) -> str:
    """Make a table of all laws of the subject's kind: law, holds / BROKEN / not claimed, meaning.

    Counterexamples of the broken laws follow. Use it as print(testing.report(MY_LOSS)).

    Args:
        subject: a GANLoss, or a wrapper such as testing.Penalty.

    Returns:
        The table as text.
    """
    return table(subject, judge(subject))


def table(subject: Any, verdicts: list[Verdict]) -> str:
    """Make the table of `report` from the verdicts of `judge`.

    Args:
        subject: the subject that was judged.
        verdicts: all its verdicts.

    Returns:
        The table as text.
    """
    kind = verdicts[0].law.kind
    claims = ", ".join(subject.claims) or "nothing"
    lines = [f"The {kind} {name_of(subject)!r}, which claims {claims}", ""]
    width = max(len(verdict.law.name) for verdict in verdicts)
    lines.append(f"law  {'name':{width}}  {'verdict':11}  meaning")
    for verdict in verdicts:
        law = verdict.law
        meaning = law.meaning
        if verdict.message and verdict.outcome != BROKEN:
            meaning = f"({verdict.message})"
        lines.append(f"{law.number:3}  {law.name:{width}}  {verdict.outcome:11}  {meaning}")
    for verdict in verdicts:
        if verdict.outcome == BROKEN:
            lines += ["", verdict.message]
    counted = collections.Counter(verdict.outcome for verdict in verdicts)
    counts = [
        f"{counted[HOLDS]} hold",
        f"{counted[BROKEN]} broken",
        f"{counted[NOT_CLAIMED]} not claimed",
    ]
    lines += ["", ", ".join(counts)]
    return "\n".join(lines)


def _check(owner: str, kind: str, subject: Any) -> None:
    __tracebackhide__ = True
    came = subjects.kind_of(owner, subject)
    if came != kind:
        checks.fail(owner, "the subject", f"a {kind}", f"a {came}", f"Use testing.check_{came}.")
    broken = [verdict.message for verdict in judge(subject) if verdict.outcome == BROKEN]
    if broken:
        laws = "law" if len(broken) == 1 else "laws"
        title = f"{name_of(subject)!r} breaks {len(broken)} {laws}:"
        raise LawBroken("\n\n".join([title, *broken]))


def check_loss(loss: GANLoss) -> None:
    """Check a loss against every law that it must obey; this takes some seconds.

    Args:
        loss: a GANLoss; its `claims` name the families whose laws it must obey.

    Raises:
        LawBroken: if laws are broken; the message lists each with the smallest counterexample and
            the likely mistake.
        ValueError: if it is not a GANLoss, or its functions take other arguments.

    Example:
        >>> from gan_core import losses, testing
        >>> testing.check_loss(losses.HINGE)
    """
    __tracebackhide__ = True
    if not isinstance(loss, GANLoss):
        checks.fail(
            "testing.check_loss",
            "loss",
            "a gan_core.losses.GANLoss",
            f"{type(loss).__name__} {loss!r}"[:120],
            "Make one: GANLoss('mine', discriminator, generator).",
        )
    _check("testing.check_loss", "loss", loss)


def check_penalty(penalty: subjects.Penalty) -> None:
    """Check a testing.Penalty against the laws of gradient penalties; raises as check_loss does."""
    __tracebackhide__ = True
    _check("testing.check_penalty", "penalty", penalty)


def check_layer(layer: subjects.Layer) -> None:
    """Check a testing.Layer against the laws of layers; raises as check_loss does."""
    __tracebackhide__ = True
    _check("testing.check_layer", "layer", layer)


def check_optimizer(optimizer: subjects.Optimizer) -> None:
    """Check a testing.Optimizer against the laws of optimizers; raises as check_loss does."""
    __tracebackhide__ = True
    _check("testing.check_optimizer", "optimizer", optimizer)


def check_generator(generator: subjects.Generator) -> None:
    """Check a testing.Generator against the laws of generators; raises as check_loss does."""
    __tracebackhide__ = True
    _check("testing.check_generator", "generator", generator)


def check_discriminator(discriminator: subjects.Discriminator) -> None:
    """Check a testing.Discriminator against its laws; raises as check_loss does."""
    __tracebackhide__ = True
    _check("testing.check_discriminator", "discriminator", discriminator)


def check_latent(latent: subjects.Latent) -> None:
    """Check a testing.Latent against the laws of priors of z; raises as check_loss does."""
    __tracebackhide__ = True
    _check("testing.check_latent", "latent", latent)


def check_augmentation(augmentation: subjects.Augmentation) -> None:
    """Check a testing.Augmentation against the laws of augmentations; raises as check_loss does."""
    __tracebackhide__ = True
    _check("testing.check_augmentation", "augmentation", augmentation)


def parametrize_with_laws(
    of: Iterable[Any], expected_failures: Expected = None
) -> pytest.MarkDecorator:
    """Make a pytest decorator: one test for each subject and law; the test takes (subject, law).

        @testing.parametrize_with_laws([MY_LOSS], expected_failures={"law_name": "why"})
        def test_loss(subject, law):
            law(subject)

    A law that a subject does not claim is reported as skipped.

    Args:
        of: the subjects: GANLoss objects and wrappers such as testing.Penalty.
        expected_failures: {name of a law: why it is broken}, or a function from a subject to such a
            dict. A law that is listed here but holds is a failure, too.

    Raises:
        ValueError: if one of them is not a subject, or no subject has a law of that name.
    """
    owner = "testing.parametrize_with_laws"
    if not isinstance(of, list | tuple) or not of:
        checks.fail(owner, "the subjects", "a list of at least one", repr(of))
    parameters = []
    for subject in of:
        kind = subjects.kind_of(owner, subject)
        expected = _expected(owner, kind, subject, expected_failures)
        for law in LAWS[kind]:
            marks = _marks(law, subject, expected)
            name = f"{name_of(subject)}-{law.name}"
            parameters.append(pytest.param(subject, law, id=name, marks=marks))
    return pytest.mark.parametrize(("subject", "law"), parameters)


def _expected(owner: str, kind: str, subject: Any, given: Expected) -> Mapping[str, str]:
    expected = given(subject) if callable(given) else given
    expected = {} if expected is None else expected
    if not isinstance(expected, Mapping):
        checks.fail(owner, "expected_failures", "{name of a law: why}", repr(expected))
    held_to = [law.name for law in LAWS[kind] if not law.not_claimed(subject)]
    for name in expected:
        if name not in held_to:
            checks.fail(
                owner,
                f"expected_failures of {name_of(subject)!r}",
                f"names of laws that it is held to ({', '.join(held_to)})",
                repr(name),
            )
    return expected


def _marks(law: Law, subject: Any, expected: Mapping[str, str]) -> list[Any]:
    reason = law.not_claimed(subject)
    if reason:
        return [pytest.mark.skip(reason=reason)]
    if law.name in expected:
        why = expected[law.name]
        return [pytest.mark.xfail(strict=True, raises=LawBroken, reason=why)]
    return []
