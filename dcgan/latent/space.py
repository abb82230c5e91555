"""The latent space: paths through it, simple walks, directions that change a factor.

    function        gives                                          on the prior's shell?
    lerp            the straight line from a to b                  no: half way, the norm is 0.71
    slerp           the arc from a to b                            yes, if a and b are on it
    ray, switch     simple walks from z = (1, ..., 1)              only where a formula says so
    fix_part        the first numbers are fixed, the others drawn  if what is fixed is of size 1
    set_component   z with a given coordinate along a direction    if keep_norm
    directions      the direction along which a factor changes     (of length 1)

A sample z of N(0, I) in d dimensions is hardly ever near 0, though the density is highest there.
Its squared norm is a sum of d squared normals, so nearly all samples lie near a *shell* of radius
sqrt(d). G was trained only on that shell; elsewhere it may make anything.

All arithmetic is NumPy float64; results are float32, ready for a generator.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from gan_core import checks, rng

Numbers = float | Sequence | np.ndarray

MANY = 300  # dimensions from which on the shell's radius is computed by a series
OPPOSITE = 1e-6  # radians: two float32 directions this near to opposite define no arc


def shell(dim: int) -> tuple[float, float]:
    """Mean and sd of ||z|| for z ~ N(0, I) in `dim` dimensions: those of the chi distribution.

    mean = sqrt(2) Gamma((dim + 1) / 2) / Gamma(dim / 2),  sd = sqrt(dim - mean^2); exact. In many
    dimensions near sqrt(dim - 1/2) and sqrt(1/2): 9.98 and 0.71 for 100 (Johnson, Kotz and
    Balakrishnan 1994, chapter 18). There the formulas would subtract equal numbers, so a series in
    1/dim takes their place, whose terms left out are below 1e-10 of the result:

        mean = sqrt(dim) (1 - 1/(4 d) + 1/(32 d^2) + 5/(128 d^3) - 21/(2048 d^4) - ...)
        sd^2 = 1/2 - 1/(8 d) - 1/(16 d^2) + 5/(128 d^3) + ...
    """
    checks.integer("shell", "dim", dim, 1, 10**6)
    if dim < MANY:
        log_ratio = math.lgamma((dim + 1) / 2.0) - math.lgamma(dim / 2.0)
        mean = math.sqrt(2.0) * math.exp(log_ratio)
        return mean, math.sqrt(dim - mean**2)
    h = 1.0 / dim
    mean = math.sqrt(dim) * (1.0 - h / 4 + h**2 / 32 + 5 * h**3 / 128 - 21 * h**4 / 2048)
    return mean, math.sqrt(0.5 - h / 8 - h**2 / 16 + 5 * h**3 / 128)


def norms(z: Numbers) -> np.ndarray:
    """||z||: [..., d] -> [...] float64."""
    return np.linalg.norm(_vectors("norms", "z", z), axis=-1)


# ---- from one z to another


def lerp(a: Numbers, b: Numbers, t: Numbers) -> np.ndarray:
    """The straight line, (1 - t) a + t b.

    Between two samples of the prior it leaves the shell: at t = 1/2 the squared norm is
    (|a|^2 + |b|^2) / 4, half of what it is at the ends, as independent samples are nearly at right
    angles.

    Args:
        a: [..., d].
        b: [..., d].
        t: in [0, 1], a number or [T].

    Returns:
        [..., d], or [T, ..., d] for several t.
    """
    a, b, t = _ends("lerp", a, b, t)
    return ((1.0 - t) * a + t * b).astype(np.float32)


def slerp(a: Numbers, b: Numbers, t: Numbers) -> np.ndarray:
    """The arc: the direction turns at constant speed along the great circle, the norm is linear.

    With the directions u = a/|a|, v = b/|b| and the angle w between them (Shoemake 1985; White 2016
    for latents)

        |z(t)| = (1 - t) |a| + t |b|,    z(t)/|z(t)| = [sin((1 - t) w) u + sin(t w) v] / sin w

    computed from the arc's middle, where it is cos((t - 1/2) w) m + sin((t - 1/2) w) n with m, n
    the unit vectors along u + v and v - u: no small number is divided by, even if a and b are
    parallel. z(0) = a and z(1) = b exactly.

    Args:
        a: [..., d], not 0.
        b: [..., d], not 0.
        t: in [0, 1], a number or [T].

    Returns:
        [..., d], or [T, ..., d] for several t.

    Raises:
        ValueError: where a and b are opposite: every great circle through a passes b, and none is
            nearer.
    """
    a, b, t = _ends("slerp", a, b, t)
    a_length = _length_of_end("a", a)
    b_length = _length_of_end("b", b)
    u = a / a_length
    v = b / b_length
    along = np.linalg.norm(u + v, axis=-1, keepdims=True)
    across = np.linalg.norm(v - u, axis=-1, keepdims=True)
    if np.any(along < OPPOSITE):
        way_out = (
            "No arc between them is the shortest: go by a third point, or through 0 with lerp."
        )
        checks.fail("slerp", "b", "not opposite to a", "two opposite directions", way_out)
    angle = 2.0 * np.arctan2(across, along)
    turned = (t - 0.5) * angle
    middle = (u + v) / along
    sideways = (v - u) / np.where(across > 0.0, across, 1.0)
    direction = np.cos(turned) * middle + np.sin(turned) * sideways
    arc = ((1.0 - t) * a_length + t * b_length) * direction
    arc = np.where(t == 0.0, a, arc)
    return np.where(t == 1.0, b, arc).astype(np.float32)


def _length_of_end(name: str, end: np.ndarray) -> np.ndarray:
    """[..., 1]; ValueError if it is 0."""
    length = np.linalg.norm(end, axis=-1, keepdims=True)
    if np.any(length == 0.0):
        way_out = "0 has no direction; lerp passes it."
        checks.fail("slerp", name, "other than 0", "a vector of zeros", way_out)
    return length


# ---- simple walks


def ray(dim: int, factors: Numbers = (1.0, 0.8, 0.6, 0.4)) -> np.ndarray:
    """c (1, ..., 1) for each c of factors: [len(factors), dim].

    Its norm is |c| sqrt(dim): on the shell for |c| = 1 alone.
    """
    checks.integer("ray", "dim", dim, 1)
    scales = checks.array("ray", "factors", factors, ["n"])
    return (scales[:, np.newaxis] * np.ones(dim)).astype(np.float32)


def switch(
    dim: int,
    lengths: Sequence[int] = (0, 10, 20, 30, 40, 50, 60, 70, 80, 90),
    values: Numbers = -1.0,
) -> np.ndarray:
    """(1, ..., 1) with its first lengths[n] numbers set to values[n].

    For values of size 1 the norm stays sqrt(dim): on the shell.

    Args:
        dim: how many numbers z has.
        lengths: how many are set, in each row.
        values: what they are set to: a number for all rows, or one for each.

    Returns:
        [len(lengths), dim].
    """
    owner = "switch"
    checks.integer(owner, "dim", dim, 1)
    lengths = [checks.integer(owner, "each of lengths", int(n), 0, dim) for n in lengths]
    values = checks.array(owner, "values", values, [...], at_least=0)
    if values.shape not in ((), (len(lengths),)):
        wanted = f"a number, or {len(lengths)}, one for each length"
        checks.fail(owner, "values", wanted, checks.show_shape(values.shape))
    is_set = np.arange(dim) < np.array(lengths)[:, np.newaxis]
    of_each_row = np.broadcast_to(values, len(lengths))[:, np.newaxis]
    return np.where(is_set, of_each_row, 1.0).astype(np.float32)


def fix_part(dim: int, n: int, seed: tf.Tensor, fixed: int = 35, value: float = 1.0) -> np.ndarray:
    """The first `fixed` numbers are `value`, the others drawn from N(0, 1).

    The mean squared norm is fixed value^2 + dim - fixed: the prior's, `dim`, if |value| = 1.

    Args:
        dim: how many numbers z has.
        n: how many z.
        seed: [2] int64 of `gan_core.rng`.
        fixed: how many numbers are fixed.
        value: at what.

    Returns:
        [n, dim].
    """
    owner = "fix_part"
    checks.integer(owner, "dim", dim, 1)
    checks.integer(owner, "n", n, 1)
    checks.integer(owner, "fixed", fixed, 0, dim)
    z = rng.normal([n, dim], seed).numpy()
    z[:, :fixed] = checks.number(owner, "value", value)
    return z


def simple_walks(dim: int = 100, seed: int = 0) -> dict[str, np.ndarray]:
    """Three walks that tutorials show: scaling, flipping signs, and a fixed part.

    They are made for 100 numbers, and scaled to `dim`.

    Returns:
        {title: z [n, dim]}.
    """
    tenth = dim // 10
    fixed = 35 * dim // 100
    part = fix_part(dim, 10, rng.seed(seed, "the lab's"), fixed)
    return {
        "c (1, ..., 1), c = 1, .8, .6, .4": ray(dim),
        f"ones, the first {tenth}n set to -1": switch(dim, [tenth * n for n in range(10)]),
        f"the first {fixed} are 1, the others drawn": part,
    }


def further_walks(dim: int = 100, seed: int = 0) -> dict[str, np.ndarray]:
    """Three more of the same kinds, with negative numbers."""
    fifth = dim // 5
    fixed = 35 * dim // 100
    lengths = [fifth * n for n in range(5)]
    values = [-0.5 * n for n in range(5)]
    part = fix_part(dim, 10, rng.seed(seed, "the lab's"), fixed, -1.0)
    return {
        "c (1, ..., 1), c = -1, -.8, -.6, -.4": ray(dim, [-1.0, -0.8, -0.6, -0.4]),
        f"ones, the first {fifth}n set to -.5n": switch(dim, lengths, values),
        f"the first {fixed} are -1, the others drawn": part,
    }


# ---- along a direction


def coordinate(dim: int, k: int) -> np.ndarray:
    """The direction of z's k-th number: [dim], 1 at k and 0 elsewhere."""
    checks.integer("coordinate", "dim", dim, 1)
    checks.integer("coordinate", "k", k, 0, dim - 1)
    return np.eye(1, dim, k, dtype=np.float32)[0]


