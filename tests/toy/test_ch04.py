"""Chapter 4: one loss dies and the other lives, and the chapter is a module,
a script and a notebook.
"""

import dataclasses

import chapters
import numpy as np
import pytest

import gan_core.trainer
from toy import ch04_two_losses as chapter

pytestmark = pytest.mark.slow

MODULE = "toy.ch04_two_losses"
THREE = chapter.Config(steps=3, head_start=1, batch=8, hidden=4)


def patch_mode(monkeypatch, mode):
    trainer = gan_core.trainer.GANTrainer
    monkeypatch.setattr(
        chapter, "GANTrainer", lambda *args, **kwargs: trainer(*args, **{**kwargs, "mode": mode})
    )
    monkeypatch.setattr(gan_core.trainer, "GANTrainer", chapter.GANTrainer)


@pytest.fixture
def eager(monkeypatch):
    """Four rounds are sooner played than compiled."""
    patch_mode(monkeypatch, "eager")


def test_importing_only_defines():
    assert chapters.work_at_import(MODULE) == []


def test_its_cells_are_those_of_a_notebook():
    assert chapters.faults_of_form(MODULE) == []


def test_runs_three_steps_as_a_script_and_draws(eager, monkeypatch, tmp_path, capsys):
    names = chapters.run_as_script(
        MODULE,
        monkeypatch,
        "--steps",
        "3",
        "--head-start",
        "1",
        "--batch",
        "8",
        "--hidden",
        "4",
        "--seeds",
        "2",
        "--out",
        str(tmp_path),
    )
    drawn = {file.name for file in tmp_path.iterdir()}
    assert drawn == {"sigmoid.png", "densities.png", "gradients.png", "divergences.png"}
    runs = [looks for looks_of_seeds in names["games"].values() for looks in looks_of_seeds]
    assert [list(looks["step"]) for looks in runs] == [[1, 2, 3, 4]] * 8
    said = capsys.readouterr().out
    assert all(
        title in said
        for title in ("minimax, SGD", "non-saturating, SGD", "minimax, Adam", "nearest normal")
    )


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--steps", "-4"), "steps must be a whole number from 1 to 1000000, got -4"),
        (("--steps", "2.5"), "--steps"),
        (("--loss", "minimax", "hing"), "--loss must be one of minimax, non-saturating"),
        (("--sd", "0"), "sd must be a finite number above 0"),
        (("--centers", "7", "nan"), "centers must be finite"),
        (("--centers",), "centers must be"),
        (("--batch", "0"), "batch must be"),
        (("--head-start", "-1"), "--head-start must be"),
        (("--hidden", "0"), "hidden must be"),
        (("--sgd-learning-rate", "nan"), "--sgd-learning-rate must be"),
    ],
)
def test_a_bad_value_is_one_line_and_exit_2(flags, words, monkeypatch, capsys):
    assert words in chapters.line_of_exit_2(MODULE, monkeypatch, capsys, *flags)


def test_a_run_is_the_same_bit_for_bit(eager):
    first, again = (chapter.play(THREE, "minimax", "Adam") for _ in range(2))
    other = chapter.play(dataclasses.replace(THREE, seed=1), "minimax", "Adam")
    for name, values in first.items():
        np.testing.assert_array_equal(values, again[name])
    assert first["distance"][0] != other["distance"][0]


def test_g_stands_still_until_the_head_start_is_over(eager):
    looks = chapter.play(dataclasses.replace(THREE, head_start=2), "non-saturating", "SGD")
    np.testing.assert_array_equal(looks["fake"][0], looks["fake"][1])
    assert (looks["fake"][2] != looks["fake"][1]).any()


def test_by_gradient_descent_minimax_stays_where_it_is_and_the_other_leaves(monkeypatch):
    """The chapter's conclusion, in small: a tenth of the rounds."""
    patch_mode(monkeypatch, "graph")
    config = chapter.Config(steps=400, head_start=400, hidden=16, batch=32, d_learning_rate=0.002)
    minimax, other = (chapter.play(config, loss, "SGD") for loss in ("minimax", "non-saturating"))
    start = list(minimax["step"]).index(400)
    assert minimax["d_fake"][start] < 1e-3
    assert (
        minimax["d_fake"][start] == other["d_fake"][start]
    )  # the same D against the same G until then
    ratio = other["g_gradient_norm"][start] / minimax["g_gradient_norm"][start]
    assert ratio == pytest.approx(1.0 / minimax["d_fake"][start], rel=0.3)
    assert minimax["distance"][-1] > 0.98 * minimax["distance"][start]
    assert other["distance"][-1] < 0.5 * other["distance"][start]


