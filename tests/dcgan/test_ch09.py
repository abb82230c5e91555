"""Chapter 9: its form, its recipes, and its functions on the smallest networks."""

import dataclasses
import itertools
import math
import types

import chapters
import numpy as np
import pytest

from dcgan import ch09_training as chapter
from dcgan import training
from dcgan.config import RECIPES
from dcgan.figures import training_plots
from dcgan.lessons import measured_departures
from dcgan.runs import best, real_faces
from gan_core.app import plots

pytestmark = pytest.mark.slow

MODULE = "dcgan.ch09_training"
TINY = {"drawn": 300, "judged": 16, "width": 1, "epochs": 1, "rounds": 2, "mode": "eager"}


@pytest.fixture
def config(tmp_path):
    return chapter.Config(**TINY, images=128, out=tmp_path / "ch09")


def test_form_and_importing():
    assert chapters.faults_of_form(MODULE) == []
    assert chapters.work_at_import(MODULE) == []


def fields_of(recipe):
    """The fields of `dcgan.config.RECIPES` that a recipe of the chapter decides."""
    return {
        "batch_size": recipe.batch,
        "d_learning_rate": recipe.d_rate,
        "g_learning_rate": recipe.g_rate,
        "beta_1": recipe.beta_1,
        "beta_2": recipe.beta_2,
        "gamma": recipe.gamma,
    }


def test_the_departures_lead_from_radfords_recipe_to_the_default_one_at_a_time():
    rows = list(chapter.departures().values())
    assert rows[0] == chapter.Recipe()
    assert fields_of(rows[0]).items() <= RECIPES["radford"].items()
    assert rows[0].discriminator == "radford"
    assert fields_of(rows[-1]).items() <= RECIPES["dcgan"].items()
    assert rows[-1].penalty_every == RECIPES["dcgan"]["penalty_every"]
    assert rows[-1].discriminator == "dcgan"
    changed = []
    for above, row in itertools.pairwise(rows):
        before = dataclasses.asdict(above)
        changed.append({name for name, v in dataclasses.asdict(row).items() if v != before[name]})
    assert changed == [
        {"batch"},
        {"discriminator"},
        {"beta_1", "beta_2", "d_rate", "g_rate"},
        {"gamma"},
    ]


def test_a_failure_is_training_a_with_other_learning_rates():
    for recipe in chapter.failures().values():
        calm = dataclasses.replace(recipe, d_rate=2e-4, g_rate=2e-4)
        assert calm == chapter.Recipe(batch=32) != recipe


def test_the_script_runs(config, monkeypatch, capsys):
    monkeypatch.setattr(best, "export", lambda run, config: None)  # slow; not the chapter's
    arguments = [f"--{name}={value}" for name, value in TINY.items()]
    found = chapters.run_as_script(MODULE, monkeypatch, *arguments, "--out", str(config.out))
    said = capsys.readouterr().out
    pictures = {path.stem for path in config.out.glob("*.png")}
    assert pictures == {"over_epochs", "question", "gallery", "departures", "averages"}
    for words in ("Table 9.1", "never stopped", "rates too high", "Radford et al.", " ± "):
        assert words in said
    assert list(found["gallery"]) == [*chapter.failures(), "collapse"]
    assert list(found["epochs"]["epoch"]) == [1.0]
    # What was resumed ends bit for bit as what was not stopped, unless Adam's memories are lost.
    ends = found["ends"]
    assert ends["never stopped"] == ends["resumed"] == (0.0, 0.0)
    share, _ = ends["resumed without Adam's memories"]
    assert share > 0.5


