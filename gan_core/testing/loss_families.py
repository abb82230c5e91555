"""The laws that belong to families of losses: identities, optima, inequalities, exact numbers.

A loss claims a family by name: GANLoss(..., claims=("hinge",)). s is softplus, sigma the sigmoid.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from hypothesis import strategies as st

from gan_core import losses
from gan_core.losses import GANLoss
from gan_core.testing import reference, strategies
from gan_core.testing.law import hold, law
from gan_core.testing.loss_laws import (
    CROSS_ENTROPY,
    FAMILIES,
    GOODFELLOW,
    cut,
    d_value,
    g_value,
    gradients,
    magnitude,
)
from gan_core.testing.numeric import GRADIENT_ULPS, NEAR, VALUE_ULPS, equal, float32

ON_POINTS = strategies.batch(strategies.POINTS, 20.0)
REAL_TARGETS = st.sampled_from((0.5, 0.7, 0.9, 1.0))
SLACK = 1e-6


def with_loss(loss: GANLoss, family: str) -> dict[str, GANLoss]:
    """The six losses by name, with the one on trial in its family's place."""
    return {**losses.LOSSES, family: loss}


# ---- 1, 2: numbers ----


def rounding_scale(family: str, real: Any, fake: Any) -> tuple[Any, Any]:
    """Where terms of both signs cancel, the error is not a step of the result's own size."""
    if family == "wasserstein":
        return np.mean(np.abs(real)) + np.mean(np.abs(fake)), np.mean(np.abs(fake))
    if family == "hinge":
        return None, np.mean(np.abs(fake))
    if family == "relativistic":
        difference = np.abs(fake - real)
        scales = [
            np.mean(reference.softplus(t) + difference * reference.sigmoid(t))
            for t in (fake - real, real - fake)
        ]
        return scales[0], scales[1]
    return None, None


@law(
    1,
    "loss",
    "|L(float32) - L(float64)| <= 10 ulp for |logit| <= 1e4",
    "another formula than the family's, or a logarithm of a rounded probability",
    families=FAMILIES,
    draws=(strategies.pairs(1e4),),
    examples=(((np.array([-13.94425], np.float32), np.array([13.94425], np.float32)),),),
)
def float32_agrees_with_float64(loss: GANLoss, family: str, pair: Any) -> None:
    """The loss is its family's formula, to a few roundings of float32."""
    real, fake = cut(loss, *pair)
    a = np.float64(real)
    b = np.float64(fake)
    d_loss, g_loss = reference.LOSSES[family]
    d_scale, g_scale = rounding_scale(family, a, b)
    got = d_value(loss, real, fake)
    equal(got, d_loss(a, b), VALUE_ULPS, d_scale, real=real, fake=fake, player="discriminator")
    got = g_value(loss, real, fake)
    equal(got, g_loss(a, b), VALUE_ULPS, g_scale, real=real, fake=fake, player="generator")


@law(
    2,
    "loss",
    "NS(-c) -> c, and its like of the others, for c >= 100",
    "log(sigma(x) + epsilon), clipped logits, or clipped probabilities: the gradient dies",
    families=(*CROSS_ENTROPY, "relativistic"),
    draws=(st.sampled_from(strategies.SIZES), st.floats(100, float(np.float32(1e30)), width=32)),
)
def far_from_right_the_loss_is_the_logit(loss: GANLoss, family: str, size: int, c: float) -> None:
    """Where D is sure and wrong, the loss is the logit: no rounded probability lies between."""
    one = np.ones(size, np.float32)
    right = np.float32(c) * one
    wrong = np.float32(-c) * one
    zero = np.float32(0) * one
    if family == "relativistic":
        equal(d_value(loss, zero, right), c, VALUE_ULPS, real=zero, fake=right)
        equal(g_value(loss, right, zero), c, VALUE_ULPS, real=right, fake=zero)
        return
    equal(d_value(loss, wrong, wrong), c, VALUE_ULPS, real=wrong, fake=wrong)
    equal(d_value(loss, right, right), c, VALUE_ULPS, real=right, fake=right)
    if family == "minimax":
        equal(g_value(loss, right, right), -c, VALUE_ULPS, fake=right)
    else:
        equal(g_value(loss, right, wrong), c, VALUE_ULPS, fake=wrong)


