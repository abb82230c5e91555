"""Chapter 3: one normal becomes another, and the chapter is a module, a script and a notebook."""

import dataclasses
import functools

import chapters
import numpy as np
import pytest
import tensorflow as tf

import gan_core.trainer
from gan_core.runs import loop
from toy import ch03_one_gaussian as chapter

pytestmark = pytest.mark.slow

MODULE = "toy.ch03_one_gaussian"
THREE = chapter.Config(steps=3, batch=8)


@pytest.fixture
def eager(monkeypatch):
    """Three rounds are sooner played than compiled."""
    trainer = functools.partial(gan_core.trainer.GANTrainer)
    monkeypatch.setattr(
        chapter, "GANTrainer", lambda *args, **kwargs: trainer(*args, **{**kwargs, "mode": "eager"})
    )
    monkeypatch.setattr(gan_core.trainer, "GANTrainer", chapter.GANTrainer)


def test_importing_only_defines():
    assert chapters.work_at_import(MODULE) == []


def test_its_cells_are_those_of_a_notebook():
    assert chapters.faults_of_form(MODULE) == []


def test_runs_three_steps_as_a_script_and_draws(eager, monkeypatch, tmp_path, capsys):
    names = chapters.run_as_script(
        MODULE, monkeypatch, "--steps=3", "--batch=8", "--seeds=2", f"--out={tmp_path}"
    )
    assert {file.name for file in tmp_path.iterdir()} == {
        "snapshots.png",
        "path.png",
        "curves.png",
    }
    assert [list(looks["step"]) for looks in names["games"].values()] == [[0, 1, 2, 3]] * 3
    said = capsys.readouterr().out
    for caption in ("Table 3.1.", "Table 3.2.", "Table 3.3.", "Figure 3.3."):
        assert caption in said
    assert "standard error" in said


@pytest.mark.parametrize(
    ("flag", "value", "words"),
    [
        ("--steps", "-4", "steps must be a whole number from 1 to 1000000, got -4"),
        ("--steps", "2.5", "--steps"),
        ("--loss", "hing", "--loss must be one of minimax, non-saturating"),
        ("--sd", "0", "sd must be a finite number"),
        ("--sd", "nan", "sd must be"),
        ("--features", "cubic", "features must be one of linear, quadratic, got 'cubic'"),
        ("--batch", "0", "batch must be"),
        ("--latent-dim", "0", "--latent-dim must be"),
        ("--seed", "-1", "seed must be"),
        ("--g-learning-rate", "-1", "--g-learning-rate must be"),
        ("--average", "1", "average must be"),
    ],
)
def test_a_bad_value_is_one_line_and_exit_2(flag, value, words, monkeypatch, capsys):
    assert words in chapters.line_of_exit_2(MODULE, monkeypatch, capsys, flag, value)


def test_a_run_arrives():
    """What the table claims of all seeds, for one of them: mean and sd within .05,
    by the weights and by samples.
    """
    trainer, sampler = chapter.build(dataclasses.replace(chapter.Config(), seed=3))
    loop.fit(trainer, sampler, chapter.Config().steps)
    mean, sd = chapter.mean_and_sd(trainer.average.model, 1.0)
    assert abs(mean - 10.0) <= 0.05
    assert abs(sd - 1.0) <= 0.05
    samples = trainer.sample(20_000)
    assert samples.mean() == pytest.approx(mean, abs=0.03)
    assert samples.std() == pytest.approx(sd, abs=0.02)


def test_a_run_is_the_same_bit_for_bit(eager):
    first, again = (chapter.play(*chapter.build(THREE), THREE) for _ in range(2))
    other = dataclasses.replace(THREE, seed=1)
    other = chapter.play(*chapter.build(other), other)
    for name, values in first.items():
        np.testing.assert_array_equal(values, again[name])
    assert first["mean"][0] == other["mean"][0] == 0.0  # G starts as G(z) = z
    assert first["sd"][0] == other["sd"][0] == 1.0
    assert first["mean"][3] != other["mean"][3]


