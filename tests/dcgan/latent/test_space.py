"""Paths through the space of z: laws of lerp and slerp, norms by their formulas,
directions that were put there.
"""

import hypothesis.extra.numpy as npst
import mpmath
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dcgan.latent import space
from gan_core import rng
from gan_core.testing import strategies


def vectors(size):
    return npst.arrays(np.float32, size, elements=strategies.finite(100.0))


ENDS = st.sampled_from([2, 3, 100]).flatmap(lambda size: st.tuples(vectors(size), vectors(size)))
T = st.floats(0.0, 1.0, allow_subnormal=False)


def angle(a, b):
    """Between two directions, exact near 0 and near pi too (Kahan 2006)."""
    u, v = (x / np.linalg.norm(x.astype(np.float64)) for x in (a, b))
    return 2.0 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v))


def assume_an_arc(a, b):
    assume(min(np.linalg.norm(a), np.linalg.norm(b)) > 1e-3)
    assume(angle(a, b) < np.pi - 1e-3)


# ---- lerp and slerp


@pytest.mark.parametrize("path", [space.lerp, space.slerp])
@given(ends=ENDS)
def test_a_path_begins_at_a_and_ends_at_b_bit_for_bit(path, ends):
    a, b = ends
    assume_an_arc(a, b)
    np.testing.assert_array_equal(path(a, b, [0.0, 1.0]), [a, b])
    np.testing.assert_array_equal(path(a, b, 1.0), b)


@pytest.mark.parametrize("path", [space.lerp, space.slerp])
@given(ends=ENDS, t=T)
def test_a_path_backwards_is_the_same_path(path, ends, t):
    a, b = ends
    assume_an_arc(a, b)
    np.testing.assert_allclose(path(a, b, t), path(b, a, 1.0 - t), rtol=1e-6, atol=1e-4)


@given(ends=ENDS, t=T)
def test_on_the_arc_the_norm_changes_linearly(ends, t):
    """So for equal norms it is constant, and two points of the shell are joined along it."""
    a, b = ends
    assume_an_arc(a, b)
    lengths = space.norms([a, b])
    np.testing.assert_allclose(
        space.norms(space.slerp(a, b, t)), (1.0 - t) * lengths[0] + t * lengths[1], rtol=1e-6
    )


@given(ends=ENDS, t=T)
def test_on_the_arc_the_angle_grows_evenly(ends, t):
    a, b = ends
    assume_an_arc(a, b)
    whole = angle(a, b)
    middle = space.slerp(a, b, t)
    assert angle(a, middle) == pytest.approx(t * whole, abs=1e-5)
    assert angle(middle, b) == pytest.approx((1.0 - t) * whole, abs=1e-5)


@given(ends=ENDS, t=T)
def test_slerp_is_shoemakes_formula(ends, t):
    a, b = (end.astype(np.float64) for end in ends)
    assume_an_arc(*ends)
    w = angle(*ends)
    assume(w > 1e-3)  # the formula divides by sin w
    u = a / np.linalg.norm(a)
    v = b / np.linalg.norm(b)
    direction = (np.sin((1.0 - t) * w) * u + np.sin(t * w) * v) / np.sin(w)
    expected = ((1.0 - t) * np.linalg.norm(a) + t * np.linalg.norm(b)) * direction
    np.testing.assert_allclose(space.slerp(*ends, t), expected, rtol=1e-5, atol=1e-4)


@given(ends=ENDS, t=T, scale=st.sampled_from([1e-6, 0.25, 1e6]))
def test_slerp_scales_with_its_ends(ends, t, scale):
    a, b = ends
    assume_an_arc(a, b)
    np.testing.assert_allclose(
        space.slerp(scale * a.astype(float), scale * b.astype(float), t),
        scale * space.slerp(a, b, t).astype(float),
        rtol=1e-5,
        atol=2e-5 * scale,
    )


def test_a_quarter_circle():
    path = space.slerp([2.0, 0.0], [0.0, 2.0], [0.0, 1 / 3, 0.5, 1.0])
    np.testing.assert_allclose(path, [[2, 0], [3**0.5, 1], [2**0.5, 2**0.5], [0, 2]], atol=1e-6)
    np.testing.assert_allclose(space.lerp([2.0, 0.0], [0.0, 2.0], 0.5), [1.0, 1.0])