# ---- 3-7: the two generators of Goodfellow et al. 2014 ----


@law(
    3,
    "loss",
    "NS + MM = W_G for all b, for s(-b) - s(b) = -b",
    "G's loss is another family's, or scaled, or has another sign",
    families=GOODFELLOW,
    draws=(strategies.logits(),),
)
def non_saturating_plus_minimax_is_wasserstein(loss: GANLoss, family: str, fake: Any) -> None:
    """The non-saturating and the minimax loss of G add up to Wasserstein's (and the hinge's)."""
    game = with_loss(loss, family)
    wasserstein = loss if family == "hinge" else game["wasserstein"]
    non_saturating = g_value(game["non-saturating"], fake, fake)
    minimax = g_value(game["minimax"], fake, fake)
    scale = np.abs(non_saturating) + np.abs(minimax)
    equal(non_saturating + minimax, g_value(wasserstein, fake, fake), NEAR, scale, fake=fake)


@law(
    4,
    "loss",
    "L_D + MM = mean s(-a)",
    "D's or G's loss is scaled, or a part of it has another sign",
    families=CROSS_ENTROPY,
    draws=(strategies.pairs(),),
)
def zero_sum(loss: GANLoss, family: str, pair: Any) -> None:
    """D's loss plus the minimax loss of G depends on the real batch alone."""
    real, fake = pair
    d_loss = d_value(loss, real, fake)
    total = d_loss + g_value(with_loss(loss, family)["minimax"], real, fake)
    equal(total, np.mean(reference.softplus(-real)), NEAR, d_loss, real=real, fake=fake)


@law(
    5,
    "loss",
    "dL_D/da = -sigma(-a)/n, dL_D/db = sigma(b)/m, dNS/db = -sigma(-b)/m, ...",
    "a clipped or rounded probability, whose gradient dies, or a scale",
    families=FAMILIES,
    draws=(strategies.pairs(),),
)
def gradients_equal_their_formulas(loss: GANLoss, family: str, pair: Any) -> None:
    """The gradients of the logits are those worked out by hand."""
    real, fake = cut(loss, *pair)
    a = np.float64(real)
    b = np.float64(fake)
    for value, formula in zip(
        gradients(loss, real, fake), reference.GRADIENTS[family], strict=True
    ):
        expected = formula(a, b)
        # The rounding of a - b, |a - b| / 2 steps of 1, goes through an exponential.
        scale = expected * (1.0 + np.abs(a - b)) if family == "relativistic" else expected
        equal(value, expected, GRADIENT_ULPS, scale, real=real, fake=fake)


@law(
    5,
    "loss",
    "dL_G/db < 0 everywhere",
    "a ReLU or a clip makes G's loss flat",
    families=(*GOODFELLOW, "relativistic"),
    draws=(strategies.logits(40.0),),
)
def g_gains_from_every_logit(loss: GANLoss, family: str, fake: Any) -> None:
    """G always gains from a higher logit."""
    _, _, gradient = gradients(loss, np.float32(-fake), fake)
    hold((gradient < 0).all(), "less than 0", gradient, fake=fake)


@law(
    6,
    "loss",
    "(dNS/db) / (dMM/db) = e^(-b); both are equal at b = 0 alone",
    "the minimax loss of G stands where the non-saturating one should, or the reverse",
    families=CROSS_ENTROPY,
    draws=(strategies.logits(40.0),),
)
def the_two_g_gradients_have_the_ratio_e_to_minus_b(loss: GANLoss, family: str, fake: Any) -> None:
    """Where one of the two losses of G saturates, the other does not."""
    game = with_loss(loss, family)
    fake = np.append(fake, np.float32(0.0))
    *_, non_saturating = gradients(game["non-saturating"], fake, fake)
    *_, minimax = gradients(game["minimax"], fake, fake)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = non_saturating / minimax
    equal(ratio, np.exp(-np.float64(fake)), NEAR, fake=fake)
    hold(non_saturating[-1] == minimax[-1], minimax[-1], non_saturating[-1], fake=0.0)


