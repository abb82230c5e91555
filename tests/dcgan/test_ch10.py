"""Chapter 10: it runs on any generator, and it is a module, a script and a notebook."""

import dataclasses

import chapters
import numpy as np
import pytest
import tensorflow as tf
import tiny_faces

from dcgan import ch10_latent_space as chapter
from dcgan.generation import trained_generator
from dcgan.judge import factor_classifier, kept_classifier
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

    def samples(z):
        """The same in [-1, 1], not rounded and not clipped, so that gradients pass."""
        return tf.tile((0.5 + 40.0 * z[:, None, None, :3]) / 127.5, [1, 32, 32, 1])

    return trained_generator.Generator(
        lambda z: tf.tile(inner.function(z), [1, 8, 8, 1]), 20, 32, "known", samples=samples
    )


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return chapter.Config(faces=100, samples=400, out=tmp_path_factory.mktemp("ch10"))


@pytest.fixture
def stand_ins(monkeypatch):
    """Nothing is drawn, trained or loaded."""
    for module in (chapter, factor_classifier):
        monkeypatch.setattr(module, "held_aside", held_aside)
    monkeypatch.setattr(kept_classifier, "trained_or_read", lambda *_, **__: Reads())
    monkeypatch.setattr(trained_generator, "load", known)


def test_importing_only_defines():
    assert chapters.work_at_import(MODULE) == []


def test_its_cells_are_those_of_a_notebook():
    assert chapters.faults_of_form(MODULE) == []


def test_runs_as_a_script_and_draws(stand_ins, monkeypatch, tmp_path, capsys):
    chapters.run_as_script(
        MODULE,
        monkeypatch,
        *(
            "--faces",
            "20",
            "--edited",
            "10",
            "--samples",
            "100",
            "--pictures",
            "2",
            "--descent-steps",
            "3",
        ),
        *("--out", str(tmp_path)),
    )
    names = {
        "one_number.png",
        "shell.png",
        "walks.png",
        "by_norm.png",
        "truncation.png",
        "two_paths.png",
        "paths.png",
        "what_leaks.png",
        "edits.png",
        "inversion.png",
    }
    assert {file.name for file in tmp_path.iterdir()} == names
    assert all((tmp_path / name).stat().st_size > 5_000 for name in names)
    said = capsys.readouterr().out
    for words in (
        "‖z‖ of a sample in 20 dimensions: 4.42 ± 0.70",
        "floor, other drawn faces:",
        "Table 10.1.",
        "Table 10.2.",
        "lerp, half way",
        "right on new drawn faces: hair 100%, eyes 100%",
        "Table 10.4.",
        "orthogonal to the others",
        "‖z found - true z‖",
    ):
        assert words in said, words


@pytest.mark.parametrize(
    ("flag", "value", "words"),
    [
        ("--faces", "3", "faces must be a whole number from 10 to 100000, got 3"),
        ("--amount", "0", "amount must be"),
        ("--seed", "-1", "seed must be"),
        ("--samples", "1.5", "--samples"),
        ("--steps", "0", "steps must be"),
        (
            "--run",
            "nowhere",
            "error: --run must be the folder of a run, such as runs/dcgan-1, got nowhere.",
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
    distance, floor = chapter.distance_to_drawn(config, known())
    radii, found = chapter.judge_norms(config, known(), distance)
    mean, _ = space.shell(20)
    assert abs(radii[found.argmin()] - mean) < 0.11 * mean
    assert found.min() < 2.0 * floor < found[0]
    paths = chapter.judge_middles(config, known(), distance)
    assert paths["lerp, half way"][0] == pytest.approx(mean / 2**0.5, abs=0.1)
    assert paths["slerp, half way"][0] == pytest.approx(mean, abs=0.1)
    assert paths["slerp, half way"][1] < 0.8 * paths["lerp, half way"][1]
    truncated, shown = chapter.truncate(config, known(), distance)
    assert truncated[0.4][0] > 2.0 * truncated[1.0][0]  # nearer to 0, further from what it learnt
    assert truncated[0.4][1] < 0.5 * truncated[1.0][1]  # and faces that are more alike
    assert list(shown) == ["ψ = 1", "ψ = 0.9", "ψ = 0.8", "ψ = 0.6", "ψ = 0.4"]


def test_the_plane_of_two_samples_keeps_their_lengths_and_their_angle():
    a, b = known().z(2, 0)
    points = chapter.plane_coordinates(a, b, np.stack([a, b, a + b]))
    np.testing.assert_allclose(points[0], [np.linalg.norm(a), 0.0], atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), space.norms([a, b, a + b]), 1e-5)
    assert points[0] @ points[1] == pytest.approx(float(a @ b), rel=1e-4)


def test_the_directions_found_are_those_that_were_put_there(config):
    kinds = chapter.fit_directions(config, known(), Reads())
    directions = kinds["as fitted"]
    np.testing.assert_allclose(directions["hair"][1], np.eye(20)[0], atol=0.25)
    np.testing.assert_allclose(directions["eyes"][2], np.eye(20)[1], atol=0.25)
    tables = chapter.measure_directions(config, known(), Reads(), kinds)
    for rows in tables.values():
        assert rows["hair"]["hair"] > 0.95
    orthogonal = tables["orthogonal to the others"]
    assert orthogonal["hair"]["eyes"] <= tables["as fitted"]["hair"]["eyes"] < 0.25
    rows = chapter.edited_faces(config, known(), Reads(), directions)
    assert list(rows) == ["before", "hair: dark", "eyes: blue"]


def test_what_stays_is_what_depends_on_the_fixed_numbers(config):
    found = chapter.show_what_stays(config, known(), Reads())
    assert found["hair"].held == 1.0
    assert found["eyes"].value == 2
    hair, eyes = chapter.rows_of_stays(Reads(), found)
    assert hair[:3] == ["hair", "light", "100%"]
    assert eyes[1] == "red"


def test_inversion_finds_the_generator_s_own_faces_and_not_noise(config, monkeypatch):
    monkeypatch.setattr(chapter, "held_aside", held_aside)
    small = dataclasses.replace(config, pictures=2, descent_steps=60)
    found, true_z = chapter.invert(small, known())
    assert (found["generated"][1].psnr > 45.0).all()
    assert (found["drawn"][1].psnr < 20.0).all()
    np.testing.assert_allclose(found["generated"][1].z[:, :3], true_z[:, :3], atol=0.05)
    titles = list(chapter.rows_of_inversion(found))
    assert titles[0] == "generated faces"
    assert len(titles) == 4


def test_a_generator_without_gradients_is_not_inverted(config, capsys):
    """The cell that would invert, and those behind it; before it no gradients are needed."""
    names = {"config": config, "generator": dataclasses.replace(known(), samples=None)}
    chapters.run_from_cell(MODULE, "exported without gradients", names)
    assert "exported without gradients" in capsys.readouterr().out
    assert not (config.out / "inversion.png").exists()