@pytest.mark.parametrize("nearly", [0.0, 1e-30, 1e-7, 1e-3])
def test_parallel_and_nearly_parallel_ends_are_no_trouble(nearly):
    a = np.array([3.0, 0.0])
    b = np.array([5.0, 5.0 * nearly])
    path = space.slerp(a, b, [0.0, 0.25, 0.5, 1.0])
    np.testing.assert_allclose(path[:, 0], [3.0, 3.5, 4.0, 5.0], rtol=1e-5)
    np.testing.assert_allclose(
        path[:, 1], path[:, 0] * nearly * [0.0, 0.25, 0.5, 1.0], rtol=1e-3, atol=1e-30
    )


def test_opposite_ends_are_refused_as_long_as_no_arc_is_the_shortest():
    with pytest.raises(
        ValueError,
        match=r"slerp: b must be not opposite to a, got two opposite directions\. No arc",
    ):
        space.slerp(np.ones(100), -2.0 * np.ones(100), 0.5)
    almost = space.slerp([1.0, 0.0], [-1.0, 1e-4], 0.5)  # these two say on which side
    np.testing.assert_allclose(almost, [0.0, 1.0], atol=1e-4)


def test_zero_has_no_direction_but_a_line_through_it():
    for ends in ((np.zeros(3), np.ones(3)), (np.ones(3), np.zeros(3))):
        with pytest.raises(
            ValueError, match=r"slerp: [ab] must be other than 0, got a vector of zeros"
        ):
            space.slerp(*ends, 0.5)
        np.testing.assert_array_equal(space.lerp(*ends, 0.5), 0.5 * np.ones(3))


@pytest.mark.parametrize("path", [space.lerp, space.slerp])
def test_many_pairs_at_many_times(path):
    a, b = rng.normal([2, 4, 5], rng.seed(0, "ends")).numpy()
    both = path(a, b, [0.0, 0.3, 1.0])
    assert both.shape == (3, 4, 5)
    assert both.dtype == np.float32
    np.testing.assert_array_equal(both[1, 2], path(a[2], b[2], 0.3))


def test_two_samples_of_the_prior_slerp_keeps_to_the_shell_and_lerp_does_not():
    a, b = rng.normal([2, 1000, 100], rng.seed(0, "prior")).numpy()
    mean, sd = space.shell(100)
    assert abs(space.norms(space.slerp(a, b, 0.5)).mean() - mean) < 0.1
    assert abs(space.norms(space.lerp(a, b, 0.5)).mean() - mean / 2**0.5) < 0.1
    assert space.norms(space.lerp(a, b, 0.5)).mean() < mean - 3 * sd


@pytest.mark.parametrize(
    ("a", "b", "t", "words"),
    [
        ([1.0, 2.0], [1.0], 0.5, r"b must be \[2\], as a is, got \[1\]"),
        (1.0, 2.0, 0.5, r"a must be \[\.\.\., d\] of numbers, got \[\]"),
        ([1.0], [2.0], 1.5, "t must be from 0 to 1, a number or a list of them, got 1.5"),
        ([1.0], [2.0], [-0.1], "t must be from 0 to 1"),
        ([1.0], [np.nan], 0.5, "b must be finite, got 1 of 1 values NaN"),
        ("z", [1.0], 0.5, "a must be .* of numbers, got a str that is no array"),
    ],
)
def test_bad_ends_and_times_are_named(a, b, t, words):
    for path in (space.lerp, space.slerp):
        with pytest.raises(ValueError, match=f"{path.__name__}: {words}"):
            path(a, b, t)


# ---- the shell and simple walks


def test_the_shell_is_the_chi_distributions():
    np.testing.assert_allclose(space.shell(1), [(2 / np.pi) ** 0.5, (1 - 2 / np.pi) ** 0.5])
    np.testing.assert_allclose(space.shell(2), [(np.pi / 2) ** 0.5, (2 - np.pi / 2) ** 0.5])
    lengths = space.norms(rng.normal([20_000, 100], rng.seed(0, "shell")).numpy())
    np.testing.assert_allclose(space.shell(100), [lengths.mean(), lengths.std()], rtol=0.02)
    for dim in (10_000, 100_000):
        np.testing.assert_allclose(space.shell(dim), [(dim - 0.5) ** 0.5, 0.5**0.5], rtol=1e-3)


@pytest.mark.parametrize("dim", [1, 2, 50, 299, 300, 301, 1000, 31_415, 10**6])
def test_the_shell_keeps_its_digits_in_any_dimension(dim):
    """Against 60 digits: in a million dimensions mean^2 has the first ten digits of dim."""
    with mpmath.workdps(60):
        log_ratio = mpmath.loggamma(mpmath.mpf(dim + 1) / 2) - mpmath.loggamma(mpmath.mpf(dim) / 2)
        mean = mpmath.sqrt(2) * mpmath.exp(log_ratio)
        want = [float(mean), float(mpmath.sqrt(dim - mean**2))]
    np.testing.assert_allclose(space.shell(dim), want, rtol=5e-11)


