"""Chapter 10: it runs on any generator, its solutions hold, and it is a module,
a script and a notebook.
"""

import chapters
import numpy as np
import pytest
import tensorflow as tf
import tiny_faces

from dcgan import ch10_latent_space as chapter
from dcgan.generation import trained_generator
from dcgan.judge import factor_classifier
from dcgan.latent import space

pytestmark = pytest.mark.slow

MODULE = "dcgan.ch10_latent_space"
FACTORS = {"hair": ("dark", "light"), "eyes": ("blue", "grey", "red")}


class Reads:
    """In place of a classifier: hair is light where red is, eyes go by green."""

    factors = FACTORS

    def predict(self, images):
        red, green = images.mean(axis=(1, 2)).T[:2]
        return {
            "hair": (red > 128).astype(np.int32),
            "eyes": np.digitize(green, [110, 146]).astype(np.int32),
        }

    def accuracy(self, images, labels):
        return dict.fromkeys(FACTORS, 1.0)


def held_aside(count, *, size, seed=0):
    return np.random.default_rng(seed).integers(0, 256, [count, size, size, 3], np.uint8), {}


def known(run=None):
    """A generator whose red follows z's first number and whose green the second:
    32 pixels, a z of 20 numbers.
    """
    inner = tiny_faces.known(20)
    return trained_generator.Generator(
        lambda z: tf.tile(inner.function(z), [1, 8, 8, 1]), 20, 32, "known"
    )


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return chapter.Config(faces=100, samples=400, out=tmp_path_factory.mktemp("ch10"))


@pytest.fixture
def stand_ins(monkeypatch):
    """Nothing is drawn, trained or loaded."""
    for module in (chapter, factor_classifier):
        monkeypatch.setattr(module, "held_aside", held_aside)
        monkeypatch.setattr(module, "train_classifier", lambda *_, **__: Reads())
    monkeypatch.setattr(trained_generator, "load", known)


def test_importing_only_defines():
    assert chapters.work_at_import(MODULE) == []


def test_its_cells_are_those_of_a_notebook():
    assert chapters.faults_of_form(MODULE) == []


def test_runs_as_a_script_and_draws(stand_ins, monkeypatch, tmp_path, capsys):
    chapters.run_as_script(
        MODULE, monkeypatch, "--faces", "20", "--samples", "100", "--out", str(tmp_path)
    )
    names = {
        "shell.png",
        "lab_walks.png",
        "by_norm.png",
        "paths.png",
        "what_leaks.png",
        "edits.png",
        "exercises.png",
    }
    assert {file.name for file in tmp_path.iterdir()} == names
    assert all((tmp_path / name).stat().st_size > 5_000 for name in names)
    said = capsys.readouterr().out
    for words in (
        "||z|| of a sample in 20 dimensions: 4.42 ± 0.70",
        "from drawn faces (thousandths of an sd)",
        "right on drawn faces: hair 100%, eyes 100%",
        "fixed at 1",
        "lerp, half way: ||z|| 3.",
        "less the others:",
        "exercise 1:",
        "exercise 2: ||z|| = 4.5 4.1 4.5 5.9 8.2",
        "fixed at -1",
    ):
        assert words in said, words


@pytest.mark.parametrize(
    ("flag", "value", "words"),
    [
        ("--faces", "3", "faces must be a whole number from 10 to 100000, got 3"),
        ("--amount", "0", "amount must be"),
        ("--seed", "-1", "seed must be"),
        ("--samples", "1.5", "--samples"),
        ("--classifier-steps", "0", "--classifier-steps must be"),
        (
            "--run",
            "nowhere",
            "generator: run must be the folder of a run, such as runs/dcgan-1, got nowhere.",
        ),
    ],
)
def test_a_bad_value_is_one_line_and_exit_2(flag, value, words, monkeypatch, capsys):
    assert words in chapters.line_of_exit_2(MODULE, monkeypatch, capsys, flag, value)


def test_a_generator_is_nearest_to_what_it_learnt_where_its_norm_is_the_priors(
    config, stand_ins, monkeypatch
):
    """Here "drawn" faces are this generator's own, of other z."""
    monkeypatch.setattr(
        chapter, "held_aside", lambda count, *, size, seed: (known().sample(count, seed + 1), {})
    )
    radii, found, floor = chapter.judge_norms(config, known())
    mean, _ = space.shell(20)
    assert abs(radii[found.argmin()] - mean) < 0.11 * mean
    assert found.min() < 2.0 * floor < found[0]
    paths = chapter.show_paths(config, known())
    assert paths["lerp, half way"][0] == pytest.approx(mean / 2**0.5, abs=0.1)
    assert paths["slerp, half way"][0] == pytest.approx(mean, abs=0.1)
    assert paths["slerp, half way"][1] < 0.8 * paths["lerp, half way"][1]


def test_the_directions_found_are_those_that_were_put_there(config):
    directions, tables = chapter.show_directions(config, known(), Reads())
    np.testing.assert_allclose(directions["hair"][1], np.eye(20)[0], atol=0.25)
    np.testing.assert_allclose(directions["eyes"][2], np.eye(20)[1], atol=0.25)
    for rows in tables.values():
        assert rows["hair"]["hair"] > 0.95
    assert tables["less the others"]["hair"]["eyes"] <= tables["directions"]["hair"]["eyes"] < 0.25
    assert "edits.png" in {file.name for file in config.out.iterdir()}


def test_what_stays_is_what_hangs_on_the_fixed_numbers(config, capsys):
    found = chapter.show_what_stays(config, known(), Reads())
    assert found["hair"].held == 1.0
    assert found["eyes"].value == 2
    assert "light" in capsys.readouterr().out


def test_solution_1_of_this_generator_minus_z_is_the_opposite(config):
    opposite, elsewhere = chapter.solution_1(config, known(), Reads())
    assert opposite > 0.75  # all hair, and the eyes that are not in the middle
    assert elsewhere < 0.65


def test_solution_2_the_norms():
    np.testing.assert_allclose(chapter.solution_2(), np.sqrt([100, 85, 100, 175, 340]), rtol=1e-6)


def test_solution_3_plus_and_minus_hold_opposite_values(config):
    plus = chapter.show_what_stays(config, known(), Reads())
    found = chapter.solution_3(config, known(), Reads(), plus)
    assert found["hair"][:2] == (1, 0)
    assert found["eyes"][:2] == (2, 0)
    assert min(found["hair"][2:]) > 0.3
