"""The laws of GAN losses, put to all six losses, or to one of your own:

    pytest tests/gan_core/test_loss_laws.py --loss my_module:MY_LOSS -v

Laws 1-20 have the numbers they have in the project's list; laws 00 are what any loss must do
at all. A loss whose name is one of the six is held to that loss's laws, any other name to the
laws without a family (00, 02, 18, 19). The oracle is `reference.py`, NumPy in float64.

That they bite: each of these mistakes was made in gan_core/losses.py, alone, and the laws that
saw it noted (01 and 05, which hold a formula, see all but stop_gradient and the four of smoothing).

    mistake                                     also broken
    NS: sum in place of mean                    02 03 06 07 19
    NS: log(sigma + 1e-8)                       00 02 03 06
    NS: s(b) for s(-b)                          00 02 03 06
    MM: non-saturating in its place             02 03 04 06 07
    MM: sign lost                               00 02 03 04 06 07
    L_D: log(sigma + 1e-8)                      02 04 09 14 16 20
    L_D: log(1 + exp(b)), overflows             02 04 12 14 16
    L_D: logits clipped at 50                   02 04 14 16 20
    L_D: both signs swapped                     00 04 08 09 12 14
    L_D: s(-b) for s(b)                         00 02 04 08 09 12 14 16
    L_D: a factor 1/2                           02 04 07 08 09 12 14
    L_D: fake's sum divided by real's size      04 07 14 16 19
    L_D: one mean over both batches             04 12 14 16 19
    L_D: stop_gradient on fake                  00 05 08 12
    smoothing: sign; t for 1 - t;
      fake logits; real part scaled by t        12
    LS_D: 1/2 dropped                           07 11
    LS_D: targets swapped                       00 11
    LS_D: targets -1 and 1                      07 11 16
    LS_G: target 0                              00
    H_D: max(0, 1 - b)                          00 10 13 16
    H_D: max(0, b - 1)                          00 07 10 13 16
    H_D: no margin                              00 07 10 13
    H_G: max(0, 1 - b)                          03 07
    W_D: order swapped                          00
    W_G: sign lost                              00 03
    R_D: order swapped; R_G: is R_D             00 02 17
    R_D: against the mean fake logit            17 18 19
"""

import hypothesis
import laws
import numpy as np
import pytest
import reference
import strategies
import tensorflow as tf
from hypothesis import strategies as st
from laws import (
    ALL_SIX,
    CROSS_ENTROPY,
    NEAR,
    VALUE_ULPS,
    claimed_by,
    cut,
    d_value,
    g_value,
    gradients,
    magnitude,
    ulps,
)
from loss_laws_of_families import *  # noqa: F403 (laws 3 to 17)
from own_loss import OWN_LOSS

given = hypothesis.given


def pytest_generate_tests(metafunc):
    laws.parametrize(metafunc, metafunc.config.stash[OWN_LOSS])


# ---- 00: what any loss must do ----


def test_law_00_each_player_gets_a_float32_scalar(loss):
    for n, m in ((1, 1), (3, 3)) if loss.paired else ((1, 1), (3, 5)):
        real, fake = tf.linspace(-1.0, 1.0, n), tf.linspace(-2.0, 2.0, m)
        for value in (
            loss.discriminator(real, fake),
            loss.generator(real if loss.paired else None, fake),
        ):
            assert value.dtype == tf.float32
            assert value.shape == []


def test_law_00_eager_graph_and_xla_agree(loss):
    real, fake = np.linspace(-6, 5, 7, dtype=np.float32), np.linspace(7, -4, 7, dtype=np.float32)

    def everything(real, fake):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([real, fake])
            both = [loss.discriminator(real, fake), loss.generator(real, fake)]
        return both + [
            tape.gradient(value, logits, unconnected_gradients="zero")
            for value in both
            for logits in (real, fake)
        ]

    eager = everything(tf.constant(real), tf.constant(fake))
    for compiled in (tf.function(everything), tf.function(everything, jit_compile=True)):
        for value, expected in zip(
            compiled(tf.constant(real), tf.constant(fake)), eager, strict=True
        ):
            assert ulps(value, expected, np.maximum(np.abs(expected), 1e-3)) <= NEAR