def test_each_draw_has_a_seed_of_its_own(eager):
    """What D is standardised by, what is looked at, the z of the looks, and the batches."""
    looks = chapter.play(*chapter.build(THREE), THREE)
    target = chapter.Normal(THREE.mean, THREE.sd)
    points = target.sample(5000, chapter.rng.seed(THREE.seed, "5,000 points"))[:, 0].numpy()
    _, sampler = chapter.build(dataclasses.replace(THREE, batch=5000))
    batches = [np.asarray(sampler(index))[:, 0] for index in (0, 1)]
    z = looks["fake"][0]  # G starts as G(z) = z
    draws = [points, looks["real"], z, *batches]
    correlations = np.corrcoef(draws) - np.eye(len(draws))
    assert np.abs(correlations).max() < 5.0 / np.sqrt(5000)


@pytest.mark.parametrize("still", ["generator", "discriminator"])
def test_each_player_has_its_own_learning_rate(still, eager):
    rate = {"generator": "g_learning_rate", "discriminator": "d_learning_rate"}[still]
    trainer, sampler = chapter.build(dataclasses.replace(THREE, **{rate: 0.0}))
    networks = {"generator": trainer.generator, "discriminator": trainer.discriminator}
    before = {}
    for name, network in networks.items():
        before[name] = [variable.numpy() for variable in network.trainable_variables]
    loop.fit(trainer, sampler, 2)
    for name, network in networks.items():
        for old, new in zip(before[name], network.trainable_variables, strict=True):
            assert np.array_equal(old, new) == (name == still)


def test_z_has_the_config_s_size_and_sd(eager):
    trainer, _ = chapter.build(dataclasses.replace(THREE, latent_dim=3, latent_sd=2.5))
    z = trainer.latent(5000, chapter.rng.seed(0, "test")).numpy()
    assert z.shape == (5000, 3)
    assert z.std() == pytest.approx(2.5, rel=0.03)


def test_the_affine_g_is_the_normal_it_is_said_to_be():
    config = dataclasses.replace(THREE, latent_dim=3, latent_sd=2.0)
    generator = chapter.build(config)[0].generator
    generator.layers[0].kernel.assign([[1.0], [2.0], [-2.0]])
    generator.layers[0].bias.assign([5.0])
    assert chapter.mean_and_sd(generator, 2.0) == (5.0, 6.0)


@pytest.mark.parametrize(("features", "bends"), [("linear", False), ("quadratic", True)])
def test_only_squares_let_the_logit_bend(features, bends):
    trainer, _ = chapter.build(dataclasses.replace(THREE, features=features))
    a = trainer.discriminator(tf.constant([[9.0], [10.0], [11.0]])).numpy()[:, 0]
    assert (abs(a[0] - 2 * a[1] + a[2]) > 1e-3) == bends


def test_the_rule_takes_the_average_nearest_one_half_but_not_the_start():
    looks = {"d_real": np.array([0.5, 0.9, 1.0, 0.7]), "d_fake": np.array([0.5, 0.2, 0.01, 0.1])}
    assert chapter.nearest_one_half(looks) == 2


def test_the_rule_keeps_a_failure():
    looks = chapter.play_in_haste(chapter.Config(seed=0))
    kept = chapter.nearest_one_half(looks)
    assert list(looks["step"]) == list(range(21))
    assert abs(looks["mean"][kept] - 10.0) > 5.0
    assert looks["d_real"][kept] - looks["d_fake"][kept] > 0.5
    assert looks["distance"][-1] < looks["distance"][kept]


def test_without_an_average_both_columns_are_the_generator_s(eager, capsys):
    config = dataclasses.replace(THREE, average=0.0, seeds=1)
    found = chapter.judge_seeds(config)
    assert found.shape == (1, 2)
    assert found[0, 0] == found[0, 1]
    assert "standard error" not in capsys.readouterr().out


def test_both_columns_are_wasserstein_distances(eager):
    """A learning rate of 0 leaves G at N(0, 1), which is 10 from the data."""
    config = dataclasses.replace(THREE, g_learning_rate=0.0, seeds=1)
    np.testing.assert_allclose(chapter.judge_seeds(config), [[10.0, 10.0]])
