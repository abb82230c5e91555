"""A DCGAN from a config: the run folder, resuming, a course notebook's recipe, what is refused."""

import dataclasses
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tiny_faces
from PIL import Image
from rich.console import Console

from dcgan import training
from dcgan.config import Config, from_json
from dcgan.data import faces
from dcgan.data.batches import face_batches
from dcgan.data.pixels import to_uint8
from dcgan.drawn import drawn_faces
from dcgan.epochs import SHOWN, read_epochs
from dcgan.figures import sheets, training_plots
from dcgan.generation import trained_generator
from dcgan.runs import best, folder, real_faces
from gan_core import rng
from gan_core.runs.loop import every
from gan_core.runs.run_folder import RunFolder

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("faces_drawn_once")]

SILENT = Console(quiet=True)
TINY = {**tiny_faces.TRAINING, "network": "dcgan"}
AUGMENTATIONS = ("translation", "colour", "cutout")
NO_PENALTIES = {"gamma": 0.0, "gamma_fake": 0.0}
LAB_RECIPE = {
    "update": "simultaneous",
    "momentum": 0.1,
    "epsilon": 0.8,
    "average": 0,
    "flip": False,
    "augment": (),
    "gamma": 0.0,
}


def train(path, **changes):
    return training.train(Config(**{**TINY, "run": path, **changes}), SILENT)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """One finished run on drawn faces in a folder of PNGs and two files that are none."""
    top = tmp_path_factory.mktemp("training")
    (top / "faces").mkdir()
    for i, face in enumerate(drawn_faces.draw(range(64), size=40)):
        Image.fromarray(face).save(top / "faces" / f"{i:03d}.png")
    (top / "faces" / "readme.txt").write_text("no face")
    (top / "faces" / "empty.png").write_bytes(b"")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(top)
        options = {"data": top / "faces", "tensorboard": True, "augment": AUGMENTATIONS}
        trainer, run = train(top / "run", **options)
    return trainer, run


@pytest.fixture
def copy(done, tmp_path):
    """That run, to be damaged."""
    shutil.copytree(done[1].path, tmp_path / "run")
    return RunFolder.resume(tmp_path / "run")


def asked_for(run):
    """The options that a run was started with, but for its place."""
    fields = dataclasses.asdict(from_json(run.config))
    return {name: value for name, value in fields.items() if name not in ("run", "resume")}


def test_a_run_folder_holds_all_that_is_promised(done):
    _, run = done
    names = {str(path.relative_to(run.path)) for path in run.path.rglob("*") if path.is_file()}
    assert {
        "config.json",
        "log.csv",
        "epochs.csv",
        "skipped.txt",
        "curves.png",
        "training.gif",
        "checkpoints/best.npz",
        "samples/epoch_0001.png",
        "samples/epoch_0002.png",
        "generator/saved_model.pb",
    } <= names
    assert any(name.startswith("tensorboard/") for name in names)
    skipped = (run.path / "skipped.txt").read_text().splitlines()
    assert [line.split("\t")[0] for line in skipped] == ["empty.png", "readme.txt"]
    assert json.loads((run.path / "config.json").read_text())["faces"] == 64


