"""Training with --judge features: what each epoch is measured by, and how the best is chosen.

The network here is a stand-in: means of blocks, which take no time.
"""

import dataclasses
import io
import json
import shutil

import numpy as np
import pytest
import tiny_faces
from rich.console import Console

from dcgan import training
from dcgan.config import Config
from dcgan.data import faces
from dcgan.data.pixels import to_uint8
from dcgan.epochs import read_epochs
from dcgan.measures import judges
from dcgan.measures.features import efficientnet
from dcgan.measures.features.face_judge import FaceJudge
from dcgan.measures.names import FRECHET, PIXELS
from dcgan.runs import real_faces
from gan_core.runs import checkpoint

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("without_output", "faces_drawn_once")]

SILENT = Console(quiet=True)
HELD_OUT = 24  # a tenth
TINY = Config(
    drawn=240,
    epochs=2,
    batch_size=64,  # three rounds an epoch
    size=32,
    width=2,
    latent_dim=5,
    average=0,
    mode="eager",
    judge="features",
    **tiny_faces.PLAIN,
)


def blocks(images):
    x = np.asarray(images, np.float64) / 255.0
    side = x.shape[1] // 4
    return x.reshape(len(x), 4, side, 4, side, 3).mean(axis=(2, 4)).reshape(len(x), -1)


def stand_in(patch):
    """Put it in the network's place. -> a list of how many faces it is shown in each call"""
    shown = []

    def counting(images):
        shown.append(len(images))
        return blocks(images)

    patch.setattr(efficientnet, "load", lambda: counting)
    patch.setattr(efficientnet, "is_installed", lambda: True)
    return shown


@pytest.fixture
def network(monkeypatch):
    """The stand-in, and how many faces it was shown in each call."""
    return stand_in(monkeypatch)


def train(path, console=SILENT, **changes):
    return training.train(dataclasses.replace(TINY, run=path, **changes), console)


@dataclasses.dataclass
class Done:
    """A training that is over: its run, and what was shown and said meanwhile."""

    run: object
    shown: list
    said: str


def trained(**changes):
    """A training by the features of the stand-in."""
    console = Console(file=io.StringIO(), width=500)
    with pytest.MonkeyPatch.context() as patch:
        tiny_faces.leave_out_output(patch)
        tiny_faces.draw_once(patch)
        shown = stand_in(patch)
        _, run = training.train(dataclasses.replace(TINY, **changes), console)
    return Done(run, shown, console.file.getvalue())


@pytest.fixture(scope="module")
def one_epoch(tmp_path_factory):
    return trained(run=tmp_path_factory.mktemp("judged") / "run", epochs=1)


@pytest.fixture(scope="module")
def resumed(one_epoch, tmp_path_factory):
    """The same run, resumed for a second epoch in a copy of its folder."""
    copy = shutil.copytree(one_epoch.run.path, tmp_path_factory.mktemp("judged") / "resumed")
    return trained(resume=copy)


@pytest.fixture(scope="module")
def by_pixels(tmp_path_factory):
    return trained(run=tmp_path_factory.mktemp("judged") / "run", epochs=1, judge="pixels")


def test_every_epoch_has_the_measures_and_the_best_is_the_one_of_the_lowest_combined_figure(
    tmp_path, network, monkeypatch
):
    values = iter([3.0, 2.0, 5.0])
    monkeypatch.setattr(FaceJudge, "combined", lambda self, row: next(values))
    monkeypatch.setattr(FaceJudge, "summary", lambda self, row: "")
    _, run = train(tmp_path / "run", epochs=3)
    epochs = read_epochs(run.path / "epochs.csv")
    names = ["frechet", "kid", "precision", "recall", "density", "coverage", "distance_mean"]
    assert {*names, "distance_32", "distance_whole", "combined"} <= set(epochs)
    np.testing.assert_array_equal(epochs["combined"], [3.0, 2.0, 5.0])
    note = checkpoint.read_note(run.checkpoints / "best.npz")
    assert note == {"step": int(epochs["step"][1]), "value": 2.0}


def test_the_figures_are_those_of_the_judge_on_the_faces_that_are_held_out(tmp_path, network):
    trainer, run = train(tmp_path / "run", epochs=1, flip=False)
    images = real_faces.load(TINY, SILENT).images
    learnt, aside = faces.split(240, 0)
    epochs = read_epochs(run.path / "epochs.csv")
    floor = json.loads((run.path / "judge.json").read_text("utf-8"))
    assert (floor["judge"], floor["n"]) == ("features", HELD_OUT)
    sets = judges.RealSets(images[aside], images[learnt[:HELD_OUT]])
    judge = FaceJudge(sets.reference, sets.others, blocks, floor=floor["floor"])
    fake = trainer.sample(HELD_OUT, seed=1)
    row = judge.measure(to_uint8(fake).numpy())
    assert epochs["frechet"][0] == pytest.approx(row[FRECHET], rel=1e-9)
    assert epochs["recall"][0] == row["recall"]
    expected = np.sqrt(
        epochs["frechet"]
        / floor["floor"][FRECHET]
        * epochs["distance_mean"]
        / floor["floor"][PIXELS]
    )
    np.testing.assert_allclose(epochs["combined"], expected, rtol=1e-9)


