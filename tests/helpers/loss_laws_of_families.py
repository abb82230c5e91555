"""Laws 3 to 17: identities, optima and inequalities that belong to some of the losses.

`test_loss_laws.py` collects them beside the laws that any loss must obey; see there.
"""

import hypothesis
import laws
import numpy as np
import pytest
import reference
import strategies
from hypothesis import strategies as st
from laws import (
    ALL_SIX,
    CROSS_ENTROPY,
    GOODFELLOW,
    GRADIENT_ULPS,
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

given = hypothesis.given


# ---- 3-7: the two generators of Goodfellow et al. 2014 ----


@claimed_by(*GOODFELLOW)
@given(strategies.logits())
def test_law_03_non_saturating_plus_minimax_is_wasserstein(loss, fake):
    """s(-b) - s(b) = -b; the hinge game's generator is Wasserstein's."""
    game = laws.family(loss)
    wasserstein = loss if loss.name == "hinge" else game["wasserstein"]
    non_saturating, minimax = (
        g_value(game["non-saturating"], fake, fake),
        g_value(game["minimax"], fake, fake),
    )
    scale = np.abs(non_saturating) + np.abs(minimax)
    assert ulps(non_saturating + minimax, g_value(wasserstein, fake, fake), scale) <= NEAR


@claimed_by(*CROSS_ENTROPY)
@given(strategies.pairs())
def test_law_04_d_loss_plus_minimax_g_loss_depends_on_real_alone(loss, pair):
    real, fake = pair
    d_loss = d_value(loss, real, fake)
    zero_sum = d_loss + g_value(laws.family(loss)["minimax"], real, fake)
    assert ulps(zero_sum, np.mean(reference.softplus(-real)), d_loss) <= NEAR


@claimed_by(*ALL_SIX)
@given(strategies.pairs())
def test_law_05_gradients_of_the_logits(loss, pair):
    """-s'(-a)/n and s'(b)/m for L_D, with s' = sigma; the others' in reference.GRADIENTS."""
    real, fake = cut(loss, *pair)
    a, b = np.float64(real), np.float64(fake)
    for value, formula in zip(
        gradients(loss, real, fake), reference.GRADIENTS[loss.name], strict=True
    ):
        expected = formula(a, b)
        # The rounding of a - b, |a - b| / 2 steps of 1, goes through an exponential.
        scale = expected * (1.0 + np.abs(a - b)) if loss.name == "relativistic" else expected
        assert ulps(value, expected, scale) <= GRADIENT_ULPS


@claimed_by(*GOODFELLOW, "relativistic")
@given(strategies.logits(40.0))
def test_law_05_g_always_gains_from_a_higher_logit(loss, fake):
    _, _, gradient = gradients(loss, np.float32(-fake), fake)
    assert (gradient < 0).all()


@claimed_by(*CROSS_ENTROPY)
@given(strategies.logits(40.0))
def test_law_06_the_two_g_gradients_have_the_ratio_e_to_minus_b(loss, fake):
    """Where one saturates the other does not; they are equal at b = 0 alone."""
    game = laws.family(loss)
    fake = np.append(fake, np.float32(0.0))
    *_, non_saturating = gradients(game["non-saturating"], fake, fake)
    *_, minimax = gradients(game["minimax"], fake, fake)
    assert ulps(non_saturating / minimax, np.exp(-np.float64(fake))) <= NEAR
    assert non_saturating[-1] == minimax[-1]


@claimed_by(*ALL_SIX)
@pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 5)])
def test_law_07_values_at_zero(loss, n, m):
    """For least squares at 1/2, halfway between its targets."""
    log_2 = np.log(2.0)
    d_expected, g_expected = {
        "minimax": (2 * log_2, -log_2),
        "non-saturating": (2 * log_2, log_2),
        "least-squares": (1 / 4, 1 / 8),
        "hinge": (2.0, 0.0),
        "wasserstein": (0.0, 0.0),
        "relativistic": (log_2, log_2),
    }[loss.name]
    at = 0.5 if loss.name == "least-squares" else 0.0
    real, fake = cut(loss, np.full(n, at), np.full(m, at))
    assert ulps(d_value(loss, real, fake), d_expected) <= 2
    assert ulps(g_value(loss, real, fake), g_expected) <= 2