@law(
    7,
    "loss",
    "L_D = 2 log 2, NS = log 2, MM = -log 2, H_D = 2 at 0; LS at 1/2: 1/4 and 1/8",
    "a factor, or a mean over both batches together",
    families=FAMILIES,
    examples=((1, 1), (3, 5)),
)
def values_at_zero(loss: GANLoss, family: str, n: int, m: int) -> None:
    """A D that knows nothing has the loss that the paper says."""
    log_2 = np.log(2.0)
    d_expected, g_expected = {
        "minimax": (2 * log_2, -log_2),
        "non-saturating": (2 * log_2, log_2),
        "least-squares": (1 / 4, 1 / 8),
        "hinge": (2.0, 0.0),
        "wasserstein": (0.0, 0.0),
        "relativistic": (log_2, log_2),
    }[family]
    at = 0.5 if family == "least-squares" else 0.0
    real, fake = cut(loss, np.full(n, at), np.full(m, at))
    equal(d_value(loss, real, fake), d_expected, 2, real=real, fake=fake, player="discriminator")
    equal(g_value(loss, real, fake), g_expected, 2, real=real, fake=fake, player="generator")


# ---- 8-12: the best D on distributions of K points. A batch of 64 holds point k p_k 64 times. ----


def d_on_points(loss: GANLoss, logits: Any, p_counts: Any, q_counts: Any) -> np.float64:
    """D's loss when D gives point k the logit logits[k]."""
    logits = np.float32(logits)
    return d_value(loss, np.repeat(logits, p_counts), np.repeat(logits, q_counts))


def gradient_on_points(loss: GANLoss, logits: Any, p_counts: Any, q_counts: Any) -> Any:
    """Its gradient with respect to the K logits."""
    logits = np.float32(logits)
    real, fake, _ = gradients(loss, np.repeat(logits, p_counts), np.repeat(logits, q_counts))
    points = np.arange(len(logits))
    of_real = np.bincount(np.repeat(points, p_counts), real)
    return of_real + np.bincount(np.repeat(points, q_counts), fake)


def chances(distributions: Any) -> Iterator[Any]:
    """p and q of the two counts."""
    return (counts / strategies.SAMPLES for counts in distributions)


def best_is(loss: GANLoss, best: Any, distributions: Any, others: Any, flat: bool = True) -> None:
    """Raise Violation unless no D is better than `best`, and the loss is flat there."""
    p, q = chances(distributions)
    value = d_on_points(loss, best, *distributions)
    if flat:
        slope = gradient_on_points(loss, best, *distributions)
        hold(np.abs(slope).max() < SLACK, "a gradient of 0 at the best D", slope, p=p, q=q, d=best)
    other = d_on_points(loss, others, *distributions)
    hold(value <= other + SLACK, f"at least {value:.7g}", other, p=p, q=q, d=others)


@law(
    8,
    "loss",
    "min L_D = log 4 - 2 JS(p, q) at a* = log(p / q); 0 <= JS <= log 2",
    "a sign or a factor, or a part of D's loss without gradient",
    families=CROSS_ENTROPY,
    draws=(strategies.DISTRIBUTIONS, ON_POINTS),
)
def the_best_d_is_log_p_over_q(loss: GANLoss, family: str, distributions: Any, others: Any) -> None:
    """The best D is log(p / q), and its loss tells the Jensen-Shannon divergence."""
    p, q = chances(distributions)
    best = d_on_points(loss, np.log(p / q), *distributions)
    equal(best, np.log(4) - 2 * reference.js(p, q), NEAR, np.log(4), p=p, q=q)
    best_is(loss, np.log(p / q), distributions, others)
    hold(-SLACK <= best <= np.log(4) + SLACK, "between 0 and log 4", best, p=p, q=q)


@law(
    9,
    "loss",
    "L_D(a) - L_D(a*) = sum (p + q) KL(Ber(p / (p + q)) || Ber(sigma(a)))",
    "a sign or a factor in D's loss, or a clipped probability",
    families=CROSS_ENTROPY,
    draws=(strategies.DISTRIBUTIONS, ON_POINTS),
)
def what_another_d_loses_is_a_divergence(
    loss: GANLoss, family: str, distributions: Any, others: Any
) -> None:
    """What a D loses against the best one is a sum of divergences of coins."""
    p, q = chances(distributions)
    best = d_on_points(loss, np.log(p / q), *distributions)
    excess = d_on_points(loss, others, *distributions) - best
    expected = np.sum((p + q) * reference.bernoulli_kl(p / (p + q), reference.sigmoid(others)))
    equal(excess, expected, NEAR, expected + np.log(4), p=p, q=q, d=others)