def test_the_labs_rays_leave_the_shell():
    walk = space.ray(100)
    np.testing.assert_array_equal(
        walk, np.float32([[1.0], [0.8], [0.6], [0.4]]) * np.ones([4, 100], np.float32)
    )
    np.testing.assert_allclose(space.norms(walk), [10.0, 8.0, 6.0, 4.0], rtol=1e-6)
    np.testing.assert_allclose(space.norms(space.ray(100, [-1.0, -0.4])), [10.0, 4.0], rtol=1e-6)


def test_switching_ones_to_minus_one_stays_on_the_shell_and_exercise_2_does_not():
    walk = space.switch(100)
    assert [int((row == -1.0).sum()) for row in walk] == list(range(0, 100, 10))
    assert all(
        (row[: 10 * n] == -1.0).all() and (row[10 * n :] == 1.0).all() for n, row in enumerate(walk)
    )
    np.testing.assert_allclose(space.norms(walk), 10.0)
    exercise = space.switch(100, range(0, 100, 20), [-0.5 * n for n in range(5)])
    assert exercise[3, 59:61].tolist() == [-1.5, 1.0]
    np.testing.assert_allclose(space.norms(exercise)[[0, -1]], [10.0, 340**0.5])


def test_a_fixed_part_is_fixed_and_the_rest_is_the_prior():
    z = space.fix_part(100, 2000, rng.seed(0, "x"))
    assert (z[:, :35] == 1.0).all()
    np.testing.assert_allclose([z[:, 35:].mean(), z[:, 35:].std()], [0.0, 1.0], atol=0.01)
    assert abs((space.norms(z) ** 2).mean() - 100.0) < 1.0
    other = space.fix_part(100, 2000, rng.seed(0, "x"), fixed=20, value=-2.0)
    assert (other[:, :20] == -2.0).all()
    np.testing.assert_array_equal(other[:, 35:], z[:, 35:])


def test_all_of_the_labs_walks_by_name_and_their_norms():
    rays, switches, fixed = space.simple_walks(100, seed=3).values()
    np.testing.assert_array_equal(rays, space.ray(100))
    np.testing.assert_array_equal(switches, space.switch(100))
    assert (fixed[:, :35] == 1.0).all()
    rays, switches, minus = space.further_walks(100, seed=3).values()
    np.testing.assert_allclose(space.norms(rays), [10.0, 8.0, 6.0, 4.0], rtol=1e-6)
    np.testing.assert_allclose(space.norms(switches), np.sqrt([100, 85, 100, 175, 340]), rtol=1e-6)
    np.testing.assert_array_equal(minus, np.where(np.arange(100) < 35, -1.0, fixed))
    assert [z.shape[1] for z in (space.simple_walks(20) | space.further_walks(20)).values()] == [
        20
    ] * 6


# ---- along a direction

Z = rng.normal([7, 6], rng.seed(0, "z")).numpy()


@pytest.mark.parametrize("keep_norm", [False, True])
@given(direction=vectors(6), value=st.floats(-1.0, 1.0))
def test_the_component_is_what_was_asked_and_nothing_else_turns(keep_norm, direction, value):
    length = np.linalg.norm(direction)
    assume(length > 1e-3)
    u = direction.astype(np.float64) / length
    rest = Z - (Z @ u)[:, None] * u
    assume(np.linalg.norm(rest, axis=1).min() > 1e-2)
    moved = space.set_component(Z, direction, value, keep_norm)
    np.testing.assert_allclose(moved @ u, value, atol=1e-5)
    left = moved - (moved @ u)[:, None] * u
    if keep_norm:
        np.testing.assert_allclose(space.norms(moved), space.norms(Z), rtol=1e-5)
        left *= space.norms(rest)[:, None] / space.norms(left)[:, None]
    np.testing.assert_allclose(left, rest, atol=1e-4)


def test_one_number_of_z_is_a_direction_too():
    moved = space.set_component(Z, space.coordinate(6, 2), [-3.0, 0.0, 3.0])
    assert moved.shape == (3, 7, 6)
    np.testing.assert_allclose(moved[:, :, 2], np.repeat([[-3.0], [0.0], [3.0]], 7, 1), atol=1e-6)
    np.testing.assert_array_equal(np.delete(moved[0], 2, 1), np.delete(Z, 2, 1))