# ---- 8-12: the best D on distributions of K points. A batch of 64 holds point k p_k 64 times. ----

ON_POINTS = strategies.batch(strategies.POINTS, 20.0)


def d_on_points(loss, logits, p_counts, q_counts):
    """D's loss when D gives point k the logit logits[k]."""
    logits = np.float32(logits)
    return d_value(loss, np.repeat(logits, p_counts), np.repeat(logits, q_counts))


def gradient_on_points(loss, logits, p_counts, q_counts):
    """Its gradient over the K logits."""
    logits = np.float32(logits)
    real, fake, _ = gradients(loss, np.repeat(logits, p_counts), np.repeat(logits, q_counts))
    points = np.arange(len(logits))
    return np.bincount(np.repeat(points, p_counts), real) + np.bincount(
        np.repeat(points, q_counts), fake
    )


def chances(distributions):
    return (counts / strategies.SAMPLES for counts in distributions)


@claimed_by(*CROSS_ENTROPY)
@given(strategies.DISTRIBUTIONS, ON_POINTS)
def test_law_08_the_best_d_is_log_p_over_q_and_gives_log_4_minus_2_js(loss, distributions, others):
    p, q = chances(distributions)
    best = d_on_points(loss, np.log(p / q), *distributions)
    assert ulps(best, np.log(4) - 2 * reference.js(p, q), np.log(4)) <= NEAR
    assert np.abs(gradient_on_points(loss, np.log(p / q), *distributions)).max() < 1e-6
    assert best <= d_on_points(loss, others, *distributions) + 1e-6
    assert -1e-6 <= best <= np.log(4) + 1e-6  # 0 <= JS <= log 2


@claimed_by(*CROSS_ENTROPY)
@given(strategies.DISTRIBUTIONS, ON_POINTS)
def test_law_09_what_another_d_loses_is_a_sum_of_bernoulli_divergences(loss, distributions, others):
    p, q = chances(distributions)
    excess = d_on_points(loss, others, *distributions) - d_on_points(
        loss, np.log(p / q), *distributions
    )
    expected = np.sum((p + q) * reference.bernoulli_kl(p / (p + q), reference.sigmoid(others)))
    assert ulps(excess, expected, expected + np.log(4)) <= NEAR


@claimed_by("hinge")
@given(strategies.DISTRIBUTIONS, ON_POINTS)
def test_law_10_the_best_hinge_d_is_sign_p_minus_q_and_gives_2_minus_2_tv(
    loss, distributions, others
):
    p, q = chances(distributions)
    best = d_on_points(loss, np.sign(p - q), *distributions)
    assert ulps(best, 2 - 2 * reference.tv(p, q), 2.0) <= NEAR
    assert best <= d_on_points(loss, others, *distributions) + 1e-6


@claimed_by("least-squares")
@given(strategies.DISTRIBUTIONS, ON_POINTS)
def test_law_11_the_best_least_squares_d_is_p_over_p_plus_q(loss, distributions, others):
    p, q = chances(distributions)
    best = d_on_points(loss, p / (p + q), *distributions)
    assert ulps(best, 1 / 4 - np.sum((p - q) ** 2 / (p + q)) / 8, 1 / 4) <= NEAR
    assert np.abs(gradient_on_points(loss, p / (p + q), *distributions)).max() < 1e-6
    assert best <= d_on_points(loss, others, *distributions) + 1e-6


REAL_TARGETS = st.sampled_from((0.5, 0.7, 0.9, 1.0))


def smoothed(loss, real_target):
    try:
        return loss.with_label_smoothing(real_target)
    except ValueError as error:
        pytest.skip(f"only gan_core's discriminator_loss can be smoothed: {error}")


@claimed_by(*CROSS_ENTROPY)
@given(strategies.pairs(), REAL_TARGETS)
def test_law_12_label_smoothing_adds_a_multiple_of_the_mean_real_logit(loss, pair, real_target):
    real, fake = pair
    smooth = smoothed(loss, real_target)
    plain = d_value(loss, real, fake)
    expected = plain + (1 - real_target) * np.mean(np.float64(real))
    assert (
        ulps(d_value(smooth, real, fake), expected, plain + np.mean(np.abs(np.float64(real))))
        <= NEAR
    )
    assert g_value(smooth, real, fake) == g_value(loss, real, fake)


