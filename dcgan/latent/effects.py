"""Measure, by counting, how a part of z or a direction affects the factors of a face.

`generate` is z [n, d] -> images [n, S, S, 3] (`dcgan.generation.trained_generator.Generator`);
`read` is images -> {factor: whole numbers [n]} (the `predict` of a classifier of factors,
`dcgan.judge.factor_classifier`). A classifier makes errors, and every change of z changes some
factor. So compare each share with that of a random direction, or of a random part of z.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from dcgan.latent import space
from gan_core import checks, rng

RANDOM = 5  # random directions that are averaged

Generate = Callable[[np.ndarray], np.ndarray]
Labels = dict[str, np.ndarray]
Read = Callable[[np.ndarray], Labels]
Directions = dict[str, dict[int, np.ndarray]]


@dataclasses.dataclass(frozen=True)
class Effect:
    """How moving z changed those faces that did not have a factor's value before.

    Shares are from 0 to 1.
    """

    faces: int
    """how many those are"""
    reached: float
    """of them, the share that has the value afterwards; NaN if there are none"""
    leaks: dict[str, float]
    """other factor -> the share of them in which it changed"""

    def __str__(self) -> str:
        leaks = ", ".join(f"{name} {share:.0%}" for name, share in self.leaks.items())
        reached = f"{self.reached:.0%} of {self.faces} faces reached it"
        return f"{reached}; changed with it: {leaks or 'nothing to see'}"


def effect(
    generate: Generate,
    read: Read,
    z: np.ndarray,
    direction: np.ndarray,
    factor: str,
    value: int,
    amount: float,
    keep_norm: bool = False,
    before: Labels | None = None,
) -> Effect:
    """Set the component of each z along a direction to `amount`; read the faces before and after.

    Args:
        generate: z [n, d] -> images.
        read: images -> {factor: [n]}.
        z: [N, d].
        direction: [d].
        factor: the factor that should change.
        value: the value that it should get.
        amount: the component's new value; the prior's sd is 1.
        keep_norm: scale the rest of z so that its norm stays (`space.set_component`).
        before: what the faces are read as before, if that is known already.
    """
    if before is None:
        before = read(generate(z))
    checks.one_of("effect", "factor", factor, before)
    others = [name for name in before if name != factor]
    without = np.asarray(before[factor]) != value
    if not without.any():
        return Effect(0, float("nan"), dict.fromkeys(others, float("nan")))
    moved = space.set_component(np.asarray(z)[without], direction, amount, keep_norm)
    after = read(generate(moved))
    leaks = {}
    for name in others:
        changed = np.asarray(after[name]) != np.asarray(before[name])[without]
        leaks[name] = float(np.mean(changed))
    reached = float(np.mean(np.asarray(after[factor]) == value))
    return Effect(int(without.sum()), reached, leaks)


def factor_directions(z: np.ndarray, labels: Labels, least: float = 0.02) -> Directions:
    """The direction of each value of each factor, by `space.directions`.

    Only for values that at least a share `least` of the faces have, and at least that share has
    not: a direction fitted to fewer is mostly chance. Factors without such a value are left out.

    Args:
        z: [N, d].
        labels: {factor: [N]}.
        least: between 0 and 1/2.

    Returns:
        {factor: {value: [d]}}.
    """
    found = {}
    for factor, own in labels.items():
        shares = {value: np.mean(own == value) for value in np.unique(own)}
        values = {
            value: u
            for value, u in space.directions(z, own).items()
            if least <= shares[value] <= 1.0 - least
        }
        if values:
            found[factor] = values
    return found


def less_the_others(directions: Directions) -> Directions:
    """Each direction without what lies in the space of all other factors' directions.

    (Shen et al. 2020.) A direction of which nothing is left is left out, and so is a factor that
    has no other one: in few dimensions the directions of the others may span the whole space.
    """
    found: Directions = {}
    for factor, values in directions.items():
        others = [u for name, own in directions.items() if name != factor for u in own.values()]
        for value, u in values.items():
            left = space.outside(u, others) if others else u
            if left is not None:
                found.setdefault(factor, {})[value] = left
    return found


def changes(
    generate: Generate, read: Read, z: np.ndarray, directions: Directions, amount: float
) -> dict[str, dict[str, float]]:
    """A table: a row for each factor that is moved, a column for each factor that changes.

    Each number is a mean over the factor's values. Where row and column are the same: the share of
    faces that reached what was asked. The last row, "a random direction", says how many faces
    change in each factor if z is moved as far in a direction that means nothing.
    """
    rows = {}
    before = read(generate(z))
    for factor, values in directions.items():
        effects = [
            effect(generate, read, z, u, factor, value, amount, before=before)
            for value, u in values.items()
        ]
        row = {factor: float(np.nanmean([one.reached for one in effects]))}
        for name in effects[0].leaks:
            row[name] = float(np.nanmean([one.leaks[name] for one in effects]))
        rows[factor] = row
    nowhere = rng.normal([RANDOM, np.shape(z)[1]], rng.seed(0, "nowhere")).numpy()
    after = [read(generate(space.set_component(z, u, amount))) for u in nowhere]
    changed = {}
    for name in before:
        changed[name] = float(np.mean([one[name] != before[name] for one in after]))
    rows["a random direction"] = changed
    return rows


def summary(rows: dict[str, dict[str, float]]) -> tuple[float, float, float]:
    """Three means of the table of `changes`; NaN of nothing.

    Returns:
        reached, leaked, and changed along a random direction.
    """
    reached = []
    leaked = []
    for factor, row in rows.items():
        if factor in row:
            reached.append(row[factor])
            leaked += [share for name, share in row.items() if name != factor]
    random = list(rows["a random direction"].values())
    return _mean(reached), _mean(leaked), _mean(random)


def _mean(shares: list[float]) -> float:
    return float(np.mean(shares)) if shares else float("nan")


@dataclasses.dataclass(frozen=True)
class Stays:
    """What holding a part of z does to one factor."""

    value: int
    """the commonest value among faces with the fixed part"""
    held: float
    """its share among them"""
    among_all: float
    """its share among all faces"""
    apart: float
    """total variation between the two distributions of values"""
    random: float
    """the same for fixed parts of random signs, on average"""
    chance: float
    """the same for two samples of the prior: what is measured where nothing is"""


def what_stays(
    generate: Generate,
    read: Read,
    dim: int,
    fixed: int,
    n: int,
    seed: int,
    value: float = 1.0,
    parts: int = 10,
) -> dict[str, Stays]:
    """Fix the first `fixed` numbers of z at a value, draw the rest, n times.

    Args:
        generate: z [n, d] -> images.
        read: images -> {factor: [n]}.
        dim: how many numbers z has.
        fixed: how many of them, the first ones, are fixed.
        n: faces behind every share.
        seed: the seed of all draws.
        value: what they are fixed at.
        parts: how many random fixed parts of the same length, of numbers -1 and 1, it is compared
            with.

    Returns:
        {factor: Stays}.
    """
    every = read(generate(rng.normal([n, dim], rng.seed(seed, "all")).numpy()))
    again = read(generate(rng.normal([n, dim], rng.seed(seed, "again")).numpy()))
    z = space.fix_part(dim, n, rng.seed(seed, "fixed"), fixed, value)
    held = read(generate(z))
    coins = rng.integers([parts, fixed], rng.seed(seed, "signs"), 2).numpy()
    random_parts = []
    for sign in 2.0 * coins.astype(np.float32) - 1.0:
        start = np.tile(sign, [n, 1])
        random_parts.append(read(generate(np.concatenate([start, z[:, fixed:]], axis=1))))
    found = {}
    for factor, labels in held.items():
        among_all = every[factor]
        commonest, share = _commonest(labels)
        random = [total_variation(part[factor], among_all) for part in random_parts]
        found[factor] = Stays(
            value=commonest,
            held=share,
            among_all=float(np.mean(among_all == commonest)),
            apart=total_variation(labels, among_all),
            random=float(np.mean(random)),
            chance=total_variation(again[factor], among_all),
        )
    return found


def total_variation(labels: np.ndarray, others: np.ndarray) -> float:
    """1/2 sum |p - q| of two samples of labels: the share that would have to change.

    Args:
        labels: whole numbers [N] from 0 up.
        others: whole numbers [M] from 0 up.
    """
    labels = _labels("labels", labels)
    others = _labels("others", others)
    length = int(max(labels.max(), others.max())) + 1
    p = np.bincount(labels, minlength=length) / len(labels)
    q = np.bincount(others, minlength=length) / len(others)
    return float(0.5 * np.abs(p - q).sum())


def _labels(name: str, values: np.ndarray) -> np.ndarray:
    """Whole numbers [N] from 0 up, at least one."""
    wanted = "whole numbers [N] from 0 up, at least one"
    try:
        array = np.asarray(values)
    except ValueError:
        checks.fail("total_variation", name, wanted, "lists of unequal lengths")
    is_whole = array.dtype.kind in "iub" and array.ndim == 1 and array.size > 0
    if not is_whole or array.min() < 0:
        came = f"{checks.show_shape(array.shape)} of {array.dtype}"
        checks.fail("total_variation", name, wanted, came)
    return array.astype(np.int64)


def _commonest(labels: np.ndarray) -> tuple[int, float]:
    """The most frequent value, and its share."""
    values, counts = np.unique(labels, return_counts=True)
    return int(values[counts.argmax()]), float(counts.max() / counts.sum())