@pytest.mark.parametrize(
    ("direction", "value", "keep", "words"),
    [
        (np.zeros(6), 1.0, False, "direction must be other than 0"),
        (np.ones(5), 1.0, False, r"direction must be \[6\] of numbers, got \[5\]"),
        (np.ones(6), 50.0, True, r"value must be of size at most \|z\| = .*, got 50\."),
        (np.ones(6), np.inf, False, "value must be finite"),
        (Z[0], 0.5, True, "z not along the direction"),
    ],
)
def test_a_component_that_cannot_be_is_refused(direction, value, keep, words):
    with pytest.raises(ValueError, match=f"set_component: .*{words}"):
        space.set_component(Z[:1], direction, value, keep)


def test_directions_that_were_put_there_are_found():
    """Three values: which of three scores along known directions is the largest."""
    z = rng.normal([20_000, 10], rng.seed(0, "factor")).numpy()
    axes = np.linalg.qr(rng.normal([10, 3], rng.seed(0, "axes")).numpy())[0].T
    found = space.directions(z, (z @ axes.T).argmax(axis=1) + 5)
    assert sorted(found) == [5, 6, 7]
    for k, w in found.items():  # the score itself less the mean of the others
        wanted = axes[k - 5] - axes.mean(axis=0)
        assert w @ wanted / np.linalg.norm(wanted) > 0.998
        assert np.linalg.norm(w) == pytest.approx(1.0, abs=1e-6)


def test_a_direction_does_not_follow_what_is_merely_correlated():
    """Difference of means would: numbers 0 and 1 of z go together in this sample,
    the factor follows number 0.
    """
    z = rng.normal([5000, 4], rng.seed(1, "factor")).numpy()
    z[:, 1] += z[:, 0]
    has = (z[:, 0] > 0.0).astype(int)
    means = z[has == 1].mean(axis=0) - z[has == 0].mean(axis=0)
    assert abs(means[1] / means[0]) > 0.9
    w = space.directions(z, has)[1]
    assert abs(w[1] / w[0]) < 0.1
    np.testing.assert_allclose(w, -space.directions(z, has)[0], atol=1e-6)
    np.testing.assert_allclose(
        w, space.directions(z + 3.0, has)[1], atol=1e-6
    )  # nor where the middle lies


def test_a_factor_that_never_changes_has_no_direction():
    assert space.directions(np.concatenate([Z, Z + 1.0]), np.zeros(14, int)) == {}


@pytest.mark.parametrize(
    ("z", "labels", "words"),
    [
        (Z, np.zeros(7, int), r"z must be \[N, d\] with N over d \+ 1, got \[7, 6\]"),
        (np.tile(Z, [2, 1]), np.zeros(7, int), r"labels must be \[14\] whole numbers"),
        (np.tile(Z, [2, 1]), np.zeros(14), "labels must be .* float64"),
    ],
)
def test_bad_samples_are_refused(z, labels, words):
    with pytest.raises(ValueError, match=f"directions: {words}"):
        space.directions(z, labels)


def test_what_is_left_beside_others_is_at_right_angles_to_them():
    direction, *others = rng.normal([4, 6], rng.seed(0, "d")).numpy()
    left = space.orthogonal_to(direction, [*others, 2.0 * others[0]])
    np.testing.assert_allclose(np.array(others) @ left, 0.0, atol=1e-6)
    assert np.linalg.norm(left) == pytest.approx(1.0, abs=1e-6)
    assert left @ direction > 0.0
    with pytest.raises(ValueError, match="direction must be outside the space of the others"):
        space.orthogonal_to(others[0] + others[1], others)


def test_all_walks_have_the_type_that_a_generator_takes_and_refuse_what_cannot_be():
    seed = rng.seed(0, "t")
    for walk in (
        space.ray(9),
        space.switch(9, [0, 9]),
        space.fix_part(9, 2, seed, 3),
        space.coordinate(9, 0),
    ):
        assert walk.dtype == np.float32
        assert walk.shape[-1] == 9
    for bad in (
        lambda: space.switch(9),
        lambda: space.fix_part(9, 2, seed, 10),
        lambda: space.coordinate(9, 9),
        lambda: space.switch(9, [1, 2], [1.0, 2.0, 3.0]),
        lambda: space.ray(0),
    ):
        with pytest.raises(ValueError, match="must be"):
            bad()
