"""The solutions of chapter 5 hold."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from gan_core import rng
from toy import ch05_wasserstein as chapter
from toy.solutions import ch05

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_autograph")]


def test_exercise_1_both_ways_give_one_number():
    by_hand, of_samples = ch05.exercise_1()
    assert by_hand == of_samples == pytest.approx(1.75)


def test_exercise_2_crossing_never_pays():
    assert ch05.exercise_2() >= -1e-6


@pytest.mark.parametrize("shift", [0.0, 0.25, 0.5, 1.0, 3.0])
def test_exercise_3_js_stops_at_log_2_and_w1_goes_on(shift):
    js, w1 = ch05.exercise_3(shift)
    assert js == pytest.approx(min(shift, 1.0) * np.log(2.0), abs=1e-6)
    assert w1 == pytest.approx(shift)


def test_exercise_4_the_clip_decides_what_is_reported():
    for clip, steps in ((0.01, 100), (0.3, 200)):
        largest = 64 * 64 * clip**3
        assert 0.2 * largest < ch05.exercise_4(clip, steps=steps) <= largest


def test_exercise_5_the_slope_follows_the_formula():
    measured, predicted = ch05.exercise_5(10.0)
    assert measured == pytest.approx(predicted, rel=0.05)


def test_exercise_5_the_largest_weight_needs_the_most_steps():
    too_low = []
    for weight in (1.0, 10.0, 100.0):
        measured, predicted = ch05.exercise_5(weight, steps=75)
        too_low.append(1.0 - measured / predicted)
    assert max(too_low[:2]) < 0.11 < 0.13 < too_low[2]


def test_exercise_7_no_pair_of_points_violates_the_bound():
    critic = ch05.exercise_7()
    points = 3.0 * rng.normal([400, 2], rng.seed(0, "points"))
    scores = critic(points, training=True)[:, 0].numpy()
    rises = np.abs(scores[:200] - scores[200:])
    distances = np.linalg.norm(points[:200] - points[200:], axis=1)
    assert (rises <= distances * (1.0 + 1e-4)).all()


def test_exercise_7_power_iteration_finds_the_largest_singular_value():
    layer = ch05.SpectralDense(20, 30, seed=3)
    for _ in range(200):
        layer(tf.zeros([1, 20]), training=True)
    largest = np.linalg.svd(layer.weights.numpy(), compute_uv=False)[0]
    basis = layer(tf.eye(20)) - layer.bias
    assert np.linalg.svd(basis.numpy(), compute_uv=False)[0] == pytest.approx(1.0, rel=1e-3)
    np.testing.assert_allclose(basis * largest, layer.weights, rtol=1e-3, atol=1e-5)


def test_exercise_6_the_non_saturating_game_has_settings_of_its_own(monkeypatch):
    tiny = chapter.Config(steps=4, batch=8, hidden=4, seeds=2)
    given = []
    build = chapter.build
    eager = functools.partial(chapter.GANTrainer, mode="eager")
    monkeypatch.setattr(chapter, "GANTrainer", eager)

    def spied(config, game, seed):
        given.append((game.loss, config.d_steps, config.g_learning_rate))
        return build(config, game, seed)

    monkeypatch.setattr(chapter, "build", spied)
    rows = ch05.exercise_6(tiny)
    assert given == [("non-saturating", 1, 0.001)] * 2
    assert [row[:2] for row in rows] == [["non-saturating", "0"], ["non-saturating", "1"]]
