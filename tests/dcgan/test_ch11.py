"""Chapter 11: a run is put on trial from its folder, and the tables and figures come out."""

import dataclasses

import chapters
import numpy as np
import pytest

from dcgan import ch11_judging_faces as chapter
from dcgan import networks
from dcgan.config import Config
from dcgan.data import pixels
from dcgan.drawn import drawn_faces
from dcgan.judge import kept_classifier
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
    reader = FactorClassifier(drawn_faces.FACTORS, size=32, seed=0, width=2)
    asked = {}
    run = run_in(tmp_path, drawn=60)
    monkeypatch.setattr(
        kept_classifier,
        "trained_or_read",
        lambda folder, size, **options: asked.update(size=size, **options) or reader,
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
        "Table 11.1.",
        "20 faces a set",
        "real (floor)",
        "training faces",
        "the generator",
        "recall",
        "Nearest training face",
        "The classifier's accuracy",
        "real with a gap",
        "generated, never:",
        "The gap is detected by",
    ):
        assert words in said
    for name in ("riddle", "verdicts", "nearest", "combinations"):
        assert (tmp_path / "out" / f"{name}.png").stat().st_size > 20_000
    assert asked == {"size": 32, "faces": 128, "steps": 1, "seed": 0}
    detected = chapter.detected_sets(names["rows"], names["floor"])
    assert detected["the generator"]["patches 32"]  # grey noise passes for no face
    assert detected["training faces"]["% nearer"]
    assert not detected["training faces"]["patches 32"]
    assert set(names["feature_rows"]) == set(names["rows"])


def test_faces_without_known_factors_are_not_counted(tmp_path, monkeypatch, capsys):
    untouched = chapter.evidence.Evidence(
        *drawn_faces.draw(np.arange(40), size=32).reshape(2, 20, 32, 32, 3), ()
    )
    untouched = dataclasses.replace(untouched, others=(untouched.reference,) * 2)
    monkeypatch.setattr(chapter.evidence, "evidence", lambda *_, **__: untouched)
    chapters.run_as_script(
        MODULE, monkeypatch, "--run", str(run_in(tmp_path)), "--out", str(tmp_path / "out")
    )
    said = capsys.readouterr().out
    assert "No features are measured" in said
    assert "No combinations are counted" in said
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


def test_false_alarms_are_those_of_student_s_t():
    """With 5 degrees of freedom, P(|t| > 5 / sqrt(7/6) = 4.63) = .0057, by its own formula."""

    def density(t):
        return 8.0 / (3.0 * np.pi * 5.0**0.5) * (1.0 + t**2 / 5.0) ** -3

    t = np.linspace(5.0 / (7.0 / 6.0) ** 0.5, 400.0, 400_001)
    exact = 2.0 * np.sum(density(t)) * (t[1] - t[0])
    found = chapter.false_alarm_rates()
    assert found[5.0][0] == pytest.approx(exact, rel=0.06)
    assert found[5.0][1] == pytest.approx(1.0 - (1.0 - exact) ** 6, rel=0.06)
    assert found[2.0][0] > found[3.0][0] > found[8.0][0]


def test_features_of_real_faces_pass_and_a_repeated_face_does_not():
    """The features are mean colours here; a set of one face has no variety."""
    draw = np.random.default_rng(0)
    real, other, few = (draw.normal(size=[60, 4]) for _ in range(3))
    few = np.tile(few[:1], [60, 1]) + 1e-3 * few
    good = chapter.measure_features(other, real)
    bad = chapter.measure_features(few, real)
    assert list(good) == list(chapter.FEATURE_MEASURES)
    assert bad["Fréchet"] > 10 * good["Fréchet"]
    assert bad["recall"] < 0.1 < 0.6 < good["recall"]
    assert bad["coverage"] < 0.3 < 0.6 < good["coverage"]


def test_the_floor_of_features_is_that_of_the_other_real_sets(monkeypatch):
    monkeypatch.setattr(
        chapter.factor_features, "features", lambda _, images: images.mean(axis=(1, 2))
    )
    faces = drawn_faces.draw(np.arange(160), size=32).reshape(8, 20, 32, 32, 3)
    proof = chapter.evidence.Evidence(faces[0], faces[1], tuple(faces[2:]))
    rows, floor = chapter.measure_by_features(None, proof, {"again": faces[2], "same": faces[1]})
    values = [
        chapter.measure_features(one.mean(axis=(1, 2)), faces[1].mean(axis=(1, 2)))["KID"]
        for one in faces[2:]
    ]
    assert floor["KID"] == pytest.approx((np.mean(values), np.std(values, ddof=1)))
    assert rows["again"]["KID"] == pytest.approx(values[0])
    assert rows["same"]["precision"] == 1.0


def test_a_star_stands_where_a_measure_detects():
    floor = {"a": (1.0, 0.1), "b": (0.0, 1.0)}
    cells = chapter.table_rows({"set": {"a": 1.6, "b": 4.9}}, floor)
    assert cells == [["real (floor)", "1 ± 0.1", "0 ± 1"], ["set", "1.6*", "4.9"]]