def set_component(
    z: Numbers, direction: Numbers, value: Numbers, keep_norm: bool = False
) -> np.ndarray:
    """z with its component along a direction set: z - (z.u) u + value u.

    Here u = direction / |direction|.

    Along any direction the prior's components are N(0, 1), so -3 to 3 is nearly all that G has
    seen.

    Args:
        z: [..., d].
        direction: [d], not 0.
        value: a number or [T].
        keep_norm: scale what is not along u so that |z| stays what it was. The component still is
            `value`, which then may not be larger than |z|.

    Returns:
        [..., d], or [T, ..., d] for several values.
    """
    owner = "set_component"
    z = _vectors(owner, "z", z)
    u = _unit(owner, checks.array(owner, "direction", direction, z.shape[-1:]))
    value = checks.array(owner, "value", value, [...], at_least=0)
    value = value.reshape(*value.shape, *[1] * z.ndim)
    rest = z - (z @ u)[..., np.newaxis] * u
    if keep_norm:
        rest = rest * _scale_of_rest(owner, z, rest, value)
    return (rest + value * u).astype(np.float32)


def _scale_of_rest(owner: str, z: np.ndarray, rest: np.ndarray, value: np.ndarray) -> np.ndarray:
    """By what the rest of z is multiplied so that with a component of `value` the norm is |z|."""
    length = np.linalg.norm(z, axis=-1, keepdims=True)
    left = np.linalg.norm(rest, axis=-1, keepdims=True)
    too_large = np.abs(value) > length
    nothing_left = (left < 1e-9 * length) & (np.abs(value) < length)
    if np.any(too_large) or np.any(nothing_left):
        checks.fail(
            owner,
            "value",
            f"of size at most |z| = {length.min():.3g}, and z not along the direction",
            f"{np.abs(value).max():.3g}",
            "Choose smaller values, or do not keep the norm.",
        )
    return np.sqrt(length**2 - value**2) / np.where(left > 0.0, left, 1.0)


