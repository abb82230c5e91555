"""What is written while a DCGAN trains: epochs.csv, the best epoch, the curves."""

import contextlib
import csv
import io
import types

import numpy as np
import pytest
import tiny_faces
from PIL import Image
from rich.console import Console

from dcgan import epochs, training
from dcgan.config import Config
from dcgan.data.labels import LabelSet
from dcgan.drawn import drawn_faces
from dcgan.epochs import read_epochs
from dcgan.figures import sheets, training_plots
from dcgan.measures.pixel_judge import PixelJudge
from gan_core import rng
from gan_core.app import plots
from gan_core.runs.loop import every
from gan_core.runs.run_folder import RunFolder

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("faces_drawn_once")]

SILENT = Console(quiet=True)
TINY = {**tiny_faces.TRAINING, **tiny_faces.PLAIN}


def judge():
    """Of pixels, by four drawn faces."""
    return PixelJudge(drawn_faces.draw(range(4), size=32), drawn_faces.draw(range(4, 8), size=32))


def train(path, **changes):
    return training.train(Config(**{**TINY, "run": path, **changes}), SILENT)


@pytest.mark.parametrize("sizes", [(32, 16), (64, 32, 16), (128, 64, 32, 16)])
def test_every_level_of_the_distance_has_a_line_and_a_colour_of_its_own(
    sizes, tmp_path, monkeypatch
):
    figures = []
    monkeypatch.setattr(plots, "save", lambda figure, path: figures.append(figure))
    names = [f"distance_{level}" for level in (*sizes, "whole", "mean")]
    epochs = {"epoch": np.arange(1, 4), **{name: np.array([3.0, 1.0, 2.0]) for name in names}}
    epochs["distance_mean"][1] = np.nan  # an epoch that was judged otherwise
    training_plots.curves(
        dict.fromkeys(["step", "d_loss", "g_loss", "d_real", "d_fake"], np.arange(3)),
        epochs,
        tmp_path / "x.png",
    )
    *lines, mean, best = figures[0].axes[2].lines
    assert [line.get_label() for line in lines] == [
        *(f"patches at {size} pixels" for size in sizes),
        "whole faces",
    ]
    assert len({line.get_color() for line in (*lines, mean)}) == len(names)
    assert best.get_label() == "best: epoch 3, 2.0"


@pytest.mark.usefixtures("without_output")
def test_a_resumed_run_writes_its_epochs_anew_from_there(tmp_path):
    """What was logged after the last checkpoint belongs to rounds that are played again."""
    _, run = train(tmp_path / "run", epochs=1)
    with open(run.path / "epochs.csv", "r+", newline="") as file:
        (row,) = csv.DictReader(file)
        csv.DictWriter(file, list(row), lineterminator="\n").writerow(
            {**row, "epoch": 2, "step": 6, "d_loss": 99.0}
        )
    _, run = train(None, resume=tmp_path / "run")
    epochs = read_epochs(run.path / "epochs.csv")
    np.testing.assert_array_equal(epochs["step"], [3, 6])
    assert (epochs["d_loss"] < 99.0).all()


