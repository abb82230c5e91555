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
        "with_r1.png",
        "samples.png",
        "growth.png",
    }
    assert all(track.shape == (4, 2) for track in names["tracks"].values())
    assert "Table 2.5." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flag", "value", "words"),
    [
        ("--steps", "-4", "steps must be a whole number from 1 to 10000, got -4"),
        ("--steps", "2.5", "--steps"),
        ("--learning-rate", "0", "--learning-rate must be"),
        ("--learning-rate", "inf", "--learning-rate must be"),
        ("--r1", "-1", "r1 must be"),
        ("--r1", "10.1", "r1 must be a finite number from 0 to 10"),
        ("--theta", "0", "theta must be at least 0.01 from 0"),
        ("--psi", "11", "psi must be"),
        ("--steps", "9000", "steps must be at most 8039 at learning_rate 0.1"),
        ("--loss", "hinge", "--loss"),
    ],
)
def test_a_bad_value_is_one_line_and_exit_2(flag, value, words, monkeypatch, capsys):
    assert words in chapters.line_of_exit_2(MODULE, monkeypatch, capsys, flag, value)


START = (0.8, -0.5)


@pytest.mark.parametrize("loss", ["minimax", "wasserstein"])
def test_simultaneous_play_grows_by_the_law(loss):
    """By exactly 1 + h^2 f'^2 each round, written out here without the chapter's own formula."""
    track = chapter.play(loss, "simultaneous", START, 10, 0.3)
    b = track[:-1, 0] * track[:-1, 1]
    slope = 1.0 / (1.0 + np.exp(-b)) if loss == "minimax" else np.ones(10)
    wanted = 1.0 + (0.3 * slope) ** 2
    np.testing.assert_allclose(chapter.growth(track), wanted, rtol=1e-12)
    np.testing.assert_allclose(chapter.predicted_growth(loss, track, 0.3), wanted, rtol=1e-12)


def test_the_non_saturating_game_grows_less():
    track = chapter.play("non-saturating", "simultaneous", START, 10, 0.3)
    measured = chapter.growth(track)
    predicted = chapter.predicted_growth("non-saturating", track, 0.3)
    np.testing.assert_allclose(measured, predicted, rtol=1e-12)
    assert measured.mean() < 1.0


@pytest.mark.parametrize("loss", chapter.LOSS_NAMES)
def test_the_grey_lines_are_where_the_game_goes(loss):
    start, after = chapter.play(loss, "simultaneous", START, 1, 0.01)
    np.testing.assert_allclose(after - start, 0.01 * np.array(chapter.flow(loss, *START)))


@pytest.mark.parametrize("gamma", [0.0, 0.5])
def test_the_moduli_are_those_of_the_matrices(gamma):
    """Without R1 above 1 for simultaneous and 1 for alternating play, and below 1 with R1."""
    for (update, loss), (measured, predicted) in chapter.compare_moduli(THREE, gamma).items():
        assert measured == pytest.approx(predicted, abs=1e-7)
        slope = 1.0 if loss == "wasserstein" else 0.5
        hf = THREE.learning_rate * slope
        determinant = 1.0 - THREE.learning_rate * gamma
        if update == "simultaneous":
            determinant += hf**2
        assert predicted == pytest.approx(math.sqrt(determinant), abs=1e-12)


@pytest.mark.parametrize("update", chapter.UPDATES)
@pytest.mark.parametrize("loss", chapter.LOSS_NAMES)
@pytest.mark.parametrize("gamma", [0.0, 0.5])
def test_the_trainer_plays_what_is_written_by_hand(update, loss, gamma):
    config = dataclasses.replace(THREE, learning_rate=0.3)
    by_hand = chapter.play(loss, update, START, 8, 0.3, gamma)
    trainer = chapter.make_trainer(config, loss, update, gamma)
    np.testing.assert_allclose(chapter.play_by_trainer(trainer, 8), by_hand, atol=2e-6)


def test_the_table_compares_both_in_every_round(capsys):
    assert max(chapter.compare_with_trainer(THREE)) < 1e-6
    assert "after 3 rounds" in capsys.readouterr().out


def test_the_numbers_of_the_text():
    """At the default: 4.45 is 1.01 to the power 150, and R1 arrives."""
    config = chapter.Config()
    tracks = chapter.play_all(config)
    end = chapter.distance(tracks["simultaneous", "wasserstein"][-1])
    assert end == pytest.approx(1.01**150)
    for track in chapter.play_all(config, config.r1).values():
        assert chapter.distance(track[-1]) < 0.01
