"""Chapter 11: a run is put on trial from its folder, the table and figures come out,
the solutions hold.
"""

import dataclasses

import chapters
import numpy as np
import pytest

from dcgan import ch11_judging_faces as chapter
from dcgan import networks
from dcgan.config import Config
from dcgan.data import pixels
from dcgan.drawn import drawn_faces
from dcgan.judge import factor_classifier
from dcgan.judge.factor_classifier import FactorClassifier
from gan_core.nn.export import export_generator
from gan_core.runs.run_folder import RunFolder

pytestmark = pytest.mark.slow

MODULE = "dcgan.ch11_judging_faces"


def test_importing_only_defines():
    assert chapters.work_at_import(MODULE) == []


def test_its_cells_are_those_of_a_notebook():
    assert chapters.faults_of_form(MODULE) == []


def run_in(tmp_path, **fields):
    """The folder of a run with an untrained generator."""
    config = Config(size=32, width=2, latent_dim=4, run=tmp_path / "run", **fields)
    run = RunFolder.create(config.run, dataclasses.asdict(config))
    export_generator(networks.generator(32, 2, 4, seed=0), 4, run.generator, pixels.to_uint8)
    return run.path


def test_the_script_judges_a_run_and_draws(tmp_path, monkeypatch, capsys):
    """With an untrained classifier: `test_factor_classifier` teaches one."""
    reader, asked, run = (
        FactorClassifier(drawn_faces.FACTORS, size=32, seed=0, width=2),
        {},
        run_in(tmp_path, drawn=60),
    )
    monkeypatch.setattr(
        factor_classifier,
        "train_classifier",
        lambda size, **options: asked.update(size=size, **options) or reader,
    )
    names = chapters.run_as_script(
        MODULE,
        monkeypatch,
        "--run",
        str(run),
        "--samples",
        "20",
        "--counted",
        "64",
        "--taught",
        "128",
        "--steps",
        "1",
        "--out",
        str(tmp_path / "out"),
    )
    said = capsys.readouterr().out
    for words in (
        "20 faces a set",
        "real (floor)",
        "training faces",
        "the generator",
        "nearest training face",
        "the classifier's accuracy",
        "real: ",
        "real with a gap: ",
        "generated: ",
        "never:",
        "the gap is found out by",
    ):
        assert words in said
    for name in ("verdicts", "nearest", "combinations"):
        assert (tmp_path / "out" / f"{name}.png").stat().st_size > 20_000
    assert asked == {"size": 32, "faces": 128, "steps": 1, "seed": 0}
    assert names["found"]["the generator"]["patches 32"]  # grey noise passes for no face
    assert names["found"]["training faces"]["% nearer"]
    assert not names["found"]["training faces"]["patches 32"]


def test_faces_without_known_factors_are_not_counted(tmp_path, monkeypatch, capsys):
    untouched = chapter.evidence.Evidence(
        *drawn_faces.draw(np.arange(40), size=32).reshape(2, 20, 32, 32, 3), ()
    )
    untouched = dataclasses.replace(untouched, others=(untouched.reference,) * 6)
    monkeypatch.setattr(chapter.evidence, "evidence", lambda *_, **__: untouched)
    chapters.run_as_script(
        MODULE, monkeypatch, "--run", str(run_in(tmp_path)), "--out", str(tmp_path / "out")
    )
    assert "no combinations are counted" in capsys.readouterr().out
    assert not (tmp_path / "out" / "combinations.png").exists()


def test_a_gap_of_fewer_faces_than_the_floors_is_not_held_against_it(capsys):
    """A distance of fewer faces is larger, for that alone."""
    faces = drawn_faces.draw(np.arange(20), size=32)
    proof = chapter.evidence.Evidence(faces, faces, (faces,) * 6)
    assert chapter.measure_gap(chapter.Config(), proof, {}, faces[:19]) == {}
    assert (
        "19 faces are left, and the floor is that of 20. Say a larger --counted."
        in capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--samples", "3"], "--samples must be a whole number from 20 to 100000, got 3."),
        (["--counted", "0"], "counted must be a whole number from 1"),
        (["--taught", "5"], "taught must be a whole number from 128"),
    ],
)
def test_a_bad_value_is_one_line_and_exit_2(arguments, words, monkeypatch, capsys):
    assert words in chapters.line_of_exit_2(MODULE, monkeypatch, capsys, *arguments)


def test_solution_1_the_biased_mmd_falls_with_n_and_the_unbiased_does_not():
    draw = np.random.default_rng(0)
    real = (draw.uniform(0, 255, [400, 4, 4, 3]).repeat(4, 1).repeat(4, 2)).astype(np.uint8)
    found = chapter.solution_1(real)
    assert found[50][0] == pytest.approx(4 * found[200][0], rel=0.15)
    assert all(abs(unbiased) < biased / 10 for biased, unbiased in found.values())


def test_solution_2_colours_that_are_off_pass_by_their_own_ruler():
    real, other = drawn_faces.draw(np.arange(400), size=32).reshape(2, 200, 32, 32, 3)
    off = np.clip(other + np.array([25, 0, -25]), 0, 255).astype(np.uint8)
    before, after = chapter.solution_2(real, off)
    assert before > 2 * after


def test_solution_3_three_over_p():
    n, missed = chapter.solution_3()
    assert n == 2995
    assert missed == pytest.approx(0.05, abs=0.025)