@pytest.mark.usefixtures("without_output")
def test_small_pictures_are_told_of(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the cache
    for i, face in enumerate(drawn_faces.draw(range(24), size=32)):
        Image.fromarray(face).resize((20, 20) if i < 3 else (32, 32)).save(f"{i}.png")
    training.train(
        Config(**{**TINY, "epochs": 1, "run": "run", "data": tmp_path}),
        told := Console(file=io.StringIO()),
    )
    said = " ".join(told.file.getvalue().split())
    assert "24 faces of 32 x 32 pixels; 3 small pictures enlarged, and so blurred; 2 held" in said


@pytest.mark.usefixtures("without_output")
def test_an_epoch_of_two_passes_trains_as_two_epochs_do(done, tmp_path):
    """The same rounds, looked at half as often."""
    two_epochs, run = done
    options = {**asked_for(run), "epochs": 1, "repeat": 2, "run": tmp_path / "run"}
    one_epoch, repeated = training.train(Config(**options))
    np.testing.assert_array_equal(read_epochs(repeated.path / "epochs.csv")["step"], [6])
    came = one_epoch.state()
    for name, variable in two_epochs.state().items():
        np.testing.assert_array_equal(came[name].numpy(), variable.numpy(), err_msg=name)


@pytest.mark.parametrize(
    ("options", "an_epoch", "hint"),
    [
        ({}, 3, "--repeat 34."),
        ({}, 19, "--repeat 6."),
        ({}, 20, ""),
        ({"repeat": 2}, 6, ""),  # whoever gave it knows it
        ({"resume": "run"}, 3, ""),
    ],
)
def test_repeat_is_named_where_a_new_run_has_few_rounds_an_epoch(options, an_epoch, hint):
    told = io.StringIO()
    training._tell_of_short_epochs(Config(**options), an_epoch, Console(file=told, width=200))
    said = " ".join(told.getvalue().split())
    assert (hint in said) if hint else not said
    assert said.startswith(f"An epoch has only {an_epoch} rounds") == bool(hint)


@pytest.mark.parametrize(
    ("precision", "slow", "told"),
    [("bfloat16", True, True), ("bfloat16", False, False), ("float32", True, False)],
)
def test_whoever_asks_for_a_precision_that_is_slow_here_is_told(precision, slow, told, monkeypatch):
    monkeypatch.setattr(training.instructions, "bfloat16_is_slow", lambda: slow)
    said = io.StringIO()
    config = Config(precision=precision)
    training._tell_of_slow_bfloat16(config, Console(file=said, width=200))
    assert said.getvalue().startswith("This CPU has no instructions for bfloat16") == told


def test_epochs_csv_has_a_distance_for_each_epoch_and_the_best_is_kept(done):
    _, run = done
    epochs = read_epochs(run.path / "epochs.csv")
    np.testing.assert_array_equal(epochs["epoch"], [1, 2])
    np.testing.assert_array_equal(
        epochs["step"], [3, 6]
    )  # 58 faces are learnt from: 3 full batches of 16
    assert {
        "d_loss",
        "g_loss",
        "d_real",
        "d_fake",
        "images_a_second",
        "distance_mean",
        "distance_32",
        "distance_whole",
        "combined",
    } <= set(epochs)
    assert (epochs["distance_mean"] > 0.0).all()
    with np.load(run.checkpoints / "best.npz") as kept_arrays:
        note = json.loads(str(kept_arrays["note"]))
    assert note["step"] == epochs["step"][epochs["combined"].argmin()]
    assert note["value"] == pytest.approx(epochs["combined"].min())


def test_the_saved_model_is_the_best_epochs_average(done):
    _, run = done
    z = rng.normal([3, 5], rng.seed(1, "z"))
    images = tf.saved_model.load(str(run.generator))(z)
    assert images.dtype == tf.uint8
    want = to_uint8(best.best_generator(run.path)(z)).numpy().astype(int)
    assert np.abs(images.numpy().astype(int) - want).max() <= 1
    with np.load(run.checkpoints / "best.npz") as arrays:
        kept = arrays["variables/average/model/layers/1/kernel"]
    np.testing.assert_array_equal(best.best_generator(run.path).layers[1].kernel.numpy(), kept)


def test_the_best_epochs_sheet_shows_what_generate_gives(done):
    """The same z, the average, settled: so the faces are equal to a level of 255."""
    _, run = done
    with np.load(run.checkpoints / "best.npz") as best:
        step = json.loads(str(best["note"]))["step"]
    with Image.open(run.samples / f"epoch_{step // 3:04d}.png") as picture:
        shown = np.asarray(picture).astype(int)
    generated = trained_generator.load(run.path).sample(SHOWN, seed=run.config["seed"])
    assert np.abs(shown - sheets.sheet(generated).astype(int)).max() <= 1
    assert shown.std() > 1.0


@pytest.mark.usefixtures("without_output")
def test_gone_on_with_it_ends_as_in_one_stretch(done, tmp_path):
    whole, one = done
    options = {**asked_for(one), "run": tmp_path / "halves"}
    assert options["flip"]
    training.train(Config(**{**options, "epochs": 1}), SILENT)
    halves, two = train(None, **asked_for(one), resume=tmp_path / "halves")
    came = halves.state()
    for name, variable in whole.state().items():
        np.testing.assert_array_equal(variable.numpy(), came[name].numpy(), err_msg=name)
    assert (one.path / "log.csv").read_bytes() == (two.path / "log.csv").read_bytes()
    for name, column in read_epochs(one.path / "epochs.csv").items():
        if name != "images_a_second":
            np.testing.assert_array_equal(
                column, read_epochs(two.path / "epochs.csv")[name], err_msg=name
            )


def test_resuming_with_other_options_or_faces_is_refused(copy):
    with pytest.raises(ValueError, match=r"beta_1 was 0.0 and is now 0\.1"):
        train(None, resume=copy.path, **{**asked_for(copy), "beta_1": 0.1})
    with pytest.raises(ValueError, match=r"seed was 0 and is now 1"):
        train(None, resume=copy.path, **{**asked_for(copy), "seed": 1})
    with pytest.raises(ValueError, match=r"(faces|drawn) was 64 and is now 63"):
        train(None, resume=copy.path, **{**asked_for(copy), "data": None, "drawn": 63})


def test_pictures_read_otherwise_are_not_taken_for_other_faces(tmp_path):
    """Their checksum is another, but a run that starts from this one must read them alike."""

    def begun_or_resumed(pixel, **options):
        config = Config(data=tmp_path, **options)
        pictures = np.full([2, config.size, config.size, 3], pixel, np.uint8)
        return folder.create_or_resume(config, faces.Faces(pictures, ["a", "b"], []))

    run = begun_or_resumed(0, size=32, run=tmp_path / "run").path
    for pixel, options, proposed in ((0, {"size": 64}, False), (1, {"size": 32}, True)):
        with pytest.raises(ValueError, match="was started with another config") as error:
            begun_or_resumed(pixel, **options, resume=run)
        assert ("--start-from" in str(error.value)) == proposed


def test_a_run_that_is_still_going_is_left_alone(copy):
    def files():
        return {
            file: (file.read_bytes(), file.stat().st_mtime_ns)
            for file in copy.path.rglob("*")
            if file.is_file()
        }

    with copy.held():
        before = files()
        with pytest.raises(ValueError, match=r"another process, or .*, trains in"):
            train(None, **{**asked_for(copy), "epochs": 3}, resume=copy.path)
        assert files() == before  # not even written again


@pytest.mark.usefixtures("without_output")
def test_the_same_faces_may_lie_elsewhere_when_a_run_goes_on(copy, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where the cache goes
    faces = shutil.copytree(copy.config["data"], tmp_path / "elsewhere")
    options = {**asked_for(copy), "data": faces, "epochs": 3}
    train(None, resume=copy.path, **options)
    assert RunFolder.resume(copy.path).config["data"] == str(faces)
    Image.new("RGB", (40, 40), "red").save(faces / "007.png")
    with pytest.raises(
        ValueError, match=r'checksum of the faces was "[0-9a-f]{8}" and is now "[0-9a-f]{8}"'
    ):
        train(None, resume=copy.path, **options)


def test_a_full_disk_is_told_and_not_what_it_spoilt_afterwards(copy, monkeypatch):
    """The error of the training comes out, not that of the pictures drawn at its end."""

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(training_plots, "curves", full)
    monkeypatch.setattr(
        RunFolder, "log", lambda *_: (_ for _ in ()).throw(ValueError("Make room. Then go on"))
    )
    said = Console(file=io.StringIO(), width=200)
    with pytest.raises(ValueError, match="Make room"):
        training.train(
            Config(**{**TINY, **asked_for(copy), "run": None, "resume": copy.path, "epochs": 3}),
            said,
        )
    assert (
        "The pictures were not written: [Errno 28] No space left on device" in said.file.getvalue()
    )


def test_a_sheet_that_a_power_cut_emptied_is_left_out_of_the_gif(copy):
    (copy.samples / "epoch_0001.png").write_bytes(b"")
    train(None, resume=copy.path, **{**asked_for(copy), "epochs": 3})
    with Image.open(copy.path / "training.gif") as gif:
        assert gif.n_frames == 2


@pytest.mark.usefixtures("without_output")
def test_a_resumed_run_goes_on_with_falling_rates(copy):
    trainer, _ = train(None, resume=copy.path, **{**asked_for(copy), "epochs": 4, "fall": 0.25})
    np.testing.assert_allclose(
        [trainer.g_optimizer.schedule(step) for step in range(7, 13)],
        4e-4 * np.array([1, 1, 1, 2 / 3, 1 / 3, 0]),
        rtol=1e-6,
    )
    assert len(read_epochs(copy.path / "epochs.csv")["epoch"]) == 4
    remembered = from_json(
        RunFolder.resume(copy.path).config
    )  # so that the next who goes on need not say it again
    assert remembered == dataclasses.replace(from_json(copy.config), epochs=4, fall=0.25)


@pytest.mark.usefixtures("without_output")
def test_stopped_while_the_rates_fall_it_ends_as_in_one_stretch(tmp_path):
    def stop(trainer, row):
        raise KeyboardInterrupt

    whole, _ = train(tmp_path / "whole", fall=1.0)
    with pytest.raises(KeyboardInterrupt):
        training.train(Config(**TINY, run=tmp_path / "halves", fall=1.0), SILENT, [every(4, stop)])
    halves, _ = train(None, resume=tmp_path / "halves", fall=1.0)
    came = halves.state()
    for name, variable in whole.state().items():
        np.testing.assert_array_equal(variable.numpy(), came[name].numpy(), err_msg=name)


def test_a_run_that_is_over_says_so(copy, capsys):
    training.train(
        dataclasses.replace(from_json(copy.config), resume=copy.path), Console(width=200)
    )
    assert "Its 2 epochs are over. To continue: --epochs 12, say." in capsys.readouterr().out
    (copy.checkpoints / "best.npz").unlink()
    with pytest.raises(ValueError, match="no generator to export"):
        training.train(dataclasses.replace(from_json(copy.config), resume=copy.path), SILENT)


def test_nothing_is_overwritten(done):
    _, run = done
    before = (run.path / "log.csv").read_bytes()
    with pytest.raises(ValueError, match="is not empty"):
        train(run.path)
    assert (run.path / "log.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("where", "words"),
    [("file", "cannot be made"), ("file/run", "cannot be made"), ("folder", "is not empty")],
)
def test_a_run_that_cannot_be_made_is_refused_before_any_work(tmp_path, monkeypatch, where, words):
    (tmp_path / "file").write_text("precious")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_text("precious")
    monkeypatch.setattr(real_faces, "load", lambda *_: pytest.fail("faces were drawn or read"))
    with pytest.raises(ValueError, match=rf"^Config: run .*{where} {words}.*nothing was overwr"):
        train(tmp_path / where)


def test_a_worker_that_is_not_chief_finds_the_folder_made_by_the_chief(done, monkeypatch):
    """The chief may have made it already, and only the chief writes into it."""
    monkeypatch.setattr(training.workers, "is_chief", lambda _: False)
    monkeypatch.setattr(training, "_play_along", lambda *_: "plays along")
    assert train(done[1].path) == "plays along"


def test_the_next_free_folder_is_taken(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "dcgan-1").mkdir(parents=True)
    with pytest.raises(KeyboardInterrupt):  # before the first round
        training.train(Config(**TINY), Talkative())
    assert (tmp_path / "runs" / "dcgan-2" / "config.json").exists()
    assert [folder._first_free() for _ in range(2)] == [
        Path(f"runs/dcgan-{i}") for i in (3, 4)
    ]  # asked for at once


class Talkative(Console):
    """A console that has enough when it is told of the run folder."""

    def print(self, *what, **options):
        if "Run folder" in str(what):
            raise KeyboardInterrupt


def test_the_lab_recipe_is_what_it_says():
    trainer = training.build(Config(**{**TINY, **LAB_RECIPE}))
    assert trainer.update == "simultaneous"
    assert trainer.average is None
    norms = [layer for layer in trainer.generator.layers if hasattr(layer, "momentum")]
    assert {(norm.momentum, norm.epsilon) for norm in norms} == {(0.1, 0.8)}


@pytest.mark.parametrize(
    ("fall", "shares"),
    [(0.0, [1, 1, 1, 1, 1]), (0.4, [1, 1, 1, 0.5, 0]), (1.0, [1, 0.8, 0.4, 0.2, 0])],
)
def test_both_learning_rates_fall_in_the_last_share_of_the_rounds(fall, shares):
    config = Config(**TINY, fall=fall, d_learning_rate=1e-3)
    trainer = training.build(config, rounds=10)
    steps = tf.constant([0, 2, 6, 8, 10])
    for optimizer, rate in (
        (trainer.d_optimizer, 1e-3),
        (trainer.g_optimizer, config.g_learning_rate),
    ):
        found = [float(optimizer.schedule(step)) for step in steps]
        np.testing.assert_allclose(found, rate * np.array(shares), rtol=1e-6)
    assert float(training.build(config).d_optimizer.schedule(tf.constant(10))) == np.float32(1e-3)


@pytest.mark.parametrize(
    "changes",
    [
        {"gamma": 0.0},
        {"augment": ("cutout",)},
        {"loss": "hinge"},
        {"gamma_fake": 2.0, "penalty_every": 2},
        {"minibatch_std": True, "augment_strength": 0.5},
        {"network": "radford"},
        {"network": "modern"},
        {"network": "residual"},
        {"network": "modern", "precision": "bfloat16"},
        {"network": "modern", "precision": "bfloat16", "mode": "graph", **NO_PENALTIES},
        {"average": 0},
        {"precision": "bfloat16"},
        {"mode": "graph", "convolution": "native"},
    ],
)
def test_every_option_trains(changes):
    trainer = training.build(Config(**{**TINY, **changes}))
    faces = drawn_faces.draw(range(4), size=32) / np.float32(127.5) - 1.0
    row = trainer.round(faces)
    assert all(np.isfinite(value) for value in row.values())
    plain = changes.get("network") == "radford" or changes.get("gamma") == 0.0
    assert ("penalty" in row) == (not plain)


def test_too_few_faces_for_a_batch_is_told_before_a_folder_is_made(tmp_path):
    words = "Config: batch_size must be at most the number of faces without the 6 held aside, 58"
    with pytest.raises(ValueError, match=f"{words}, got 59"):
        train(tmp_path / "run", batch_size=59)
    assert not (tmp_path / "run").exists()


def test_too_few_labels_are_not_taken_for_too_few_faces(tmp_path):
    data = tmp_path / "faces.npy"
    np.save(data, drawn_faces.draw(range(30), size=32))
    table = tmp_path / "labels.csv"
    hair = ["blue", "red", "blue", "red", "blue", "red"]
    lines = [f"{i:02d},{colour}\n" for i, colour in enumerate(hair)]
    table.write_text("file,hair\n" + "".join(lines))
    with pytest.raises(ValueError, match=r"data must be at least 20 faces with labels.*, got 6"):
        train(tmp_path / "run", data=data, labels=str(table))
    assert not (tmp_path / "run").exists()


def test_more_drawn_faces_than_the_memory_holds_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(faces, "free_memory", lambda: 2 * 3 * 32 * 32 * 50.0)
    with pytest.raises(ValueError, match=r"Config: drawn must be at most 50, .*, got 64"):
        train(tmp_path / "run", drawn=64)


def test_without_an_epoch_there_is_no_generator(copy):
    (copy.checkpoints / "best.npz").unlink()
    with pytest.raises(ValueError, match=r"has no best.npz yet.*python -m dcgan train --resume"):
        best.best_generator(copy.path)


def test_what_went_wrong_is_said_even_where_there_is_no_generator_to_export(copy):
    (copy.checkpoints / "best.npz").unlink()
    log = copy.path / "log.csv"
    log.write_text(
        "\n".join(
            f"{line},{slope}"
            for line, slope in zip(log.read_text().split(), ["slope", *8 * "0"], strict=False)
        )
        + "\n"
    )
    with pytest.raises(
        ValueError, match=r"log\.csv has the columns step, .*, slope, and this trainer reports"
    ):
        train(None, resume=copy.path, **{**asked_for(copy), "epochs": 3})


def test_without_tensorboard_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(training.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="pip install tensorboard"):
        train(tmp_path / "run", tensorboard=True)
    assert not (tmp_path / "run").exists()


def test_rounds_of_convolutions_are_round_after_round():
    """They are called one by one and not in a compiled loop; nobody may notice."""
    config = Config(**{**TINY, "mode": "graph", "convolution": "native"})
    one = training.build(config)
    other = training.build(config)
    sampler = face_batches(drawn_faces.draw(range(20), size=32), 4)
    rows = one.rounds(sampler, 3)
    for i in range(3):
        row = other.round(sampler(tf.constant(i, tf.int64)))
        assert row == pytest.approx(
            {name: float(values[i]) for name, values in rows.items()}, rel=1e-4
        )
    came = other.state()
    for name, variable in one.state().items():
        np.testing.assert_allclose(
            variable.numpy(), came[name].numpy(), rtol=1e-3, atol=1e-5, err_msg=name
        )
    assert one.rounds(sampler, 0)["d_loss"].shape == (0,)