@given(st.sampled_from((1, 3)), st.integers(0, 2**16))
def test_law_00_gradients_are_the_slopes_of_the_loss(loss, size, seed):
    """Central differences, with the kinks of hinges (at whole numbers of a, b and a - b) out of reach."""
    random = np.random.default_rng(seed)
    real = np.float32(random.integers(-64, 64, size) / 16 + 1 / 64)
    fake = np.float32(random.integers(-64, 64, size) / 16 + 3 / 64)
    h = np.float32(1 / 128)
    of_d, of_d_fake, of_g = gradients(loss, real, fake)
    for i, step in enumerate(h * np.eye(size, dtype=np.float32)):
        slopes = [
            d_value(loss, real + step, fake) - d_value(loss, real - step, fake),
            d_value(loss, real, fake + step) - d_value(loss, real, fake - step),
            g_value(loss, real, fake + step) - g_value(loss, real, fake - step),
        ]
        np.testing.assert_allclose(
            (of_d[i], of_d_fake[i], of_g[i]), np.array(slopes) / (2 * h), rtol=1e-3, atol=1e-3
        )


@given(st.sampled_from(strategies.SIZES), st.integers(0, 2**16))
def test_law_00_d_wants_real_up_and_fake_down_and_g_wants_fake_up(loss, size, seed):
    """For logits in [1/4, 1/2], which is between the aims of every coding: 0 and 1, or -1 and 1."""
    random = np.random.default_rng(seed)
    real, fake = np.float32(random.uniform(0.25, 0.5, [2, size]))
    before = d_value(loss, real, fake)
    assert d_value(loss, real + 0.25, fake) < before
    assert d_value(loss, real, fake - 0.25) < before
    assert g_value(loss, real, fake + 0.25) < g_value(loss, real, fake)


# ---- 1, 2: numbers ----


def rounding_scale(name, real, fake):
    """Where terms of both signs cancel, or a - b is rounded, the error is not a step of the result's own size."""
    if name == "wasserstein":
        return np.mean(np.abs(real)) + np.mean(np.abs(fake)), np.mean(np.abs(fake))
    if name == "hinge":
        return None, np.mean(np.abs(fake))
    if name == "relativistic":
        difference = np.abs(fake - real)
        return [
            np.mean(reference.softplus(t) + difference * reference.sigmoid(t))
            for t in (fake - real, real - fake)
        ]
    return None, None


@claimed_by(*ALL_SIX)
@given(strategies.pairs(1e4))
@hypothesis.example((np.float32([-13.94425]), np.float32([13.94425])))
def test_law_01_float32_is_within_a_few_ulp_of_float64(loss, pair):
    real, fake = cut(loss, *pair)
    a, b = np.float64(real), np.float64(fake)
    d_loss, g_loss = reference.LOSSES[loss.name]
    d_scale, g_scale = rounding_scale(loss.name, a, b)
    assert ulps(d_value(loss, real, fake), d_loss(a, b), d_scale) <= VALUE_ULPS
    assert ulps(g_value(loss, real, fake), g_loss(a, b), g_scale) <= VALUE_ULPS


@given(strategies.pairs(1e30))
@hypothesis.example((np.float32([1e30, -1e30]), np.float32([-1e30, 1e30])))
def test_law_02_values_and_gradients_are_finite_up_to_1e30(loss, pair):
    """Up to 1e18 for least squares, and for a name that is not known: the square of more overflows float32."""
    limit = 1e30 if loss.name in ALL_SIX and loss.name != "least-squares" else 1e18
    real, fake = (
        np.clip(logits, -np.float32(limit), np.float32(limit)) for logits in cut(loss, *pair)
    )
    assert np.isfinite([d_value(loss, real, fake), g_value(loss, real, fake)]).all()
    assert np.isfinite(np.concatenate(gradients(loss, real, fake))).all()


@claimed_by(*CROSS_ENTROPY, "relativistic")
@given(st.sampled_from(strategies.SIZES), st.floats(100, float(np.float32(1e30)), width=32))
def test_law_02_far_from_right_the_loss_is_the_logit(loss, size, c):
    """NS(-c) -> c, and its like of the others: no logarithm of a rounded probability lies between."""
    right, wrong, zero = np.float32([[c], [-c], [0]]) * np.ones(size, np.float32)
    if loss.name == "relativistic":
        assert ulps(d_value(loss, zero, right), c) <= VALUE_ULPS
        assert ulps(g_value(loss, right, zero), c) <= VALUE_ULPS
        return
    assert ulps(d_value(loss, wrong, wrong), c) <= VALUE_ULPS
    assert ulps(d_value(loss, right, right), c) <= VALUE_ULPS
    if loss.name == "minimax":
        assert ulps(g_value(loss, right, right), -c) <= VALUE_ULPS
    else:
        assert ulps(g_value(loss, right, wrong), c) <= VALUE_ULPS


