"""A run on pictures that are wide, transparent and coloured, of which it makes grey squares.

Every command that reads pictures for this run makes the same of them, and every picture that it
writes is grey.
"""

import dataclasses
import io
import json
import shutil
import zipfile

import browser
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from rich.console import Console

from dcgan import ch10_latent_space, training
from dcgan.config import Config, of_run
from dcgan.data import faces, form
from dcgan.data.form import Form
from dcgan.drawn import drawn_faces
from dcgan.epochs import read_epochs
from dcgan.figures import face_plots, sheets
from dcgan.generation import avatars, find, generate, pretrained, trained_generator, walk
from dcgan.judge import evidence, factor_classifier, label_share, report
from dcgan.judge.command import Judge
from dcgan.measures.features import efficientnet
from dcgan.page import build, layers, sliders
from dcgan.page.command import Page
from dcgan.runs import best, real_faces
from dcgan.watch import drawing, page

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("faces_drawn_once")]

SILENT = Console(quiet=True)
COUNT = 240
FORM = Form("pad", "#305070", "grey")
TINY = {
    "epochs": 1,
    "batch_size": 72,  # three rounds an epoch
    "size": 32,
    "width": 2,
    "latent_dim": 5,
    "average": 150,
    "augment": ("translation", "colour", "cutout"),
    "mode": "eager",
    **dataclasses.asdict(FORM),
}


@pytest.fixture(scope="module")
def top(tmp_path_factory):
    """Pictures of 32 x 32; every second one has a transparent edge, so that it is wide."""
    top = tmp_path_factory.mktemp("grey")
    (top / "faces").mkdir()
    for i, face in enumerate(drawn_faces.draw(range(COUNT), size=32)):
        picture = Image.fromarray(face)
        if i % 2:
            wider = Image.new("RGBA", (48, 32))
            wider.paste(picture, (8, 0))
            picture = wider
        picture.save(top / "faces" / f"{i:03d}.png")
    return top


@pytest.fixture(scope="module")
def said():
    return io.StringIO()