def test_a_run_that_is_there_is_resumed_and_not_trained_anew(config, monkeypatch):
    asked = []

    def train(wanted, console):
        asked.append(wanted)
        folder = config.out / "radford"
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in (("config.json", "{}"), ("epochs.csv", "epoch\n1\n")):
            (folder / name).write_text(text, encoding="utf-8")
        return None, types.SimpleNamespace(path=folder)

    monkeypatch.setattr(training, "train", train)
    monkeypatch.setattr(real_faces, "held_aside", lambda config: (None, 40.0))
    for _ in range(2):
        _, epochs, floor = chapter.train_and_watch(config)
    assert [wanted.resume for wanted in asked] == [None, config.out / "radford"]
    recipe = RECIPES["radford"].items() - {"width": 64}.items()
    assert recipe <= dataclasses.asdict(asked[0]).items()
    assert not asked[0].flip
    assert (list(epochs["epoch"]), floor) == ([1.0], 40.0)


def test_every_row_and_seed_is_measured_once(config, monkeypatch):
    asked = []

    def measure(config, recipe, seed, learnt, held_out):
        asked.append((recipe, seed))
        return {"G": float(len(asked)), "average": -float(seed)}

    monkeypatch.setattr(chapter, "measure", measure)
    two = dataclasses.replace(config, seeds=2)
    found = chapter.measure_departures(two, None, None)
    assert len(asked) == len(set(asked)) == 2 * len(chapter.departures())
    assert found["Radford et al."] == {"G": [1.0, 6.0], "average": [0.0, -1.0]}
    assert chapter.measure_departures(two, None, None) == found
    assert len(asked) == 2 * len(chapter.departures())
    chapter.measure_departures(dataclasses.replace(two, images=256), None, None)
    assert len(asked) == 4 * len(chapter.departures())  # of other trainings nothing is kept


def test_a_training_is_measured_by_g_and_by_its_average(config):
    learnt, held_out = chapter.draw_faces(config)
    assert len(held_out) == 16
    assert not (learnt[:16] == held_out).all()
    found = chapter.measure(config, chapter.Recipe(batch=32), 0, learnt, held_out)
    assert set(found) == {"G", "average"}
    assert all(math.isfinite(value) for value in found.values())


def test_changes_are_paired_by_seed(monkeypatch):
    """Two rows that move together by seed have a change of small error."""
    shown = {}
    monkeypatch.setattr(
        chapter.tables, "show", lambda columns, rows, caption: shown.update(rows=rows)
    )
    far = [100.0, 200.0, 300.0]
    near = [90.0, 190.0, 290.0]
    chapter.show_departures(
        {"above": {"G": far, "average": far}, "below": {"G": near, "average": far}}
    )
    assert shown["rows"][1] == ["below", "190 ± 58", "−10 ± 0", "200 ± 58", "+0 ± 0"]


def test_the_table_that_is_shown_has_the_rows_of_the_chapter_and_five_seeds():
    assert list(measured_departures.DISTANCES) == list(chapter.departures())
    for values in measured_departures.DISTANCES.values():
        assert {len(values["G"]), len(values["average"])} == {5}


def test_faces_and_curves_have_a_row_for_each_training():
    rows = {name: np.linspace(0.1, 0.9, 5) for name in chapter.REPORTED}
    faces = np.zeros([16, 8, 8, 3], np.uint8)
    figure = training_plots.faces_and_curves(
        {name: {"faces": faces, "rows": rows} for name in "AB"}
    )
    assert len(figure.axes) == 6
    losses, answers = figure.axes[1:3]
    assert losses.lines[0].get_xdata()[-1] == 5
    assert [line.get_color() for line in answers.lines[:2]] == [plots.REAL, plots.FAKE]
    plots.plt.close(figure)


def test_each_seed_has_a_dot():
    found = {"one": {"G": [3.0, 5.0], "average": [1.0, 2.0]}}
    figure = training_plots.distances_of_seeds(found, 0.5)
    xs = [list(line.get_xdata()) for line in figure.axes[0].lines]
    assert [3.0, 5.0] in xs
    assert [4.0] in xs  # the mean
    plots.plt.close(figure)


def test_wrong_arguments(monkeypatch, capsys, config):
    assert "epochs must be" in chapters.line_of_exit_2(MODULE, monkeypatch, capsys, "--epochs", "0")
    with pytest.raises(ValueError, match="width must be"):
        dataclasses.replace(config, width=0)