# ---- 18-20: a mean over the batch ----


@given(strategies.pairs(10.0), st.integers(0, 2**16))
def test_law_18_the_order_of_a_batch_does_not_matter(loss, pair, seed):
    """Real and fake may be shuffled apart; together, where the loss compares them by position."""
    real, fake = cut(loss, *pair)
    random = np.random.default_rng(seed)
    order = random.permutation(len(real))
    other = order if loss.paired else random.permutation(len(fake))
    for value in (d_value, g_value):
        before = value(loss, real, fake)
        assert (
            ulps(value(loss, real[order], fake[other]), before, magnitude(real, fake) + abs(before))
            <= NEAR
        )


@claimed_by("relativistic")
def test_law_18_the_pairing_of_a_relativistic_loss_does_matter(loss):
    real, fake = np.float32([0, 10]), np.float32([0, 10])
    assert d_value(loss, real, fake) == pytest.approx(np.log(2), rel=1e-6)
    assert d_value(loss, real, fake[::-1]) == pytest.approx(5, abs=1e-3)


@given(strategies.same_size(2, 10.0), strategies.same_size(2, 10.0))
def test_law_19_a_loss_is_a_mean_over_the_batch_and_nothing_else(loss, first, second):
    """(n1 + n2) mean = n1 mean1 + n2 mean2, for both players."""
    real, fake = (np.concatenate(parts) for parts in zip(first, second, strict=True))
    for value in (d_value, g_value):
        parts = len(first[0]) * value(loss, *first), len(second[0]) * value(loss, *second)
        scale = len(real) * magnitude(real, fake) + np.sum(np.abs(parts))
        assert ulps(len(real) * value(loss, real, fake), np.sum(parts), scale) <= NEAR


@given(strategies.pairs(10.0))
def test_law_19_a_sample_seen_twice_in_its_batch_changes_nothing(loss, pair):
    """Each batch has its own mean: doubling one (both, for a paired loss) leaves the loss."""
    real, fake = cut(loss, *pair)
    twice = np.tile(real, 2)
    for value in (d_value, g_value):
        before = value(loss, real, fake)
        doubled = [value(loss, twice, np.tile(fake, 2))]
        if not loss.paired:
            doubled += [value(loss, twice, fake), value(loss, real, np.tile(fake, 2))]
        assert ulps(doubled, before, magnitude(real, fake) + abs(before)) <= NEAR


@claimed_by(*ALL_SIX)
@given(strategies.same_size(4), st.floats(0, 1, width=32, allow_subnormal=False))
def test_law_20_d_loss_is_convex(loss, batches, share):
    real, fake, other_real, other_fake = batches
    share = np.float32(share)
    ends = d_value(loss, real, fake), d_value(loss, other_real, other_fake)
    between = d_value(
        loss, share * real + (1 - share) * other_real, share * fake + (1 - share) * other_fake
    )
    slack = NEAR * 2.0**-23 * (100 + np.sum(np.abs(ends)))
    assert between <= share * ends[0] + (1 - share) * ends[1] + slack


@claimed_by(*CROSS_ENTROPY, "hinge", "wasserstein", "relativistic")
@given(strategies.same_size(4))
def test_law_20_d_loss_moves_no_further_than_its_logits(loss, batches):
    """|change of L_D| <= mean |change of a| + mean |change of b|."""
    real, fake, other_real, other_fake = map(np.float64, batches)
    before, after = d_value(loss, real, fake), d_value(loss, other_real, other_fake)
    moved = np.mean(np.abs(real - other_real)) + np.mean(np.abs(fake - other_fake))
    scale = abs(before) + abs(after) + magnitude(real, fake) + magnitude(other_real, other_fake)
    assert abs(after - before) <= moved + VALUE_ULPS * 2.0**-23 * scale