@law(
    10,
    "loss",
    "min H_D = 2 - 2 TV(p, q) at sign(p - q)",
    "a margin other than 1, or a sign inside the ReLU",
    families=("hinge",),
    draws=(strategies.DISTRIBUTIONS, ON_POINTS),
)
def the_best_hinge_d_is_sign_p_minus_q(
    loss: GANLoss, family: str, distributions: Any, others: Any
) -> None:
    """The best hinge D is sign(p - q), and its loss tells the total variation."""
    p, q = chances(distributions)
    best = d_on_points(loss, np.sign(p - q), *distributions)
    equal(best, 2 - 2 * reference.tv(p, q), NEAR, 2.0, p=p, q=q)
    best_is(loss, np.sign(p - q), distributions, others, flat=False)


@law(
    11,
    "loss",
    "min LS_D = 1/4 - 1/8 sum (p - q)^2 / (p + q) at p / (p + q)",
    "swapped targets, targets -1 and 1, or the factor 1/2 dropped",
    families=("least-squares",),
    draws=(strategies.DISTRIBUTIONS, ON_POINTS),
)
def the_best_least_squares_d_is_p_over_p_plus_q(
    loss: GANLoss, family: str, distributions: Any, others: Any
) -> None:
    """The best least-squares D is the chance p / (p + q) itself."""
    p, q = chances(distributions)
    best = d_on_points(loss, p / (p + q), *distributions)
    equal(best, 1 / 4 - np.sum((p - q) ** 2 / (p + q)) / 8, NEAR, 1 / 4, p=p, q=q)
    best_is(loss, p / (p + q), distributions, others)


def cannot_be_smoothed(loss: GANLoss) -> str:
    """Only gan_core's discriminator_loss has a target that can be smoothed."""
    if loss.discriminator is losses.discriminator_loss:
        return ""
    return "for losses whose discriminator is gan_core.losses.discriminator_loss"


@law(
    12,
    "loss",
    "L_D with real target t = L_D + (1 - t) mean a",
    "the smoothing's sign, t for 1 - t, or the fake target smoothed",
    families=CROSS_ENTROPY,
    draws=(strategies.pairs(), REAL_TARGETS),
    unless=cannot_be_smoothed,
)
def label_smoothing_adds_a_multiple_of_the_mean_real_logit(
    loss: GANLoss, family: str, pair: Any, real_target: float
) -> None:
    """One-sided label smoothing adds (1 - t) times the mean real logit, to D's loss alone."""
    real, fake = pair
    smooth = loss.with_label_smoothing(real_target)
    plain = d_value(loss, real, fake)
    expected = plain + (1 - real_target) * np.mean(np.float64(real))
    scale = plain + np.mean(np.abs(np.float64(real)))
    inputs = {"real": real, "fake": fake, "real_target": real_target}
    equal(d_value(smooth, real, fake), expected, NEAR, scale, **inputs)
    equal(g_value(smooth, real, fake), g_value(loss, real, fake), 0, **inputs)


@law(
    12,
    "loss",
    "argmin of the smoothed L_D is sigma^-1(t p / (p + q))",
    "the fake target is smoothed too: the best D then depends on q (Salimans et al. 2016)",
    families=CROSS_ENTROPY,
    draws=(strategies.DISTRIBUTIONS, REAL_TARGETS, ON_POINTS),
    unless=cannot_be_smoothed,
)
def the_best_smoothed_d_is_t_p_over_p_plus_q(
    loss: GANLoss, family: str, distributions: Any, real_target: float, others: Any
) -> None:
    """The best D under one-sided label smoothing says t p / (p + q)."""
    p, q = chances(distributions)
    chance = real_target * p / (p + q)
    smooth = loss.with_label_smoothing(real_target)
    best_is(smooth, np.log(chance / (1 - chance)), distributions, others)