@claimed_by(*CROSS_ENTROPY)
@given(strategies.DISTRIBUTIONS, REAL_TARGETS, ON_POINTS)
def test_law_12_the_best_smoothed_d_is_t_p_over_p_plus_q(loss, distributions, real_target, others):
    p, q = chances(distributions)
    chance = real_target * p / (p + q)
    best, smooth = np.log(chance / (1 - chance)), smoothed(loss, real_target)
    assert np.abs(gradient_on_points(smooth, best, *distributions)).max() < 1e-6
    assert (
        d_on_points(smooth, best, *distributions)
        <= d_on_points(smooth, others, *distributions) + 1e-6
    )


# ---- 13-17: inequalities and symmetries ----


@claimed_by("hinge")
@given(strategies.pairs(4.0))
def test_law_13_hinge_exceeds_2_plus_wasserstein_by_what_lies_beyond_the_margins(loss, pair):
    """So H_D >= 2 + W_D, with equality if and only if all a <= 1 and all b >= -1."""
    a, b = map(np.float64, pair)
    excess = d_value(loss, *pair) - 2 - reference.wasserstein_d(a, b)
    beyond = np.mean(np.maximum(0, a - 1)) + np.mean(np.maximum(0, -1 - b))
    assert ulps(excess, beyond, 2 + magnitude(a, b)) <= VALUE_ULPS


@claimed_by(*CROSS_ENTROPY)
@given(strategies.pairs())
def test_law_14_jensen(loss, pair):
    """L_D >= 2 s(W_D / 2), with equality where all -a and b are one number."""
    a, b = map(np.float64, pair)
    bound = 2 * reference.softplus(reference.wasserstein_d(a, b) / 2)
    assert ulps(min(d_value(loss, *pair), bound), bound) <= VALUE_ULPS
    one = np.full(4, pair[0][0])
    assert ulps(d_value(loss, -one, one), 2 * reference.softplus(one[0])) <= VALUE_ULPS


@claimed_by("wasserstein")
@given(strategies.pairs(), strategies.finite(100.0))
def test_law_15_wasserstein_is_linear_and_blind_to_a_shift(loss, pair, c):
    real, fake = pair
    c, value = np.float32(c), d_value(loss, real, fake)
    assert (
        ulps(d_value(loss, real + c, fake + c), value, magnitude(real, fake) + 2 * abs(c)) <= NEAR
    )
    assert (
        ulps(d_value(loss, c * real, c * fake), c * value, abs(c) * magnitude(real, fake)) <= NEAR
    )
    assert d_value(loss, fake, real) == -value


@claimed_by(*CROSS_ENTROPY, "hinge", "least-squares")
@given(strategies.pairs())
def test_law_16_real_and_fake_are_mirror_images(loss, pair):
    """(a, b) -> (-b, -a); for least squares, whose targets are 0 and 1, (1 - b, 1 - a)."""
    real, fake = pair
    value = d_value(loss, real, fake)
    if loss.name == "least-squares":
        mirrored = d_value(loss, np.float32(1) - fake, np.float32(1) - real)
        assert ulps(mirrored, value, magnitude(real, fake) + 2 * value) <= NEAR
    else:
        assert d_value(loss, -fake, -real) == value


@claimed_by("relativistic")
@given(strategies.same_size(2), strategies.finite(100.0))
def test_law_17_relativistic_sees_differences_alone(loss, pair, c):
    """R_D - R_G = W_D; R_G(a, b) = R_D(b, a); R_D >= s(W_D); R_D(a + c, b + c) = R_D(a, b)."""
    real, fake = pair
    d_loss, g_loss = d_value(loss, real, fake), g_value(loss, real, fake)
    wasserstein = reference.wasserstein_d(np.float64(real), np.float64(fake))
    scale = magnitude(real, fake)
    assert ulps(d_loss - g_loss, wasserstein, scale + d_loss + g_loss) <= NEAR
    assert d_value(loss, fake, real) == g_loss
    assert d_loss >= reference.softplus(wasserstein) - NEAR * 2.0**-23 * scale
    c = np.float32(c)
    shifted = d_value(loss, real + c, fake + c), g_value(loss, real + c, fake + c)
    assert ulps(shifted, (d_loss, g_loss), scale + 2 * abs(c)) <= NEAR
