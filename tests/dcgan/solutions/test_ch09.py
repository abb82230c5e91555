"""dcgan.solutions.ch09: what each solution claims."""

import math

import numpy as np
import pytest

from dcgan import ch09_training as chapter
from dcgan.solutions import ch09 as solutions
from gan_core import losses

TINY = {"drawn": 300, "judged": 16, "width": 1, "mode": "eager"}


def test_1_the_losses_are_those_of_the_library():
    d_loss, g_loss, accuracy, bound = solutions.exercise_1()
    a = np.full(4, math.log(0.8 / 0.2), np.float32)
    b = np.full(4, math.log(0.3 / 0.7), np.float32)
    assert d_loss == pytest.approx(float(losses.discriminator_loss(a, b)), rel=1e-6)
    assert g_loss == pytest.approx(float(losses.non_saturating_generator_loss(b)), rel=1e-6)
    assert accuracy == 1.0
    assert bound == pytest.approx(0.403, abs=5e-4)
    assert bound < math.log(2.0)


def test_2_half_is_left_of_the_start():
    decay, share = solutions.exercise_2(400)
    assert decay**400 == pytest.approx(0.5)
    assert share == pytest.approx(
        math.exp(math.lgamma(10) + math.lgamma(401) - math.lgamma(410)), rel=1e-9
    )
    with pytest.raises(ValueError, match="rounds must be"):
        solutions.exercise_2(0)


def test_3_neither_mistake_raises_and_both_show_in_a_number():
    from_logits, from_probabilities, frozen, free = solutions.exercise_3()
    sigmoid = lambda x: 1.0 / (1.0 + np.exp(-x))  # noqa: E731
    assert from_logits == pytest.approx(2 * np.log1p(np.exp(-6.0)), rel=1e-5)
    by_hand = -np.log(sigmoid(sigmoid(6.0))) - np.log(1 - sigmoid(sigmoid(-6.0)))
    assert from_probabilities == pytest.approx(by_hand, rel=1e-5)
    assert from_probabilities > math.log1p(math.exp(-1.0)) + math.log(2.0) > 1.0
    assert free == pytest.approx(9.5, abs=0.1)
    assert frozen == pytest.approx(4e-5, abs=5e-6)


def test_3_what_looks_frozen_is_only_unsettled():
    _, _, _, free_before = solutions.exercise_3()
    _, _, frozen, free = solutions.exercise_3(batches=200)
    assert free == pytest.approx(free_before, rel=1e-4)
    assert frozen > 0.5 * free


def test_4_so_many_seeds_and_so_many_false_alarms():
    seeds, share = solutions.exercise_4()
    assert seeds == 18
    assert share == pytest.approx(0.116, abs=0.01)  # P(|t| > 2) with 4 degrees of freedom


def test_5_four_logits_that_differ_have_the_larger_loss():
    four, one = solutions.exercise_5()
    assert four > one + 0.05
    assert solutions.exercise_5(0.0, 0.0)[1] == pytest.approx(math.log(4.0), rel=1e-6)


@pytest.mark.slow
def test_6_both_batches_play_the_same_number_of_rounds(monkeypatch, tmp_path):
    played = []
    rounds = chapter.GANTrainer.rounds

    def counted(trainer, batches, n):
        played.append(n)
        return rounds(trainer, batches, n)

    monkeypatch.setattr(chapter.GANTrainer, "rounds", counted)
    found = solutions.exercise_6(chapter.Config(**TINY, images=128), rounds=1)
    assert set(found) == {32, 128}
    assert played == [1, 1]


class Trainer:
    """Makes the faces that it is given."""

    def __init__(self, faces):
        self.faces = faces

    def sample(self, n):
        return self.faces[:n]


def test_7_the_watchdog_stops_what_has_failed_and_nothing_else():
    draw = np.random.default_rng(0)
    varied = draw.uniform(-1.0, 1.0, [64, 8, 8, 3]).astype(np.float32)
    same = np.repeat(varied[:1], 64, axis=0)
    real = np.uint8(127.5 * (varied + 1.0))
    calm = {"step": 10, "d_real": 0.9, "d_fake": 0.1}
    certain = {"step": 10, "d_real": 1.0, "d_fake": 0.0}

    def looks_until_stopped(faces, row):
        watchdog = solutions.exercise_7(real, patience=3, start=5)
        for look in range(1, 8):
            try:
                watchdog.function(Trainer(faces), row)
            except RuntimeError as failure:
                return look, str(failure)
        return None

    assert looks_until_stopped(varied, calm) is None
    look, why = looks_until_stopped(same, calm)
    assert look == 3
    assert "one picture" in why
    look, why = looks_until_stopped(varied, certain)
    assert look == 3
    assert "certain" in why
    assert looks_until_stopped(same, {**calm, "step": 4}) is None  # at the start all are alike


def test_7_good_looks_in_between_are_counted_anew():
    draw = np.random.default_rng(0)
    varied = draw.uniform(-1.0, 1.0, [64, 8, 8, 3]).astype(np.float32)
    watchdog = solutions.exercise_7(np.uint8(127.5 * (varied + 1.0)), patience=2)
    certain = {"step": 900, "d_real": 1.0, "d_fake": 0.0}
    for row in [certain, {**certain, "d_fake": 0.2}, certain]:
        watchdog.function(Trainer(varied), row)
    with pytest.raises(RuntimeError, match="certain"):
        watchdog.function(Trainer(varied), certain)


@pytest.mark.slow
def test_7_fit_is_stopped():
    config = chapter.Config(**TINY, rounds=4)
    recipe = chapter.Recipe(batch=2)
    stopped = solutions.play_with_a_watchdog(
        config, {"dead": recipe}, period=1, patience=2, start=0
    )
    assert "round 2: all generated faces are one picture" in stopped["dead"]
    calm = solutions.play_with_a_watchdog(config, {"A": recipe}, period=1, least_variety=0.0)
    assert calm == {"A": "finished"}