# ---- 13-17: inequalities and symmetries ----


@law(
    13,
    "loss",
    "H_D = 2 + W_D + mean max(0, a - 1) + mean max(0, -1 - b)",
    "a margin other than 1, or a sign inside the ReLU",
    families=("hinge",),
    draws=(strategies.pairs(4.0),),
)
def hinge_exceeds_2_plus_wasserstein_beyond_the_margins(
    loss: GANLoss, family: str, pair: Any
) -> None:
    """The hinge loss is 2 + W_D, and more only by what lies beyond the margins."""
    a, b = map(np.float64, pair)
    excess = d_value(loss, *pair) - 2 - reference.wasserstein_d(a, b)
    beyond = np.mean(np.maximum(0, a - 1)) + np.mean(np.maximum(0, -1 - b))
    equal(excess, beyond, VALUE_ULPS, 2 + magnitude(a, b), real=pair[0], fake=pair[1])


@law(
    14,
    "loss",
    "L_D >= 2 s(W_D / 2), equal where all -a and b are one number",
    "a sign or a factor in D's loss, or clipped logits",
    families=CROSS_ENTROPY,
    draws=(strategies.pairs(),),
)
def jensen(loss: GANLoss, family: str, pair: Any) -> None:
    """D's loss is at least 2 s(W_D / 2), by Jensen's inequality."""
    real, fake = pair
    a, b = map(np.float64, pair)
    bound = 2 * reference.softplus(reference.wasserstein_d(a, b) / 2)
    equal(min(d_value(loss, real, fake), bound), bound, VALUE_ULPS, real=real, fake=fake)
    one = np.full(4, real[0])
    expected = 2 * reference.softplus(one[0])
    equal(d_value(loss, -one, one), expected, VALUE_ULPS, real=-one, fake=one)


@law(
    15,
    "loss",
    "W_D(a + c, b + c) = W_D; W_D(ca, cb) = c W_D; W_D(a, b) = -W_D(b, a)",
    "a sigmoid, a margin or a ReLU in a loss that is linear",
    families=("wasserstein",),
    draws=(strategies.pairs(), strategies.finite(100.0)),
)
def wasserstein_is_linear_and_blind_to_a_shift(
    loss: GANLoss, family: str, pair: Any, c: float
) -> None:
    """Wasserstein's loss is linear, and blind to a shift of all scores."""
    real, fake = pair
    c = float32(c).numpy()
    value = d_value(loss, real, fake)
    inputs = {"real": real, "fake": fake, "c": c}
    scale = magnitude(real, fake)
    equal(d_value(loss, real + c, fake + c), value, NEAR, scale + 2 * abs(c), **inputs)
    equal(d_value(loss, c * real, c * fake), c * value, NEAR, abs(c) * scale, **inputs)
    equal(d_value(loss, fake, real), -value, 0, **inputs)


@law(
    16,
    "loss",
    "L_D(a, b) = L_D(-b, -a), the same for H_D; LS_D(a, b) = LS_D(1 - b, 1 - a)",
    "real and fake have different weights, margins or formulas",
    families=(*CROSS_ENTROPY, "hinge", "least-squares"),
    draws=(strategies.pairs(),),
)
def real_and_fake_are_mirror_images(loss: GANLoss, family: str, pair: Any) -> None:
    """Real and fake are mirror images: (a, b) -> (-b, -a), or (1 - b, 1 - a) for least squares."""
    real, fake = pair
    value = d_value(loss, real, fake)
    if family == "least-squares":
        mirrored = d_value(loss, np.float32(1) - fake, np.float32(1) - real)
        scale = magnitude(real, fake) + 2 * value
        equal(mirrored, value, NEAR, scale, real=real, fake=fake)
    else:
        equal(d_value(loss, -fake, -real), value, 0, real=real, fake=fake)