def directions(z: Numbers, labels: Sequence[int] | np.ndarray) -> dict[int, np.ndarray]:
    """For each value of a factor, the direction in which it becomes more likely.

    Least squares: for each value the w of the plane w.z + c nearest to "the face has it" (1 or 0),
    divided by its length. For z of the prior w is, up to its length, mean(z | has it) - mean(z |
    has not), less the chance correlations of this sample (Fisher 1936). Values that no face has, or
    all, have no direction.

    Args:
        z: [N, d] with N over d + 1.
        labels: whole numbers [N]: the factor's value in the face that G makes of each z.

    Returns:
        {value: [d] of length 1}.
    """
    owner = "directions"
    z = checks.array(owner, "z", z, ["N", "d"])
    labels = np.asarray(labels)
    if len(z) <= z.shape[1] + 1:
        came = checks.show_shape(z.shape)
        checks.fail(owner, "z", "[N, d] with N over d + 1", came, "Draw more samples.")
    if labels.shape != z.shape[:1] or labels.dtype.kind not in "iu":
        came = f"{checks.show_shape(labels.shape)} {labels.dtype}"
        checks.fail(owner, "labels", f"[{len(z)}] whole numbers", came)
    values = np.unique(labels)
    if len(values) == 1:
        return {}
    has = (labels[:, np.newaxis] == values).astype(np.float64)
    planes = np.linalg.lstsq(z - z.mean(axis=0), has - has.mean(axis=0), rcond=None)[0]
    return {
        int(value): _unit(owner, w).astype(np.float32)
        for value, w in zip(values, planes.T, strict=True)
    }