@pytest.fixture(scope="module")
def done(top, said):
    """The trainer and the run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(top)
        config = Config(**TINY, data=top / "faces", run=top / "run", tensorboard=True)
        return training.train(config, Console(file=said, width=400))


@pytest.fixture
def run(done, top, monkeypatch):
    monkeypatch.chdir(top)  # the cache
    return done[1].path


@pytest.fixture(scope="module")
def real(top):
    """The pictures as this run reads them."""
    return faces.load(top / "faces", 32, form=FORM, cache=None, console=SILENT).images


def mode_of(file):
    with Image.open(file) as picture:
        return picture.mode


def test_the_start_tells_how_many_were_not_square_and_what_was_done(done, said):
    words = "240 grey faces of 32 x 32 pixels; not square: 120 pictures, shown whole between bars"
    assert f"{words} of #305070" in said.getvalue()


def test_bars_and_what_is_transparent_have_the_backgrounds_grey(done, real):
    (level,) = form.in_colours(np.array([[[FORM.rgb]]], np.uint8), "grey").ravel()
    np.testing.assert_array_equal(real[1::2, 0], level)  # a bar
    np.testing.assert_array_equal(real[1::2, 16, 0], level)  # the transparent edge
    assert real[::2, 0].std() > 10.0


def test_the_run_holds_grey_sheets_and_an_export_with_its_form(run):
    config = of_run(run)
    assert config.form == FORM
    assert form.read(run / "generator") == FORM
    assert mode_of(run / "samples" / "epoch_0001.png") == "L"
    for name in ("training.gif", "curves.png", "judge.json"):
        assert (run / name).exists()
    assert np.isfinite(read_epochs(run / "epochs.csv")["combined"]).all()


def test_the_generator_makes_one_channel_exported_or_not(run, done, tmp_path):
    exported = trained_generator.load(run)
    assert exported.sample(3).shape == (3, 32, 32, 1)
    assert exported(np.zeros([0, 5], np.float32)).shape == (0, 32, 32, 1)
    network = best.best_generator(run)
    direct = trained_generator.of_network(network, 5, 32, form=of_run(run).form)
    np.testing.assert_array_equal(direct.sample(3), exported.sample(3))
    assert exported.form == direct.form == FORM


def test_a_foreign_form_beside_the_export_is_told(run, tmp_path):
    copy = tmp_path / "generator"
    copy.mkdir()
    for file in (run / "generator").rglob("*"):
        target = copy / file.relative_to(run / "generator")
        if file.is_dir():
            target.mkdir(exist_ok=True)
        else:
            target.write_bytes(file.read_bytes())
    (copy / form.FILE).unlink()
    with pytest.raises(ValueError, match=r"must be \[n, size, size, 3\], got \[64, 32, 32, 1\]"):
        trained_generator.load(copy)


def test_generate_writes_grey_pngs_and_an_array_of_one_channel(run, tmp_path):
    generator = trained_generator.load(run)
    for out in (tmp_path / "a.zip", tmp_path / "b.npz", tmp_path / "c"):
        asked = generate.Generate(run=run, count=5, out=out, sheet=out.with_suffix(".png"))
        generate.generate(asked)
        assert mode_of(out.with_suffix(".png")) == "L"
    wanted = generator.sample(5)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive, archive.open("00003.png") as file:
        picture = Image.open(file)
        assert picture.mode == "L"
        np.testing.assert_array_equal(np.asarray(picture), wanted[3, :, :, 0])
    assert mode_of(tmp_path / "c" / "00000.png") == "L"
    with np.load(tmp_path / "b.npz") as stored:
        np.testing.assert_array_equal(stored["images"], wanted)
    for out in ("a.zip", "b.npz", "c"):  # what it writes can be read again
        found = faces.load(tmp_path / out, 32, form=FORM, cache=None, console=SILENT)
        np.testing.assert_array_equal(found.images, wanted)


def test_avatars_are_grey(run, tmp_path):
    avatars.write(["anna", "bob"], trained_generator.load(run), tmp_path / "out")
    assert mode_of(tmp_path / "out" / avatars.file_name("anna")) == "L"


def test_a_walk_is_a_grey_strip_and_a_grey_animation(run, tmp_path):
    out = tmp_path / "walk.png"
    walk.walk(walk.Walk(run=run, steps=4, out=out, gif=tmp_path / "walk.gif"))
    assert mode_of(out) == "L"
    with Image.open(tmp_path / "walk.gif") as gif:
        assert gif.n_frames == 6
        colours = np.asarray(gif.convert("RGB"))
    assert (colours == colours[..., :1]).all()


def test_find_reads_a_picture_as_the_training_did(run, top, real, tmp_path):
    generator = trained_generator.load(run)
    files = tuple(top / "faces" / f"{i:03d}.png" for i in (0, 1))
    asked = find.Find(run=run, image=files, steps=2, starts=1, out=tmp_path / "found.png")
    _, pictures = find._pictures(asked, generator, {})
    np.testing.assert_array_equal(pictures, real[:2])
    find.find(asked)
    assert mode_of(tmp_path / "found.png") == "L"


def test_the_judge_reads_all_faces_as_the_training_did(run, real, top, tmp_path, monkeypatch):
    config = of_run(run)
    found = report.real_faces(config, None, n=20, size=32)
    keys = {picture.tobytes() for picture in real}
    keys |= {picture[:, ::-1].tobytes() for picture in real}
    learnt = found.learnt.at(np.arange(len(found.learnt)))
    for some in (found.reference, found.others, learnt):
        assert some.shape[1:] == (32, 32, 1)
        assert {picture.tobytes() for picture in some} <= keys
    monkeypatch.setattr(efficientnet, "load", lambda: blocks)
    row = report.judge(
        Judge(run=run, n=20, out=tmp_path / "judge.png"), Console(file=io.StringIO())
    )
    assert all(np.isfinite(value) for value in row.values())
    others = Judge(run=run, faces=top / "faces", n=20, out=tmp_path / "other.png")
    generated, _ = report._generated(others, SILENT)
    np.testing.assert_array_equal(generated, real[:20])


def blocks(images):
    """A stand-in for the network: means of blocks."""
    side = images.shape[1] // 4
    x = np.asarray(images, np.float64).reshape(len(images), 4, side, 4, side, -1) / 255.0
    return x.mean(axis=(2, 4)).reshape(len(x), -1)


def test_chapter_11s_evidence_is_of_the_same_pictures(run, real, monkeypatch):
    monkeypatch.setattr(evidence, "FEWEST", 1)
    proof = evidence.evidence(run, n=3, size=32)
    keys = {picture.tobytes() for picture in real}
    assert {picture.tobytes() for picture in proof.training} <= keys
    spoilt = evidence.spoilt(proof, seed=0)
    assert "colours off" not in spoilt
    assert not proof.drawn
    assert all(some.shape == (3, 32, 32, 1) for some in spoilt.values())


def test_figures_show_grey_as_grey():
    figure = face_plots.contact_sheet(np.full([2, 8, 8, 1], 100, np.uint8), columns=2)
    (image,) = figure.axes[0].images
    assert (np.asarray(image.get_array())[8, 8] == 100).all()
    assert image.get_array().shape[2] == 3


def test_chapter_10_names_a_grey_run_as_what_it_cannot_read(run):
    with pytest.raises(ValueError, match=r"Config: run must be a run in colours.*faces are grey"):
        ch10_latent_space.load_generator(ch10_latent_space.Config(run=run))


def test_watch_draws_grey_faces_and_finds_neighbours_among_what_was_read(run, real):
    found = drawing.find_neighbours(str(run), 3, 0)
    assert found.faces.shape == (3, 32, 32, 1)
    keys = {picture.tobytes() for picture in real}
    keys |= {picture[:, ::-1].tobytes() for picture in real}
    assert {picture.tobytes() for picture in found.nearest} <= keys
    assert page.data_address(sheets.sheet(found.faces)).startswith("data:image/png")


def test_it_is_packaged_with_its_form(run, tmp_path, monkeypatch):
    out = tmp_path / "own.npz"
    pretrained.main(pretrained.Config(run, out))
    monkeypatch.setattr(pretrained, "FILE", out)
    own = trained_generator.load()
    assert own.form == FORM
    assert own.sample(2).shape == (2, 32, 32, 1)


def test_a_page_shows_grey_faces(run, tmp_path):
    subject = build.load(run)
    generator = trained_generator.load(run)
    described = layers.describe(subject.network, 5)
    directions = sliders.of_activations(subject.network, 5, 2)
    file = tmp_path / "faces.html"
    file.write_text(build.document(Page(), subject, described, directions), encoding="utf-8")
    with browser.chromium() as driver:
        driver.get(file.as_uri())
        name, shown = driver.execute_script(
            "const context = document.getElementById('face').getContext('2d');"
            "const pixels = context.getImageData(0, 0, 32, 32).data;"
            "return [faces.state().id, Array.from(pixels)]"
        )
        assert browser.errors(driver) == []
    face = generator(avatars.latents([name], 5)).reshape(-1, 1).astype(int)
    pixels = np.array(shown).reshape(-1, 4)
    assert np.abs(pixels[:, :3] - face).max() <= 1
    assert (pixels[:, 3] == 255).all()


def test_of_grey_drawn_faces_no_factor_is_read_for_the_page(monkeypatch, tmp_path):
    config = Config(colours="grey", drawn=20)
    monkeypatch.setattr(build, "of_run", lambda run: config)
    monkeypatch.setattr(best, "best_generator", lambda run: None)
    assert not build.load(tmp_path).of_drawn_faces


@pytest.mark.usefixtures("without_output")
def test_a_resumed_run_has_the_same_bits(done, run, tmp_path):
    config = dataclasses.replace(of_run(run), epochs=2, run=tmp_path / "whole")
    whole, _ = training.train(config, SILENT)
    half = shutil.copytree(run, tmp_path / "half")
    resumed, _ = training.train(dataclasses.replace(config, run=None, resume=half), SILENT)
    came = resumed.state()
    for name, variable in whole.state().items():
        np.testing.assert_array_equal(came[name], variable, err_msg=name)


@pytest.mark.parametrize(
    "change", [{"not_square": "fit"}, {"background": "white"}, {"colours": "rgb"}]
)
def test_a_run_is_not_resumed_with_another_form(run, change):
    config = dataclasses.replace(of_run(run), resume=run, epochs=2, **change)
    with pytest.raises(ValueError, match=next(iter(change))):
        training.train(config, SILENT)
    assert json.loads((run / "config.json").read_text())["epochs"] == 1


def test_another_run_starts_from_it_with_its_colours_alone(run, tmp_path):
    config = dataclasses.replace(
        of_run(run), start_from=run, run=tmp_path / "new", colours="rgb", resume=None
    )
    with pytest.raises(ValueError, match=r"start_from must be a run of .* and colours"):
        training.train(config, SILENT)


def test_drawn_faces_are_made_grey_for_training_and_for_judging():
    config = Config(colours="grey", drawn=30, size=32, flip=False)
    images, learnt, _ = real_faces.divided_faces(config, SILENT)
    drawn = form.in_colours(drawn_faces.draw(range(30), size=32), "grey")
    np.testing.assert_array_equal(images, drawn)
    found = report.real_faces(config, None, n=5, size=32)
    np.testing.assert_array_equal(found.learnt.at(np.arange(len(learnt))), drawn[learnt])
    assert found.reference.shape == found.others.shape == (5, 32, 32, 1)


@pytest.mark.usefixtures("not_compiled")
def test_the_classifier_of_grey_labels_learns_from_grey_faces(monkeypatch):
    """And the judge asks for one where the run is grey."""
    model = factor_classifier.train_classifier(16, faces=64, steps=1, colours="grey")
    images, factors = factor_classifier.held_aside(4, size=16, colours="grey")
    assert images.shape == (4, 16, 16, 1)
    assert model.predict(images).keys() == factors.keys()
    with pytest.raises(ValueError, match=r"FactorClassifier: images must be of 1 channels"):
        model.predict(np.repeat(images, 3, axis=3))
    asked = []

    def train(*arguments, colours="rgb"):
        asked.append(colours)
        return model

    monkeypatch.setattr(factor_classifier, "train_classifier", train)
    monkeypatch.setattr(report, "of_run", lambda run: Config(colours="grey"))
    report.feature_network(Judge(run="run", features="factors"))
    report.feature_network(Judge(features="factors"))
    assert asked == ["grey", "rgb"]


def test_the_share_of_labels_is_read_off_grey_faces(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    changes = {"data": None, "drawn": 48, "batch_size": 16, "labels": "glasses,style"}
    monkeypatch.setattr(training, "_finish", lambda *_: True)
    training.train(Config(**{**TINY, **changes, "run": tmp_path / "run"}), SILENT)
    generator = trained_generator.load(tmp_path / "run")
    seen = []

    def read(images):
        seen.append(images.shape)
        return {name: np.zeros(len(images), int) for name in drawn_faces.FACTORS}

    found = label_share.shares(generator, n=6, read=read)
    assert seen == [(6, 32, 32, 1), (6, 32, 32, 1)]
    assert set(found) == {"glasses", "style"}


def test_features_see_grey_as_three_equal_channels():
    shape = [2, 16, 16, 1]
    grey = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    network = efficientnet.EfficientNetLite.__new__(efficientnet.EfficientNetLite)
    network._compiled = lambda x: tf.reduce_mean(x, axis=[1, 2])
    features = network(grey)
    np.testing.assert_array_equal(features, network(np.repeat(grey, 3, axis=3)))
    assert features.shape == (2, 3)
