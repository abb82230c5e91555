"""What a part of z, or a direction, has to do with the factors of a face: counted, not looked at.

`generate` is z [n, d] -> images [n, S, S, 3] (`dcgan.generation.trained_generator.Generator`); `read` is images -> {factor: whole
numbers [n]} (the `predict` of a `dcgan.judge.factor_classifier`). A classifier errs, and anything that moves a face
changes something: hold each share against that of a random direction, or of a random part.
"""

import dataclasses

import numpy as np

from dcgan.latent import space
from gan_core import checks, rng

RANDOM = 5  # random directions that are averaged


@dataclasses.dataclass(frozen=True)
class Effect:
    """What became of the faces that did not have a factor's value before they were moved. Shares, from 0 to 1."""

    faces: int
    """how many those are"""
    reached: float
    """of them, the share that has the value afterwards; NaN if there are none"""
    leaks: dict[str, float]
    """other factor -> the share of them in which it changed"""

    def __str__(self) -> str:
        leaks = ", ".join(f"{name} {share:.0%}" for name, share in self.leaks.items())
        return f"{self.reached:.0%} of {self.faces} faces reached it; changed with it: {leaks or 'nothing to see'}"


def effect(
    generate, read, z, direction, factor: str, value: int, amount: float, keep_norm: bool = False
) -> Effect:
    """Set the component of each z [N, d] along a direction [d] to `amount`; look at the faces before and after."""
    before = read(generate(z))
    checks.one_of("effect", "factor", factor, before)
    others = [name for name in before if name != factor]
    without = np.asarray(before[factor]) != value
    if not without.any():
        return Effect(0, float("nan"), dict.fromkeys(others, float("nan")))
    after = read(
        generate(space.set_component(np.asarray(z)[without], direction, amount, keep_norm))
    )
    return Effect(
        faces=int(without.sum()),
        reached=float(np.mean(np.asarray(after[factor]) == value)),
        leaks={
            name: float(np.mean(np.asarray(after[name]) != np.asarray(before[name])[without]))
            for name in others
        },
    )


def factor_directions(z, labels: dict, least: float = 0.02) -> dict[str, dict[int, np.ndarray]]:
    """{factor: {value: its direction [d]}}, by `space.directions`: z [N, d], labels {factor: [N]}.

    For values that at least a share `least` of the faces have, and at least that share has not: a
    direction fitted to fewer is mostly chance. Factors without such a value are left out.
    """
    found = {}
    for factor, own in labels.items():
        shares = {value: np.mean(own == value) for value in np.unique(own)}
        found[factor] = {
            value: u
            for value, u in space.directions(z, own).items()
            if least <= shares[value] <= 1.0 - least
        }
    return {factor: values for factor, values in found.items() if values}


def less_the_others(directions: dict) -> dict[str, dict[int, np.ndarray]]:
    """Each direction without what lies in the space of all other factors' directions (Shen et al. 2020)."""

    def without(factor, u):
        others = [
            v for name, values in directions.items() if name != factor for v in values.values()
        ]
        return space.orthogonal_to(u, others) if others else u

    return {
        factor: {value: without(factor, u) for value, u in values.items()}
        for factor, values in directions.items()
    }


def changes(generate, read, z, directions: dict, amount: float) -> dict[str, dict[str, float]]:
    """{factor: {factor: share}}: a row a factor moved, a column a factor changed; means over its values.

    Where row and column are the same: the share of faces that reached what was asked. The last row,
    "a random direction", is how many faces change in each factor if z is moved as far to nowhere.
    """
    rows = {}
    for factor, values in directions.items():
        effects = [
            effect(generate, read, z, u, factor, value, amount) for value, u in values.items()
        ]
        rows[factor] = {factor: float(np.nanmean([one.reached for one in effects]))} | {
            name: float(np.nanmean([one.leaks[name] for one in effects]))
            for name in effects[0].leaks
        }
    before, nowhere = (
        read(generate(z)),
        rng.normal([RANDOM, np.shape(z)[1]], rng.seed(0, "nowhere")).numpy(),
    )
    after = [read(generate(space.set_component(z, u, amount))) for u in nowhere]
    rows["a random direction"] = {
        name: float(np.mean([one[name] != before[name] for one in after])) for name in before
    }
    return rows


def summary(rows: dict) -> tuple[float, float, float]:
    """Of the table of `changes`, three means: reached, leaked, and changed along a random direction; NaN of nothing."""
    moved = {factor: row for factor, row in rows.items() if factor in row}
    leaks = [
        share for factor, row in moved.items() for name, share in row.items() if name != factor
    ]
    reached = [row[factor] for factor, row in moved.items()]
    return tuple(
        float(np.mean(shares or [np.nan]))
        for shares in (reached, leaks, list(rows["a random direction"].values()))
    )


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
    generate, read, dim: int, fixed: int, n: int, seed: int, value: float = 1.0, parts: int = 10
):
    """Fix the first `fixed` numbers of z at a value, draw the rest, n times. -> {factor: Stays}.

    parts: how many random fixed parts of the same length, of numbers -1 and 1, it is held against.
    """
    every, again = (
        read(generate(rng.normal([n, dim], rng.seed(seed, name)).numpy()))
        for name in ("all", "again")
    )
    z = space.fix_part(dim, n, rng.seed(seed, "fixed"), fixed, value)
    held = read(generate(z))
    signs = (
        2.0 * rng.integers([parts, fixed], rng.seed(seed, "signs"), 2).numpy().astype(np.float32)
        - 1.0
    )
    random = [
        read(generate(np.concatenate([np.tile(sign, [n, 1]), z[:, fixed:]], axis=1)))
        for sign in signs
    ]
    found = {}
    for factor, labels in held.items():
        commonest, share = _commonest(labels)
        apart = [total_variation(some[factor], every[factor]) for some in (held, again, *random)]
        found[factor] = Stays(
            commonest,
            share,
            float(np.mean(every[factor] == commonest)),
            apart[0],
            float(np.mean(apart[2:])),
            apart[1],
        )
    return found


def total_variation(labels, others) -> float:
    """1/2 sum |p - q| of two samples of whole numbers [N], [M]: the share that would have to change."""
    length = int(max(np.max(labels), np.max(others))) + 1
    p, q = (np.bincount(some, minlength=length) / len(some) for some in (labels, others))
    return float(0.5 * np.abs(p - q).sum())


def _commonest(labels) -> tuple[int, float]:
    values, counts = np.unique(labels, return_counts=True)
    return int(values[counts.argmax()]), float(counts.max() / counts.sum())
