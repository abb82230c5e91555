"""How a run goes on: with other rates, from its best epoch, elsewhere, with other faces."""

import dataclasses
import io
import json
import os
import shutil

import numpy as np
import pytest
import tensorflow as tf
import tiny_faces
from PIL import Image
from rich.console import Console

from dcgan import training
from dcgan.config import Config, of_run, starting_point
from dcgan.drawn import drawn_faces
from dcgan.runs import starting
from gan_core.runs import checkpoint
from gan_core.runs.run_folder import RunFolder

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("faces_drawn_once")]

SILENT = Console(quiet=True)
TINY = {**tiny_faces.TRAINING, **tiny_faces.PLAIN}


def resumed(path, **changes):
    config = dataclasses.replace(of_run(path), resume=path, **changes)
    return training.train(config, SILENT)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A finished run on a folder of PNGs, which was named by a relative path."""
    top = tmp_path_factory.mktemp("ways")
    (top / "faces").mkdir()
    for i, face in enumerate(drawn_faces.draw(range(64), size=32)):
        Image.fromarray(face).save(top / "faces" / f"{i:03d}.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(top)
        config = Config(**TINY, network="dcgan", data="faces", run="run", cache="cache")
        _, run = training.train(config, SILENT)
    return top / run.path


@pytest.fixture
def copy(done, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # another working folder than the run's
    return shutil.copytree(done, tmp_path / "run")


@pytest.mark.usefixtures("without_output")
def test_paths_are_kept_absolute_so_that_a_run_goes_on_from_anywhere(copy, done):
    assert of_run(copy).data == done.parent / "faces"
    assert of_run(copy).cache == done.parent / "cache"
    assert any((done.parent / "cache").iterdir())
    _, run = resumed(copy, epochs=3)
    assert run.step() == 9
    assert not os.path.exists("runs")  # the cache lies where it lay


@pytest.mark.usefixtures("without_output")
def test_other_rates_are_taken_and_kept_in_the_runs_history(copy):
    trainer, _ = resumed(copy, epochs=3, g_learning_rate=1e-4, d_learning_rate=5e-5)
    assert float(trainer.g_optimizer.schedule(trainer.step)) == np.float32(1e-4)
    assert float(trainer.d_optimizer.schedule(trainer.step)) == np.float32(5e-5)
    fields = json.loads((copy / "config.json").read_text())
    changed = {"d_learning_rate": [4e-4, 5e-5], "g_learning_rate": [4e-4, 1e-4]}
    assert fields["history"] == [{"round": 6, **changed}]
    assert of_run(copy).g_learning_rate == 1e-4  # who resumes it next need not say it again


@pytest.mark.usefixtures("without_output")
def test_another_end_is_kept_in_the_runs_history_where_the_rates_fall_towards_it(copy):
    resumed(copy, epochs=3)
    assert json.loads((copy / "config.json").read_text())["history"] == []
    resumed(copy, epochs=4, fall=0.5)
    resumed(copy, epochs=5)
    assert json.loads((copy / "config.json").read_text())["history"] == [
        {"round": 9, "fall": [0.0, 0.5], "epochs": [3, 4]},
        {"round": 12, "epochs": [4, 5]},
    ]


@pytest.mark.usefixtures("without_output")
def test_a_penalty_may_be_added_and_the_old_log_is_kept(copy):
    before = (copy / "log.csv").read_text()
    _, run = resumed(copy, epochs=3, gamma=0.5)
    rows = run.rows()
    assert np.isnan(rows["penalty"][0])
    assert np.isfinite(rows["penalty"][-1])
    assert rows["step"][-1] == 9
    assert (copy / "log_until_round_6.csv").read_text() == before


@pytest.mark.usefixtures("without_output")
def test_it_goes_back_to_its_best_epoch(copy):
    run = RunFolder.resume(copy)
    best = run.checkpoints / "best.npz"
    first = {name: array + 1 for name, array in checkpoint.read(run.latest())[0].items()}
    state = {name: tf.Variable(array) for name, array in first.items()}
    best.unlink()
    state["step"] = tf.Variable(np.int64(3))
    run.save_best(state, 3, 0.0)
    said = Console(file=io.StringIO(), width=200)
    config = dataclasses.replace(of_run(copy), resume=copy, from_best=True, epochs=2)
    training.train(config, said)
    assert "Back at the best epoch, round 3." in said.file.getvalue()
    steps = sorted(file.name for file in run.checkpoints.glob("step_*.npz"))
    assert steps == ["step_00000003.npz", "step_00000006.npz"]
    assert json.loads((copy / "config.json").read_text())["history"] == [
        {"round": 3, "from": "best.npz"}
    ]


def test_a_new_run_starts_from_anothers_networks_on_other_faces(copy, tmp_path):
    default = starting_point(Config(start_from=copy))
    assert (default.width, default.latent_dim, default.run) == (2, 5, None)
    config = dataclasses.replace(default, data=None, drawn=80, seed=3, run=tmp_path / "new")
    seen = {}

    def remember(trainer, *_, **__):
        seen.update({name: value.numpy() for name, value in trainer.state().items()})
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "fit", remember)
        with pytest.raises(KeyboardInterrupt):
            training.train(config, SILENT)
    arrays, _ = checkpoint.read(copy / "checkpoints" / "best.npz")
    networks = [name for name in seen if name.startswith(starting.NETWORKS)]
    assert any(name.startswith("average/model/") for name in networks)
    for name in networks:
        np.testing.assert_array_equal(seen[name], arrays[name], err_msg=name)
    assert seen["step"] == 0
    assert not any(seen[name].any() for name in seen if name.startswith("g_optimizer/m"))
    assert of_run(tmp_path / "new").start_from == copy


def test_an_average_starts_from_g_of_a_run_that_kept_none(tmp_path):
    without = training.build(Config(**{**TINY, "seed": 1, "average": 0}))
    (tmp_path / "checkpoints").mkdir()
    checkpoint.save(tmp_path / "checkpoints" / "best.npz", without.state())
    config = Config(**{**TINY, "average": 32, "start_from": tmp_path})
    trainer = training.build(config)
    starting.start_from(config, trainer, None)
    there = without.state()
    averaged = [name for name in trainer.state() if name.startswith("average/model/")]
    assert averaged
    for name in averaged:
        of_g = there[name.replace("average/model/", "generator/")]
        np.testing.assert_array_equal(trainer.state()[name], of_g, err_msg=name)


def test_a_new_run_starts_with_a_wider_g_that_makes_the_same_faces(copy, tmp_path):
    default = starting_point(Config(start_from=copy))
    config = dataclasses.replace(default, g_width=4, seed=3)
    before, _ = checkpoint.read(copy / "checkpoints" / "best.npz")
    narrow = training.build(default)
    wide = training.build(config)
    starting.start_from(default, narrow, None)
    starting.start_from(config, wide, None)
    z = np.random.default_rng(0).normal(size=[3, default.latent_dim]).astype(np.float32)
    for one, other in (
        (narrow.generator, wide.generator),
        (narrow.average.model, wide.average.model),
    ):
        np.testing.assert_allclose(one(z, training=True), other(z, training=True), atol=1e-4)
    state = wide.state()
    for name in state:
        if name.startswith("discriminator/"):
            np.testing.assert_array_equal(state[name], before[name], err_msg=name)
    reads = wide.generator.layers[4].kernel  # of up_1: [4, 4, channels made, channels read]
    quotient = wide.average.model.layers[4].kernel / reads  # free of shares if both have the same
    np.testing.assert_allclose(quotient[..., 0::2], quotient[..., 1::2], rtol=1e-4)


def test_a_new_run_starts_with_a_wider_d_that_judges_alike(copy, tmp_path):
    default = starting_point(Config(start_from=copy))
    narrow = training.build(default)
    wide = training.build(dataclasses.replace(default, width=4, g_width=2, seed=3))
    for config, trainer in ((default, narrow), (default, wide)):
        starting.start_from(config, trainer, None)
    x = np.random.default_rng(0).uniform(-1, 1, [3, 32, 32, 3]).astype(np.float32)
    np.testing.assert_allclose(narrow.discriminator(x), wide.discriminator(x), atol=1e-4)


@pytest.mark.parametrize(("option", "network"), [("width", "D"), ("g_width", "G")])
def test_a_width_that_is_not_a_multiple_is_told(copy, tmp_path, option, network):
    default = starting_point(Config(start_from=copy))
    config = dataclasses.replace(default, **{"g_width": 2, option: 3}, run=tmp_path / "new")
    wanted = rf"Config: {option} must be a multiple of 2, the width of {network} in .*got 3"
    with pytest.raises(ValueError, match=wanted):
        training.train(config, SILENT)
    assert not (tmp_path / "new").exists()


def test_a_modern_g_of_an_odd_width_is_not_widened(tmp_path):
    """Its blocks have half of the channels inside: 2 of 5, and 5 of 10."""
    options = {**TINY, "network": "modern", "filtered": False, "width": 5}
    (tmp_path / "checkpoints").mkdir()
    narrow = training.build(Config(**options))
    checkpoint.save(tmp_path / "checkpoints" / "best.npz", narrow.state())
    config = Config(**options, g_width=10, start_from=tmp_path)
    with pytest.raises(ValueError, match=r"Config: start_from must be a run of the same network"):
        starting.start_from(config, training.build(config), None)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"latent_dim": 3}, "latent_dim 5 and not 3"),
        ({"styled": True, "network": "dcgan"}, "styled False and not True"),
    ],
    ids=["latent_dim", "styled"],
)
def test_other_networks_are_told(copy, tmp_path, change, words):
    config = dataclasses.replace(
        starting_point(Config(start_from=copy)), **change, run=tmp_path / "new"
    )
    with pytest.raises(
        ValueError, match=r"start_from must be a run of the same network, size"
    ) as told:
        training.train(config, SILENT)
    assert "Leave out these options" in str(told.value)
    assert words in str(told.value)
    assert not (tmp_path / "new").exists()  # so that the next try may have this name


def test_other_faces_are_refused_with_the_way_on(copy):
    faces = shutil.copytree(of_run(copy).data, copy.parent / "others")
    Image.new("RGB", (32, 32), "red").save(faces / "007.png")
    with pytest.raises(ValueError, match=r"--start-from .*run --data FACES"):
        resumed(copy, data=faces)


@pytest.mark.usefixtures("without_output")
@pytest.mark.parametrize("change", ["added", "removed"])
def test_one_face_more_or_less_is_told_with_both_numbers_and_the_way_on(copy, tmp_path, change):
    faces = shutil.copytree(of_run(copy).data, tmp_path / "faces")
    if change == "added":
        shutil.copy(faces / "000.png", faces / "999.png")
    else:
        (faces / "063.png").unlink()
    now = 65 if change == "added" else 63
    with pytest.raises(ValueError, match=rf"faces was 64 and is now {now}") as told:
        resumed(copy, data=faces, epochs=3)
    assert f"--start-from {copy} --data FACES" in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.usefixtures("without_output")
def test_the_way_on_with_more_faces_is_one(copy, tmp_path):
    faces = shutil.copytree(of_run(copy).data, tmp_path / "faces")
    shutil.copy(faces / "000.png", faces / "999.png")
    default = starting_point(Config(start_from=copy))
    config = dataclasses.replace(default, data=faces, run=tmp_path / "new", epochs=1)
    _, run = training.train(config, SILENT)
    assert run.step() == 3


def test_resume_and_start_from_are_one_of_the_two(tmp_path):
    with pytest.raises(ValueError, match=r"start_from must be for a new run"):
        starting_point(Config(resume=tmp_path, start_from=tmp_path))
    with pytest.raises(ValueError, match=r"from_best must be given together with resume"):
        Config(from_best=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"width": "wide"}, r"config.json: width must be a whole number.*'wide'"),
        ({"mode": "fast"}, r"config.json: mode must be one of"),
        ({"augment": 3}, r"config.json: augment must be a tuple"),
        ({"loss": "best"}, r"config.json: loss must be"),
        ({"data": 3}, r"config.json: data must be a path"),
    ],
)
def test_a_config_edited_by_hand_is_told_in_one_line(copy, change, words):
    fields = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**fields, **change}))
    with pytest.raises(ValueError, match=words) as told:
        of_run(copy)
    assert "\n" not in str(told.value)
    del fields["seed"]
    (copy / "config.json").write_text(json.dumps(fields))
    with pytest.raises(ValueError, match=r"config.json: seed must be there, got nothing"):
        of_run(copy)


def test_output_that_fails_costs_neither_the_training_nor_the_generator(copy):
    class Closed(io.StringIO):
        def write(self, _):
            raise BrokenPipeError

    shutil.rmtree(copy / "generator")
    config = dataclasses.replace(of_run(copy), resume=copy, epochs=3)
    training.train(config, Console(file=Closed()))
    assert (copy / "generator" / "saved_model.pb").exists()


def test_who_stops_it_is_told_what_is_safe(copy):
    def stop(*_, **__):
        raise KeyboardInterrupt

    said = Console(file=io.StringIO(), width=400)
    config = dataclasses.replace(of_run(copy), resume=copy, epochs=3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "fit", stop)
        with pytest.raises(KeyboardInterrupt):
            training.train(config, said)
    assert "Safe on disk: the checkpoint of round 6" in said.file.getvalue()
    assert f"train --resume {copy}" in said.file.getvalue()