LOOKS = {
    "step": np.array([50, 100, 150, 200]),
    "distance": np.array([9.0, 10.0, 4.0, 1.0]),
    "g_loss": np.array([0.0, 3.0, 2.0, 1.0]),
    "d_fake": np.array([0.5, 0.01, 0.2, 0.3]),
    "g_gradient_norm": np.array([1.0, 2.0, 3.0, 4.0]),
    "fake": np.array([[7.0, 8.5, 10.0, 13.1]] * 4),
}


def test_rows_count_from_the_end_of_the_head_start():
    config = dataclasses.replace(THREE, head_start=100)
    assert chapter.end_of_head_start(LOOKS, config) == 1
    assert chapter.rounds_to_a_tenth(LOOKS, 1) == 100
    assert chapter.correlation_with_w1(LOOKS, config) == pytest.approx(1.0)
    assert chapter.share_in_gaps(LOOKS, config) == 0.25
    row = chapter.row_of_escape("title", [LOOKS, LOOKS], config)
    assert row == ["title", "0.01", "2", "2 of 2", "100 ± 0", "6.50 ± 0.00"]
    assert chapter.row_of_ends("title", [LOOKS], config) == ["title", "1.5", "1.00", "25.0"]


def test_a_run_that_does_not_arrive_is_not_counted():
    config = dataclasses.replace(THREE, head_start=100)
    stuck = dict(LOOKS, distance=np.array([9.0, 10.0, 4.0, 1.5]))
    assert chapter.rounds_to_a_tenth(stuck, 1) == np.inf
    assert chapter.row_of_escape("t", [LOOKS, stuck], config)[3:5] == ["1 of 2", "100"]
    assert chapter.row_of_escape("t", [stuck], config)[3:5] == ["0 of 1", "never"]


@pytest.mark.parametrize("shift", [0.5, 2.0, 4.0])
def test_each_loss_pulls_as_hard_as_its_divergence_falls(shift):
    """Equation (4.3), in code."""
    minimax = chapter.pull_of_loss("minimax", shift)
    other = chapter.pull_of_loss("non-saturating", shift)
    slope_of_js = chapter.slope(chapter.two_js, shift)
    assert minimax == pytest.approx(slope_of_js, rel=0.03)
    assert other == pytest.approx(chapter.slope(chapter.two_kl, shift), rel=0.03)


@pytest.mark.parametrize("loss", chapter.losses.LOSSES)
def test_every_loss_that_the_help_names_can_be_summed_up(loss, eager):
    looks = chapter.play(THREE, loss, "SGD")
    assert set(looks) >= {"step", "g_gradient_norm", "d_fake", "g_loss", "distance"}
    assert len(chapter.row_of_escape(loss, [looks], THREE)) == 6
    assert len(chapter.row_of_ends(loss, [looks], THREE)) == 4
    assert ((looks["d_fake"] > 0.0) & (looks["d_fake"] < 1.0)).all()


def test_no_normal_comes_near_three_modes():
    floor, normal = chapter.yardsticks(chapter.Config())
    assert 0.005 < floor < 0.15 < 0.4 < normal  # 0 would be one sample compared with itself


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_each_optimizer_has_its_own_learning_rate(optimizer, eager):
    """Where its own is 0 G stands still, whatever the other's is."""
    for flag in ("sgd_learning_rate", "adam_learning_rate"):
        config = dataclasses.replace(THREE, head_start=0, **{flag: 0.0})
        fake = chapter.play(config, "non-saturating", optimizer)["fake"]
        stands_still = np.array_equal(fake[0], fake[-1])
        assert stands_still == flag.startswith(optimizer.lower())


def test_each_draw_has_a_seed_of_its_own(eager):
    """The batches, the samples that are looked at, and their z."""
    config = dataclasses.replace(THREE, centers=(10.0,), batch=5000)
    looks = chapter.play(config, "minimax", "SGD")
    trainer, sampler = chapter.build(config, "minimax", "SGD")
    z = trainer.latent(5000, chapter.rng.seed(config.seed, "look at z"))[:, 0].numpy()
    draws = [looks["real"], z, *(np.asarray(sampler(index))[:, 0] for index in (0, 1))]
    correlations = np.corrcoef(draws) - np.eye(len(draws))
    assert np.abs(correlations).max() < 5.0 / np.sqrt(5000)