def orthogonal_to(direction: Numbers, others: Numbers) -> np.ndarray:
    """What is left of a direction outside the space that others span, of length 1.

    Moving along it leaves every linear score along the others as it was (Shen et al. 2020).

    Args:
        direction: [d].
        others: [m, d].

    Raises:
        ValueError: if nothing is left, as where the others span the whole space.
    """
    left = outside(direction, others)
    if left is None:
        wanted = "outside the space of the others"
        checks.fail("orthogonal_to", "direction", wanted, "one inside it")
    return left


def outside(direction: Numbers, others: Numbers) -> np.ndarray | None:
    """What `orthogonal_to` gives, or None where nothing is left."""
    owner = "orthogonal_to"
    direction = checks.array(owner, "direction", direction, ["d"])
    others = checks.array(owner, "others", others, ["m", len(direction)], at_least=0)
    _, sizes, axes = np.linalg.svd(others, full_matrices=False)
    axes = axes[sizes > 1e-9 * max(sizes.max(initial=0.0), 1e-300)]
    left = direction - axes.T @ (axes @ direction)
    if np.linalg.norm(left) < 1e-6 * np.linalg.norm(direction):
        return None
    return _unit(owner, left).astype(np.float32)


def _unit(owner: str, direction: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(direction)
    if length == 0.0:
        checks.fail(owner, "direction", "other than 0", "a vector of zeros")
    return direction / length


def _ends(
    owner: str, a: Numbers, b: Numbers, t: Numbers
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """a, b [..., d] float64, and t with as many axes of size 1 behind it."""
    a = _vectors(owner, "a", a)
    b = _vectors(owner, "b", b)
    t = checks.array(owner, "t", t, [...], at_least=0)
    if a.shape != b.shape:
        wanted = f"{checks.show_shape(a.shape)}, as a is"
        checks.fail(owner, "b", wanted, checks.show_shape(b.shape))
    if t.ndim > 1 or np.any((t < 0.0) | (t > 1.0)):
        checks.fail(owner, "t", "from 0 to 1, a number or a list of them", str(t.tolist()))
    return a, b, t.reshape(*t.shape, *[1] * a.ndim)


def _vectors(owner: str, name: str, value: Numbers) -> np.ndarray:
    """[..., d] float64, finite; there may be none."""
    return checks.array(owner, name, value, [..., "d"], at_least=0)