def test_images_a_second_leaves_out_what_was_played_before_the_run_was_stopped(
    tmp_path, monkeypatch
):
    """Stopped after one of an epoch's 3 rounds, it goes on: 2 rounds of 16 images in 4 seconds."""
    run = RunFolder.create(tmp_path / "run", Config(**TINY))
    trainer = training.build(Config(**TINY))
    trainer.step.assign(1)
    run.save(trainer.state(), 1)
    seconds = iter([10.0, 14.0, 15.0])
    monkeypatch.setattr(epochs.time, "perf_counter", lambda: next(seconds))
    watch = epochs.Watch(run, judge(), 48, Config(**TINY), SILENT)
    watch.look(trainer, {"step": 3, "d_loss": 1.0, "g_loss": 1.0, "d_real": 0.5, "d_fake": 0.5})
    assert read_epochs(run.path / "epochs.csv")["images_a_second"] == [8.0]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The folder of a run of two epochs that nothing disturbed."""
    folder = tmp_path_factory.mktemp("epochs") / "whole"
    with pytest.MonkeyPatch.context() as patch:
        tiny_faces.leave_out_output(patch)
        tiny_faces.draw_once(patch)
        train(folder)
    return folder


@pytest.mark.usefixtures("without_output")
@pytest.mark.parametrize("last", [3, 6], ids=["the first epoch", "the last epoch"])
def test_an_epoch_whose_training_was_killed_before_it_was_judged_is_judged_later(
    last, whole, tmp_path, monkeypatch
):
    """As it would have been: only its speed is not known."""
    look = epochs.Watch.look

    def killed(watch, trainer, row):
        if row["step"] == last:
            raise KeyboardInterrupt
        look(watch, trainer, row)

    monkeypatch.setattr(epochs.Watch, "look", killed)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "run")
    monkeypatch.setattr(epochs.Watch, "look", look)
    said = Console(file=io.StringIO(), width=200)
    training.train(Config(**{**TINY, "resume": tmp_path / "run"}), said)
    assert said.file.getvalue().count("images a second") == (6 - last) // 3
    found = read_epochs(tmp_path / "run" / "epochs.csv")
    wanted = read_epochs(whole / "epochs.csv")
    assert np.isnan(found.pop("images_a_second")[last // 3 - 1])
    for name, column in found.items():
        np.testing.assert_array_equal(column, wanted[name], err_msg=name)
    for name in ("epoch_0001.png", "epoch_0002.png"):
        sheets = [run / "samples" / name for run in (tmp_path / "run", whole)]
        assert sheets[0].read_bytes() == sheets[1].read_bytes()


@pytest.mark.parametrize("stopped", [False, True], ids=["at its end", "after Ctrl-C"])
def test_a_run_is_held_until_its_pictures_and_its_generator_are_written(
    stopped, tmp_path, monkeypatch
):
    """A second training that began in between would write the same files."""
    finish = training._finish
    refused = []

    def looking(watch, run, config, console):
        second = RunFolder.resume(run.path)
        with (
            pytest.raises(ValueError, match="another RunFolder of this one, trains in"),
            second.held(),
        ):
            pass
        refused.append(run.path)
        return finish(watch, run, config, console)

    def stop(trainer, row):
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "_finish", looking)
    config = Config(**{**TINY, "run": tmp_path / "run", "epochs": 1})
    with pytest.raises(KeyboardInterrupt) if stopped else contextlib.nullcontext():
        training.train(config, SILENT, hooks=[every(3, stop)] if stopped else [])
    assert refused == [tmp_path / "run"]
    with RunFolder.resume(tmp_path / "run").held():
        pass


def columns(**changes):
    steady = {name: np.linspace(2.0, 1.0, 10) for name in ("d_loss", "g_loss", "variety")}
    return {"step": np.arange(10), "distance_mean": np.linspace(90, 60, 10), **steady, **changes}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"g_loss": np.array([1.0] * 9 + [1e19])}, "has diverged: g_loss is 1e+19"),
        ({"d_loss": np.array([1.0] * 9 + [np.nan])}, "has diverged: d_loss is nan"),
        (
            {"distance_mean": np.full(10, 80.0)},
            "makes no progress: the distance is 80.0 for 8 epochs",
        ),
        ({"variety": np.full(10, 0.01)}, "are the same, for 8 epochs"),
    ],
)
def test_a_run_that_has_plainly_failed_is_told_in_one_line_with_advice(changes, words):
    said = epochs.failure(columns(**changes))
    assert words in said
    assert "--from-best" in said
    assert "\n" not in said


def test_a_run_that_learns_is_left_in_peace():
    assert epochs.failure(columns()) is None
    few = {name: column[:3] for name, column in columns(variety=np.full(10, 0.01)).items()}
    assert epochs.failure(few) is None


@pytest.mark.parametrize(("name", "bad", "good"), [("variety", 0.01, 1.0), ("d_loss", 1e19, 1.0)])
def test_what_is_over_is_no_failure(name, bad, good):
    """One picture for seven of the last eight epochs, or a loss that came back."""
    column = np.full(10, bad)
    column[-1] = good
    assert epochs.failure(columns(**{name: column})) is None


def test_one_picture_in_many_shades_has_no_variety():
    face = drawn_faces.draw(range(1), size=32)[0].astype(float)
    shades = np.stack([np.uint8(face * 0.6 + shade) for shade in range(64)])
    assert epochs.variety(shades) < 1.0
    assert epochs.variety(drawn_faces.draw(range(64), size=32)) > 20.0


def test_a_failure_is_told_once(tmp_path):
    run = RunFolder.create(tmp_path / "run", Config(**TINY))
    said = Console(file=io.StringIO(), width=300)
    watch = epochs.Watch(run, judge(), 48, Config(**TINY), said)
    for step in range(1, 12):
        row = {"d_loss": 1.0, "g_loss": 1.0, "distance_mean": 50.0, "variety": 1.0}
        watch._log({"epoch": step, "step": step, **row})
        watch._tell_a_failure()
    assert said.file.getvalue().count("makes no progress") == 1


def test_every_epoch_is_shown_and_judged_by_the_same_z(tmp_path):
    """Else epochs would differ by luck; a resumed run too judges by the z of the others."""
    asked = []

    def sample(n, seed, labels=None):
        asked.append((n, seed))
        return np.tanh(rng.normal([n, 32, 32, 3], rng.seed(seed, "picture"))).astype(np.float32)

    config = Config(**TINY, seed=7)
    run = RunFolder.create(tmp_path / "run", config)
    trainer = types.SimpleNamespace(sample=sample, state=lambda: {})
    held_aside = drawn_faces.draw(range(40), size=32)
    by_pixels = PixelJudge(held_aside, drawn_faces.draw(range(40, 80), size=32))
    row = {"d_loss": 1.0, "g_loss": 1.0, "d_real": 0.5, "d_fake": 0.5}
    watch = epochs.Watch(run, by_pixels, 48, config, SILENT)
    for step in (3, 6):
        watch.look(trainer, {"step": step, **row})
    epochs.Watch(run, by_pixels, 48, config, SILENT).look(trainer, {"step": 9, **row})
    assert asked == [(epochs.SHOWN, 7), (40, 8)] * 3
    distances = read_epochs(run.path / "epochs.csv")["distance_mean"]
    assert len(set(distances)) == 1


@pytest.mark.parametrize(
    ("outputs", "said"),
    [
        ({"d_real": 0.5, "d_fake": 0.25}, "D(x) 0.50  D(G(z)) 0.25 "),
        ({"d_score_real": 1.4, "d_score_fake": -0.2}, "D's logits: real 1.40, generated -0.20 "),
    ],
)
def test_the_line_of_an_epoch_tells_probabilities_from_logits(outputs, said, tmp_path):
    run = RunFolder.create(tmp_path / "run", Config(**TINY))
    trainer = training.build(Config(**TINY))
    written = io.StringIO()
    watch = epochs.Watch(run, judge(), 48, Config(**TINY), Console(file=written, width=300))
    watch.look(trainer, {"step": 3, "d_loss": 1.0, "g_loss": 1.0, **outputs})
    assert said in written.getvalue()


@pytest.mark.usefixtures("without_output")
def test_scores_are_logged_where_the_loss_has_no_probabilities(tmp_path):
    _, run = train(tmp_path / "run", loss="hinge", epochs=1)
    assert "d_score_real" in read_epochs(run.path / "epochs.csv")
    assert "d_real" not in read_epochs(run.path / "epochs.csv")


def test_a_sheet_has_a_row_for_each_value_if_there_are_rows_enough():
    factors = {"hair": ("red", "blue", "green"), "glasses": ("no", "yes")}
    rows = np.array([[0, 0], [0, 0], [0, 1], [1, 1], [1, 1], [1, 0], [2, 1]])
    known = LabelSet.of_rows("drawn", factors, rows)
    shown = epochs.labels_of_sheet(known, 64, 8, seed=0).reshape(8, 8, 2)
    assert (shown == shown[:, :1]).all()  # a row has one label
    # The most common combination with each value; after the fifth row it begins anew.
    assert shown[:5, 0].tolist() == [[0, 0], [1, 1], [2, 1], [0, 0], [1, 1]]
    np.testing.assert_array_equal(shown[5:, 0], shown[:3, 0])


def test_with_more_values_than_rows_each_face_of_a_sheet_has_a_label_of_its_own():
    factors = {"hair": tuple("abcdefg"), "glasses": ("no", "yes")}
    rows = np.stack([np.arange(700) % 7, np.arange(700) // 350], axis=1)
    rows[:, 1] *= rows[:, 0] == 3  # only d has glasses
    known = LabelSet.of_rows("drawn", factors, rows)
    shown = epochs.labels_of_sheet(known, 64, 8, seed=0)
    assert shown.shape == (64, 2)
    there = {tuple(row) for row in known.rows.tolist()}
    found = {tuple(row) for row in shown.tolist()}
    assert found <= there
    assert len(found) >= 6
    np.testing.assert_array_equal(shown, epochs.labels_of_sheet(known, 64, 8, seed=0))
    assert (shown != epochs.labels_of_sheet(known, 64, 8, seed=1)).any()


def test_the_labels_of_a_sheet_are_written_beside_it(tmp_path):
    factors = {"hair": ("dark, blonde", "red"), "glasses": ("no", "yes")}
    known = LabelSet.of_rows("csv", factors, np.array([[0, 0], [1, 1]]))
    run = RunFolder.create(tmp_path / "run", {})
    settings = types.SimpleNamespace(tensorboard=False, seed=0)
    watch = epochs.Watch(run, None, 10, settings, SILENT, known)
    lines = (run.samples / "labels.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + len(watch.labels_shown) == 65
    assert lines[:2] == ["face,hair,glasses", '0,"dark, blonde",no']
    assert lines[9] == "8,red,yes"  # the second row of faces


def test_the_animation_of_a_long_run_is_a_choice_of_its_sheets(tmp_path, monkeypatch):
    """Of a thousand epochs all sheets would take gigabytes, and a minute at every stop."""
    monkeypatch.setattr(epochs, "MOST_FRAMES", 4)
    monkeypatch.setattr(training_plots, "curves", lambda rows, columns, path: None)
    run = RunFolder.create(tmp_path / "run", {})
    (run.path / "epochs.csv").write_text("epoch\n" + "".join(f"{i}\n" for i in range(1, 11)))
    for i in range(1, 11):
        sheets.save(np.full([8, 8, 3], 20 * i, np.uint8), run.samples / f"epoch_{i:04d}.png")
    settings = types.SimpleNamespace(tensorboard=False)
    assert epochs.Watch(run, None, 10, settings, SILENT).finish()
    levels = []
    with Image.open(run.path / "training.gif") as gif:
        for i in range(gif.n_frames):
            gif.seek(i)
            levels.append(int(np.asarray(gif.convert("RGB"))[0, 0, 0]))
    assert levels == [20, 80, 140, 200]
