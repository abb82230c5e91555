"""The classifier of factors: its loss is the cross-entropy, it learns,
and it never trains on what judges it.
"""

import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dcgan.drawn import drawn_faces
from dcgan.judge import factor_classifier

pytestmark = pytest.mark.slow

LOGITS = arrays(np.float32, (4, 3), elements=st.floats(-50, 50, width=32))
LABELS = arrays(np.int32, 4, elements=st.integers(0, 2))
FACTORS = {"colour": ("red", "green", "blue"), "side": ("upper", "lower")}


def squares(seed, n, size=32):
    """A square of one of three colours in the upper or the lower half of a grey picture,
    and a little noise.
    """
    draw = np.random.default_rng(seed)
    labels = {factor: draw.integers(0, len(values), n) for factor, values in FACTORS.items()}
    images = draw.normal(128, 10, [n, size, size, 3])
    quarter = size // 4
    for image, colour, side in zip(images, labels["colour"], labels["side"], strict=True):
        top, left = draw.integers(0, quarter, 2) + np.array([side * 2 * quarter, quarter])
        image[top : top + quarter, left : left + quarter] = 200.0 * np.eye(3)[colour]
    return np.clip(images, 0, 255).astype(np.uint8), labels


# The loss


@given(logits=LOGITS, labels=LABELS)
def test_cross_entropy_is_minus_the_log_of_the_softmax(logits, labels):
    exact = np.exp(logits.astype(np.float64))
    expected = -np.mean(np.log(exact[np.arange(4), labels] / exact.sum(axis=1)))
    assert float(factor_classifier.cross_entropy(logits, labels)) == pytest.approx(
        expected, rel=1e-4, abs=1e-5
    )


@given(logits=LOGITS, labels=LABELS)
def test_its_gradient_is_softmax_less_the_truth_and_sums_to_0(logits, labels):
    a = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(a)
        loss = factor_classifier.cross_entropy(a, labels)
    gradient = tape.gradient(loss, a).numpy()
    exact = np.exp(logits.astype(np.float64))
    np.testing.assert_allclose(
        gradient, (exact / exact.sum(axis=1, keepdims=True) - np.eye(3)[labels]) / 4, atol=1e-5
    )


def test_equal_logits_cost_log_k_and_huge_ones_stay_finite():
    assert float(
        factor_classifier.cross_entropy(np.zeros([5, 7], np.float32), [3] * 5)
    ) == pytest.approx(math.log(7))
    assert float(factor_classifier.cross_entropy(np.float32([[1e4, -1e4]]), [1])) == pytest.approx(
        2e4
    )
    assert float(factor_classifier.cross_entropy(np.float32([[1e4, -1e4]]), [0])) == 0.0


# Learning


@pytest.fixture(scope="module")
def taught():
    images, labels = squares(0, 400, size=16)
    return factor_classifier.fit_classifier(
        images, labels, FACTORS, steps=60, seed=0, batch=64, width=4
    )


def test_it_learns_both_factors_and_reads_new_pictures_of_any_size(taught):
    for size in (16, 32, 64):
        images, labels = squares(1, 200, size)
        assert min(taught.accuracy(images, labels).values()) > 0.9
        assert (
            min(taught.accuracy(images[:, :, ::-1], labels).values()) > 0.9
        )  # mirrored, as it has seen them


def test_it_answers_with_positions_whatever_the_block(taught, monkeypatch):
    images, _ = squares(2, 30)
    predicted = taught.predict(images)
    logits = taught.logits(images)
    assert list(predicted) == list(FACTORS)
    assert {(values.shape, values.dtype) for values in predicted.values()} == {
        ((30,), np.dtype(np.int32))
    }
    assert {factor: values.shape for factor, values in logits.items()} == {
        "colour": (30, 3),
        "side": (30, 2),
    }
    monkeypatch.setattr(factor_classifier, "IMAGES_AT_A_TIME", 7)
    for factor, values in taught.logits(images).items():
        np.testing.assert_allclose(values, logits[factor], atol=1e-4)
    wrong = {factor: (values + 1) % len(FACTORS[factor]) for factor, values in predicted.items()}
    assert taught.accuracy(images, wrong) == {"colour": 0.0, "side": 0.0}
    assert taught.accuracy(images, predicted) == {"colour": 1.0, "side": 1.0}


def test_the_seed_decides_the_start():
    one, same, other = (
        factor_classifier.FactorClassifier(FACTORS, seed=seed, width=2) for seed in (0, 0, 1)
    )
    for a, b in zip(one.trainable_variables, same.trainable_variables, strict=True):
        np.testing.assert_array_equal(a, b)
    assert any(
        not np.array_equal(a, b) for a, b in zip(one.variables, other.variables, strict=True)
    )