@law(
    17,
    "loss",
    "R_D - R_G = W_D; R_G(a, b) = R_D(b, a); R_D >= s(W_D); R(a + c, b + c) = R(a, b)",
    "against the mean of the other batch, the order swapped, or G's loss is D's",
    families=("relativistic",),
    draws=(strategies.same_size(2), strategies.finite(100.0)),
)
def relativistic_sees_differences_alone(loss: GANLoss, family: str, pair: Any, c: float) -> None:
    """A relativistic loss sees differences alone, and G's is D's with the pair exchanged."""
    real, fake = pair
    inputs = {"real": real, "fake": fake, "c": c}
    d_loss = d_value(loss, real, fake)
    g_loss = g_value(loss, real, fake)
    wasserstein = reference.wasserstein_d(np.float64(real), np.float64(fake))
    scale = magnitude(real, fake)
    equal(d_loss - g_loss, wasserstein, NEAR, scale + d_loss + g_loss, **inputs)
    equal(d_value(loss, fake, real), g_loss, 0, **inputs)
    bound = reference.softplus(wasserstein)
    hold(d_loss >= bound - NEAR * 2.0**-23 * scale, f"at least {bound:.7g}", d_loss, **inputs)
    shift = np.float32(c)
    shifted = (
        d_value(loss, real + shift, fake + shift),
        g_value(loss, real + shift, fake + shift),
    )
    equal(shifted, (d_loss, g_loss), NEAR, scale + 2 * abs(c), **inputs)


@law(
    18,
    "loss",
    "R_D((0, 10), (0, 10)) = log 2, R_D((0, 10), (10, 0)) = 5",
    "against the mean of the other batch (RaGAN) in place of the partner",
    families=("relativistic",),
)
def the_pairing_matters(loss: GANLoss, family: str) -> None:
    """A relativistic loss compares each real sample with its own partner."""
    real = np.array([0, 10], np.float32)
    fake = np.array([0, 10], np.float32)
    got = d_value(loss, real, fake)
    hold(abs(got - np.log(2)) <= 1e-6 * np.log(2), np.log(2), got, real=real, fake=fake)
    got = d_value(loss, real, fake[::-1])
    hold(abs(got - 5) <= 1e-3, 5.0, got, real=real, fake=fake[::-1])


@law(
    20,
    "loss",
    "L_D(t x + (1 - t) y) <= t L_D(x) + (1 - t) L_D(y), x = (a, b)",
    "a sigmoid before the loss, clipped logits, or log(sigma + epsilon)",
    families=FAMILIES,
    draws=(strategies.same_size(4), st.floats(0, 1, width=32, allow_subnormal=False)),
)
def d_loss_is_convex(loss: GANLoss, family: str, batches: Any, share: float) -> None:
    """D's loss is convex in the logits."""
    real, fake, other_real, other_fake = batches
    part = np.float32(share)
    ends = d_value(loss, real, fake), d_value(loss, other_real, other_fake)
    real_between = part * real + (1 - part) * other_real
    fake_between = part * fake + (1 - part) * other_fake
    between = d_value(loss, real_between, fake_between)
    slack = NEAR * 2.0**-23 * (100 + np.sum(np.abs(ends)))
    bound = part * ends[0] + (1 - part) * ends[1]
    hold(
        between <= bound + slack,
        f"at most {bound:.7g}",
        between,
        real=real_between,
        fake=fake_between,
    )


@law(
    20,
    "loss",
    "|change of L_D| <= mean |change of a| + mean |change of b|",
    "a factor, a sum over the batch, or a square",
    families=(*CROSS_ENTROPY, "hinge", "wasserstein", "relativistic"),
    draws=(strategies.same_size(4),),
)
def d_loss_moves_no_further_than_its_logits(loss: GANLoss, family: str, batches: Any) -> None:
    """D's loss moves no further than its logits (it is 1-Lipschitz)."""
    real, fake, other_real, other_fake = map(np.float64, batches)
    before = d_value(loss, real, fake)
    after = d_value(loss, other_real, other_fake)
    moved = np.mean(np.abs(real - other_real)) + np.mean(np.abs(fake - other_fake))
    scale = abs(before) + abs(after) + magnitude(real, fake) + magnitude(other_real, other_fake)
    slack = VALUE_ULPS * 2.0**-23 * scale
    hold(
        abs(after - before) <= moved + slack,
        f"a change of at most {moved:.7g}",
        after - before,
        real=other_real,
        fake=other_fake,
    )
