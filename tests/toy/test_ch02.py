"""Chapter 2: the smallest GAN does what the law says, and the chapter is a module,
a script and a notebook.
"""

import dataclasses
import math

import chapters
import numpy as np
import pytest

from toy import ch02_gradient_play as chapter

pytestmark = pytest.mark.slow

MODULE = "toy.ch02_gradient_play"
THREE = chapter.Config(steps=3, theta=0.8, psi=-0.5)


def test_importing_only_defines():
    assert chapters.work_at_import(MODULE) == []


def test_its_cells_are_those_of_a_notebook():
    assert chapters.faults_of_form(MODULE) == []


def test_runs_three_steps_as_a_script_and_draws(monkeypatch, tmp_path, capsys):
    names = chapters.run_as_script(MODULE, monkeypatch, "--steps", "3", "--out", str(tmp_path))
    assert {file.name for file in tmp_path.iterdir()} == {
        "phase_portraits.png",
        "samples.png",
        "growth.png",
    }
    assert all(track.shape == (4, 2) for pair in names["tracks"].values() for track in pair)
    assert "growth a round" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flag", "value", "words"),
    [
        ("--steps", "-4", "steps must be a whole number from 1 to 10000, got -4"),
        ("--steps", "2.5", "--steps"),
        ("--learning-rate", "0", "--learning-rate must be"),
        ("--learning-rate", "inf", "--learning-rate must be"),
        ("--r1", "-1", "r1 must be"),
        ("--r1", "10.1", "r1 must be a finite number from 0 to 10"),
        ("--theta", "0", "theta must be further from 0"),
        ("--psi", "11", "psi must be"),
        ("--steps", "9000", "steps must be at most 8039 at learning_rate 0.1"),
        ("--loss", "hinge", "--loss"),
    ],
)
def test_a_bad_value_is_one_line_and_exit_2(flag, value, words, monkeypatch, capsys):
    assert words in chapters.line_of_exit_2(MODULE, monkeypatch, capsys, flag, value)


@pytest.mark.parametrize("loss", ["minimax", "wasserstein"])
def test_simultaneous_play_grows_by_the_law(loss):
    """By exactly 1 + h^2 f'^2 each round, written out here without the chapter's own formula."""
    config = dataclasses.replace(THREE, learning_rate=0.3)
    track = chapter.play(chapter.make_trainer(config, loss, "simultaneous"), 10)
    b = track[:-1, 0] * track[:-1, 1]
    slope = 1.0 / (1.0 + np.exp(-b)) if loss == "minimax" else np.ones(10)
    np.testing.assert_allclose(chapter.growth(track), 1.0 + (0.3 * slope) ** 2, rtol=1e-5)
    np.testing.assert_allclose(
        chapter.predicted_growth(loss, track, 0.3), 1.0 + (0.3 * slope) ** 2, rtol=1e-12
    )


def test_the_non_saturating_game_grows_less():
    config = dataclasses.replace(THREE, learning_rate=0.3)
    track = chapter.play(chapter.make_trainer(config, "non-saturating", "simultaneous"), 10)
    np.testing.assert_allclose(
        chapter.growth(track), chapter.predicted_growth("non-saturating", track, 0.3), rtol=1e-5
    )
    assert chapter.growth(track).mean() < 1.0


@pytest.mark.parametrize("loss", chapter.LOSS_NAMES)
def test_the_grey_lines_are_where_the_trainer_goes(loss):
    trainer = chapter.make_trainer(THREE, loss, "simultaneous")
    (start, after) = chapter.play(trainer, 1)
    theta, psi = (np.full([1, 1], value) for value in start)
    move = [part.item() for part in chapter.pull(loss, theta, psi)]
    np.testing.assert_allclose(after - start, THREE.learning_rate * np.array(move), rtol=1e-4)


def test_pull_treats_each_point_by_itself():
    theta, psi = np.meshgrid([-1.0, 0.5, 2.0], [-1.0, 0.0, 1.0])
    at_all = chapter.pull("non-saturating", theta, psi)
    at_one = chapter.pull("non-saturating", theta[:1, :1], psi[:1, :1])
    np.testing.assert_allclose(
        [part[0, 0] for part in at_all], [part[0, 0] for part in at_one], rtol=1e-6
    )


def test_the_moduli_are_those_of_the_matrices(capsys):
    """Above 1 for simultaneous, 1 for alternating, below 1 with R1."""
    trainers, _ = chapter.play_all(THREE)
    rows = chapter.compare_moduli(THREE, trainers)
    for (update, loss), (free, free_predicted, damped, damped_predicted) in rows.items():
        assert free == pytest.approx(free_predicted, abs=1e-5)
        assert damped == pytest.approx(damped_predicted, abs=1e-5)
        assert damped < 0.99
        slope = 1.0 if loss == "wasserstein" else 0.5
        expected = 1.0 if update == "alternating" else math.hypot(1.0, THREE.learning_rate * slope)
        assert free == pytest.approx(expected, abs=1e-5)


def test_a_game_is_the_same_bit_for_bit():
    trainers = [chapter.make_trainer(THREE, "non-saturating", "alternating", 0.5) for _ in range(2)]
    first, again = (chapter.play(trainer, 3) for trainer in trainers)
    np.testing.assert_array_equal(first, again)


def test_solution_1_the_circle():
    radius, predicted = chapter.solution_1()
    assert predicted == math.sqrt(0.6)
    assert radius == pytest.approx(predicted, rel=0.02)


def test_solution_2_the_ellipse():
    kept = chapter.solution_2()
    np.testing.assert_allclose(kept, kept[0], rtol=1e-5)


def test_solution_3_critical_damping():
    gamma, modulus = chapter.solution_3()
    assert gamma == pytest.approx(1.0)
    assert modulus == pytest.approx(0.95, abs=1e-3)
