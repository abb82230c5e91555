"""Chapter 9: its form, its functions on the smallest networks, its solutions."""

import dataclasses
import itertools

import chapters
import numpy as np
import pytest

from dcgan import ch09_training as chapter
from dcgan.config import LAB, Config
from dcgan.figures import training_plots
from gan_core.app import plots

pytestmark = pytest.mark.slow

MODULE = "dcgan.ch09_training"
TINY = {"drawn": 40, "epochs": 1, "batch_size": 16, "size": 32, "width": 2, "mode": "eager"}


@pytest.fixture
def config(tmp_path):
    return chapter.Config(**TINY, out=tmp_path / "ch09")


def test_form_and_importing():
    assert chapters.faults_of_form(MODULE) == []
    assert chapters.work_at_import(MODULE) == []


def test_the_recipes_lead_from_the_labs_to_the_defaults_one_ingredient_at_a_time():
    rows = list(chapter.recipes().values())
    assert rows[0] == LAB
    assert all(set(one) > set(other) for one, other in itertools.pairwise(rows))
    defaults = Config()
    assert all(
        getattr(defaults, name) == value for name, value in rows[-1].items()
    )  # what is left changes nothing
    assert all(
        getattr(defaults, name) != LAB[name] for _, names in chapter.INGREDIENTS for name in names
    )


def test_a_run_that_was_stopped_ends_bit_for_bit_as_one_that_was_not(config):
    assert chapter.stop_and_go_on(config) == 0.0


def test_the_script_runs_and_a_second_time_trains_nothing_anew(config, monkeypatch, capsys):
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in TINY.items()]
    chapters.run_as_script(MODULE, monkeypatch, *arguments, "--out", str(config.out))
    said = capsys.readouterr().out
    assert {path.stem for path in config.out.glob("*.png")} == {
        "G",
        "its average",
        "its average, unsettled",
        "recipes",
        "faces",
    }
    for words in (
        "loss 0.0050 from logits",
        "largest difference 0",
        "the lab's recipe",
        "real against real",
        "its average",
    ):
        assert words in said
    logs = {path: path.read_bytes() for path in config.out.glob("*/epochs.csv")}
    rows = chapter.side_by_side(config)
    assert logs == {path: path.read_bytes() for path in config.out.glob("*/epochs.csv")}
    assert list(rows) == list(chapter.recipes())
    assert 1.0 < chapter.solution_1(config) * 100 < 1e4


def test_a_sure_and_right_d_has_a_loss_far_from_0_if_probabilities_are_read_as_logits():
    """-log s(s(6)) - log(1 - s(s(-6))), by NumPy."""
    right, twice = chapter.sigmoid_twice()
    s = lambda x: 1.0 / (1.0 + np.exp(-x))  # noqa: E731
    assert right == pytest.approx(2 * np.log1p(np.exp(-6.0)), rel=1e-5)
    assert twice == pytest.approx(-np.log(s(s(6.0))) - np.log(1 - s(s(-6.0))), rel=1e-5)
    assert twice > 1.0


@pytest.mark.parametrize("recipes", [1, 7])
def test_every_recipe_has_a_line_and_a_colour_of_its_own(recipes, tmp_path, monkeypatch):
    figures = []
    monkeypatch.setattr(plots, "save", lambda figure, path: figures.append(figure))
    rows = {
        f"recipe {i}": {"epoch": np.arange(3), "distance_mean": np.arange(3.0)}
        for i in range(recipes)
    }
    training_plots.distances_over_epochs(rows, 1.0, tmp_path / "x.png")
    lines = figures[0].axes[0].lines
    assert [line.get_label() for line in lines] == [*rows, "real against real"]
    assert len({line.get_color() for line in lines}) == recipes + 1
    assert [line.get_color() for line in lines[-2:]] == [plots.FAKE, plots.REAL]


def test_training_false_freezes_nothing():
    assert chapter.frozen(True) > chapter.frozen() > 0.0


def test_solution_2_half_is_left_of_the_start():
    assert chapter.solution_2(300) ** 300 == pytest.approx(0.5)
    with pytest.raises(ValueError, match="rounds must be"):
        chapter.solution_2(0)


def test_solution_3_four_judges_are_not_one():
    assert chapter.solution_3() > 0.05


def test_wrong_arguments(monkeypatch, capsys, config):
    assert "epochs must be" in chapters.line_of_exit_2(MODULE, monkeypatch, capsys, "--epochs", "0")
    with pytest.raises(ValueError, match="width must be"):
        dataclasses.replace(config, width=0)
