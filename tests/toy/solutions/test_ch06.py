"""The solutions of chapter 6 hold."""

import types

import numpy as np
import pytest

from gan_core import rng
from toy import ch06_ring_and_grid as chapter
from toy.solutions import ch06
from toy.targets import distributions

pytestmark = pytest.mark.slow

TINY = chapter.Config(steps=3, batch=8, width=4, bits=2, mode="eager")


def test_exercise_1_a_lost_mode_passes_by_reverse_kl_alone():
    row = ch06.exercise_1()
    assert row.modes == 24
    np.testing.assert_allclose(row.reverse_kl, np.log(25 / 24), atol=0.005)
    np.testing.assert_allclose(row.high_quality, 0.9889, atol=0.004)


def test_exercise_2_packs_of_four_tell_the_most():
    differences = [ch06.exercise_2(8, pack) - ch06.exercise_2(4, pack) for pack in range(1, 9)]
    assert differences[1] == pytest.approx(7 / 8 - 3 / 4)
    assert int(np.argmax(differences)) + 1 == 4
    assert max(differences) == pytest.approx(0.316, abs=0.001)


def test_exercise_3_a_shrunken_sampler_passes_by_high_quality_alone():
    row = ch06.exercise_3()
    assert row.high_quality > 0.9999
    np.testing.assert_allclose(row.sd_ratio, 0.5 / 0.9744, rtol=0.02)


def test_exercise_4_keeps_the_coin_flips_alone(monkeypatch):
    given = []

    class Trainer:
        def sample(self, n):
            return distributions.grid().sample(n, rng.seed(0, "test")).numpy()

    def train(distribution, config):
        given.append(config)
        return Trainer()

    monkeypatch.setattr(chapter, "train", train)
    assert ch06.exercise_4(TINY).modes == 25
    (config,) = given
    assert config.bits == TINY.bits
    assert (config.loss, config.gamma, config.noise, config.average) == ("non-saturating", 0, 0, 0)


def test_exercise_5_is_a_share():
    assert 0.0 <= ch06.exercise_5(TINY) <= 1.0


def test_exercise_6_compares_the_average_with_g_itself_in_one_training(monkeypatch):
    """An averaged G whose modes are half as wide as those of G itself."""
    grid = distributions.grid()
    shrunken = distributions.gaussian_mixture(grid.modes, grid.sd / 2)
    given = []

    def generator_of(distribution):
        return lambda z, training: distribution.sample(len(z), rng.seed(0, "test"))

    class Trainer:
        generator = staticmethod(generator_of(grid))
        average = types.SimpleNamespace(model=generator_of(shrunken))

        def latent(self, n, seed):
            return rng.normal([n, 2], seed)

    def train(distribution, config):
        given.append(config)
        return Trainer()

    monkeypatch.setattr(chapter, "train", train)
    with_average, without = ch06.exercise_6(TINY)
    assert given == [TINY]
    np.testing.assert_allclose((with_average, without), (0.5 / 0.9744, 1.0), rtol=0.02)


def test_exercise_6_finds_both_networks_in_a_trainer():
    assert len(ch06.exercise_6(TINY, n=50)) == 2


def test_exercise_7_makes_and_judges_packs():
    trainer, sampler = ch06.exercise_7(distributions.ring(), pack=3, batch=8, width=8, mode="eager")
    batch = sampler(0)
    assert batch.shape == (8, 3, 2)
    row = trainer.round(batch)
    assert np.isfinite(row["d_loss"])
    assert trainer.sample(5).shape == (5, 3, 2)


def test_exercise_7_samples_of_a_pack_are_independent():
    trainer, _ = ch06.exercise_7(distributions.ring(), pack=2, batch=8, width=8, mode="eager")
    z = rng.normal([1, 4], rng.seed(0, "z")).numpy()
    other = z.copy()
    other[0, 2:] += 1.0
    first = trainer.generator(z).numpy()
    second = trainer.generator(other).numpy()
    np.testing.assert_array_equal(first[0, 0], second[0, 0])
    assert (first[0, 1] != second[0, 1]).any()