def test_shrinking_many_pictures_is_shrinking_each(monkeypatch):
    monkeypatch.setattr(factor_classifier, "IMAGES_AT_A_TIME", 3)
    images = np.random.default_rng(0).integers(0, 256, [7, 32, 32, 1]).astype(np.uint8)
    each = [factor_classifier.shrink(images[i : i + 1], 16) for i in range(7)]
    np.testing.assert_array_equal(factor_classifier.shrink(images, 16), np.concatenate(each))


def test_shrinking_takes_means_of_blocks():
    image = np.random.default_rng(0).integers(0, 256, [2, 128, 128, 3]).astype(np.uint8)
    small = factor_classifier.shrink(image, 32)
    assert small.shape == (2, 32, 32, 3)
    assert small[1, 5, 9, 2] == round(image[1, 20:24, 36:40, 2].mean())
    np.testing.assert_array_equal(factor_classifier.shrink(small, 32), small)


def test_a_picture_of_one_colour_has_no_detail_and_a_faint_line_has_four_times_its_own():
    x = np.full([1, 16, 16, 3], 0.5, np.float32)
    x[0, 8, 8] += 0.09
    seen = factor_classifier.with_detail(x).numpy()
    np.testing.assert_array_equal(seen[..., :3], x)
    assert seen[0, 8, 8, 3:] == pytest.approx(
        [4 * 0.08] * 3, abs=1e-5
    )  # a ninth of it is in the mean
    np.testing.assert_allclose(seen[0, :7, :, 3:], 0.0, atol=1e-6)  # at the border, too


# Drawn faces


def test_it_is_taught_drawn_faces_with_their_own_factors_and_judged_by_others(monkeypatch):
    told = {}
    monkeypatch.setattr(
        factor_classifier,
        "fit_classifier",
        lambda images, labels, factors, **options: told.update(
            images=images, labels=labels, factors=factors, **options
        ),
    )
    factor_classifier.train_classifier(32, faces=6, steps=5, seed=3)
    np.testing.assert_array_equal(told["images"], drawn_faces.draw(np.arange(6), seed=3, size=32))
    for factor, values in drawn_faces.factors(np.arange(6), seed=3).items():
        np.testing.assert_array_equal(told["labels"][factor], values)
    assert told["factors"] == drawn_faces.FACTORS
    assert (told["steps"], told["seed"]) == (5, 3)
    images, labels = factor_classifier.held_aside(4, size=32, seed=3)
    indices = 1_000_000 + np.arange(4)
    np.testing.assert_array_equal(images, drawn_faces.draw(indices, seed=3, size=32))
    assert all(
        np.array_equal(labels[k], v) for k, v in drawn_faces.factors(indices, seed=3).items()
    )


# Errors

X, Y = squares(0, 5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: factor_classifier.shrink(X.astype(float), 32),
            r"shrink: images must be .* of uint8, .* got .*float",
        ),
        (
            lambda: factor_classifier.shrink(X[:, :31, :31], 32),
            "shrink: images must be of a side that is a multiple of 32, got 31 pixels",
        ),
        (lambda: factor_classifier.shrink(X[:, :16], 32), r"got \[5, 16, 32, 3\] of uint8"),
        (lambda: factor_classifier.shrink(X[:0], 32), r"got \[0, 32, 32, 3\]"),
        (
            lambda: factor_classifier.fit_classifier(
                X, {**Y, "side": [0, 1, 2, 0, 0]}, FACTORS, steps=1, seed=0
            ),
            r"labels\['side'\] must be \[5\] from 0 to 1, got \[5\] from 0 to 2",
        ),
        (
            lambda: factor_classifier.fit_classifier(
                X, {"colour": Y["colour"]}, FACTORS, steps=1, seed=0
            ),
            r"labels\['side'\] must be \[5\] from 0 to 1, got \[0\]",
        ),
        (
            lambda: factor_classifier.fit_classifier(X, Y, FACTORS, steps=0, seed=0),
            "steps must be a whole number",
        ),
        (
            lambda: factor_classifier.FactorClassifier(FACTORS, seed=0, width=0),
            "width must be a whole number",
        ),
        (
            lambda: factor_classifier.FactorClassifier(FACTORS, size=40, seed=0),
            "size must be one of 16, 32, 48, 64, got 40",
        ),
    ],
)
def test_errors_say_what_was_wanted_and_what_came(call, message):
    with pytest.raises(ValueError, match=message):
        call()