def test_real_faces_are_shown_to_the_network_once_and_the_floor_is_kept(one_epoch, resumed):
    assert one_epoch.shown == [HELD_OUT] * 3  # reference, floor, one epoch
    assert resumed.shown == [HELD_OUT] * 2  # reference, one epoch
    before = (one_epoch.run.path / "judge.json").read_bytes()
    assert (resumed.run.path / "judge.json").read_bytes() == before


def test_stopped_and_resumed_it_has_the_rows_of_one_stretch(resumed, tmp_path, network):
    _, run = train(tmp_path / "whole")
    assert network == [HELD_OUT] * 4  # reference, floor, two epochs
    whole = read_epochs(run.path / "epochs.csv")
    halves = read_epochs(resumed.run.path / "epochs.csv")
    for name in set(whole) - {"images_a_second"}:
        np.testing.assert_array_equal(whole[name], halves[name], err_msg=name)


@pytest.mark.parametrize("text", ["", "{}", '{"floor": 3}', '{"floor": {"KID": "x"}}', "[]"])
def test_a_floor_that_cannot_be_read_or_is_of_other_faces_is_measured_anew(text, tmp_path, network):
    real = real_faces.load(TINY, SILENT).images
    sets = judges.RealSets(real[:30], real[30:60])
    file = tmp_path / judges.FLOOR_FILE
    floor = judges.make("pixels", sets, tmp_path).floor
    written = file.read_bytes()
    file.write_text(text, "utf-8")
    assert judges.make("pixels", sets, tmp_path).floor == floor
    assert file.read_bytes() == written
    others = judges.make("pixels", judges.RealSets(real[:30], real[60:90]), tmp_path)
    assert others.floor != floor
    features = judges.make("features", sets, tmp_path)
    assert FRECHET in features.floor


def test_it_says_n_and_the_floor_and_that_few_faces_are_biased(one_epoch):
    assert f"n = {HELD_OUT} held-out faces" in one_epoch.said
    assert "Beware: n is not above the 48 numbers of a feature" in one_epoch.said
    floor = json.loads((one_epoch.run.path / "judge.json").read_text("utf-8"))["floor"]
    line = next(line for line in one_epoch.said.splitlines() if line.startswith("epoch "))
    assert f"n {HELD_OUT}  FD " in line
    assert f"({floor[FRECHET]:.1f})" in line
    for word in ("KID", "precision", "recall", "distance", "combined", "(best)"):
        assert word in line


def test_a_judge_of_many_faces_does_not_warn():
    real = np.random.default_rng(0).integers(0, 256, [120, 16, 16, 3], np.uint8)
    assert "Beware" not in FaceJudge(real[:60], real[60:], blocks).introduction()


@pytest.mark.parametrize(("old", "new"), [("features", "pixels"), ("pixels", "features")])
def test_a_run_that_is_resumed_with_another_judge_is_told(
    old, new, one_epoch, by_pixels, tmp_path, network
):
    run = one_epoch.run if old == "features" else by_pixels.run
    copy = shutil.copytree(run.path, tmp_path / "run")
    with pytest.raises(ValueError, match=f"judge must be {old}, .*got {new}.*--start-from"):
        train(None, resume=copy, judge=new)


def test_a_new_run_may_start_from_one_of_another_judge(by_pixels, tmp_path, network):
    _, second = train(tmp_path / "second", start_from=by_pixels.run.path, epochs=1)
    assert "frechet" in read_epochs(second.path / "epochs.csv")


def test_a_missing_extra_is_one_line_and_nothing_is_begun(tmp_path, monkeypatch):
    monkeypatch.setattr(efficientnet, "PACKAGE", "no_such_package_anywhere")
    with pytest.raises(ValueError, match=r"pip install -e '\.\[judge\]'.*--judge pixels"):
        train(tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_too_few_faces_for_features_are_told(tmp_path, network):
    with pytest.raises(ValueError, match=r"200 faces or more .*--judge pixels"):
        train(tmp_path / "run", drawn=150)
    assert not (tmp_path / "run").exists()


def test_replicas_are_judged_by_the_chief(tmp_path, network):
    _, run = train(tmp_path / "run", epochs=1, strategy="mirrored")
    assert np.isfinite(read_epochs(run.path / "epochs.csv")["frechet"]).all()
