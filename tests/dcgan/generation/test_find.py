"""python -m dcgan find: what it reads, what it writes, and what it says of wrong arguments."""

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tiny_faces
from PIL import Image

from dcgan.data.labels import LabelSet
from dcgan.data.pixels import to_uint8
from dcgan.generation import find, trained_generator
from dcgan.generation.find import Find
from dcgan.generation.walk import Walk, path_of_z
from gan_core.app import command_line

SIZE = 4


@pytest.fixture(autouse=True)
def generator(monkeypatch):
    """G(z) is a grey picture of the level z[0]."""

    def samples(z):
        return tf.tile(0.2 * z[:, None, None, :1], [1, SIZE, SIZE, 3])

    def function(z):
        return to_uint8(samples(z))

    made = trained_generator.Generator(function, 2, SIZE, "greys", samples=samples)
    monkeypatch.setattr(trained_generator, "load", lambda run, **_: made)
    return made


def run(*arguments):
    command_line.run(Find, find.find, "x", arguments=[str(part) for part in arguments])


def test_a_picture_is_found_and_its_z_written(tmp_path, generator, capsys):
    level = 127.5 + 127.5 * 0.2
    Image.new("RGB", (8, 8), (round(level),) * 3).save(tmp_path / "grey.png")
    out = tmp_path / "found.png"
    file = tmp_path / "found.npy"
    run("--image", tmp_path / "grey.png", "--out", out, "--z", file, "--steps", 100)
    z = np.load(file)
    assert z.shape == (1, 2)
    np.testing.assert_allclose(z[0, 0], 1.0, atol=0.03)
    sheet = np.asarray(Image.open(out))
    assert sheet.shape == (2 + 2 * SIZE + 2, 2 + SIZE + 2, 3)
    np.testing.assert_array_equal(sheet[2 : 2 + SIZE, 2:-2], round(level))
    said = capsys.readouterr().out
    assert "100 % have 30 dB or more" in said
    assert "picture" in said


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_and_a_device_which_may_never_end_are_refused(tmp_path, capsys, monkeypatch):
    def read(path):
        raise AssertionError(f"{path} was read")

    os.mkfifo(tmp_path / "pipe.png")
    monkeypatch.setattr(Path, "read_bytes", read)
    for file in (tmp_path / "pipe.png", Path("/dev/zero")):
        with pytest.raises(SystemExit):
            run("--image", file, "--out", tmp_path / "found.png")
        said = capsys.readouterr().err
        assert said.startswith("error: --image must be a file that can be read")
        assert said.endswith(f"got {file}: It is a device or a pipe, not a file.\n")


def test_a_seed_without_a_next_one_is_refused_at_once(capsys):
    with pytest.raises(SystemExit):
        run("--generated", "2", "--seed", 2**63 - 1)
    assert capsys.readouterr().err.startswith("error: --seed must be a whole number from")


def test_warnings_of_pillows_are_not_shown(tmp_path, monkeypatch, recwarn):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    Image.new("RGB", (12, 12)).save(tmp_path / "large.png")
    find.read((tmp_path / "large.png",), 8)
    assert not recwarn.list


def test_faces_of_its_own_are_other_ones_than_the_starts(generator, monkeypatch):
    names, pictures = find._pictures(Find(generated=3, seed=4), generator, {})
    assert len(names) == 3
    np.testing.assert_array_equal(pictures, generator.sample(3, seed=5))


@pytest.fixture
def asked(monkeypatch):
    """G(z, y) is a grey picture of the level z[0], the darker the higher the number of the hair."""
    known = LabelSet.of_rows(
        "drawn", {"hair": ("black", "blue"), "glasses": ("no", "yes")}, [[0, 0], [1, 1]]
    )

    def samples(z, labels):
        level = 0.2 * z[:, :1] - tf.cast(tf.convert_to_tensor(labels)[:, :1], tf.float32)
        return tf.tile(level[:, None, None, :], [1, SIZE, SIZE, 3])

    def function(z, labels):
        return to_uint8(samples(z, labels))

    made = trained_generator.Generator(function, 2, SIZE, "asked", known, samples)
    monkeypatch.setattr(trained_generator, "load", lambda run, **_: made)
    return made


@pytest.mark.parametrize(("hair", "wanted", "level"), [("black", 0.5, 0.1), ("blue", 1.5, -0.7)])
def test_with_a_label_the_z_of_that_label_is_found(hair, wanted, level, tmp_path, asked):
    grey = round(127.5 + 127.5 * level)
    Image.new("RGB", (8, 8), (grey,) * 3).save(tmp_path / "grey.png")
    labels = ["--label", f"hair={hair}", "--label", "glasses=no"]
    places = ["--out", tmp_path / "found.png", "--z", tmp_path / "found.npy"]
    run("--image", tmp_path / "grey.png", *labels, *places, "--steps", 100)
    np.testing.assert_allclose(np.load(tmp_path / "found.npy")[0, 0], wanted, atol=0.03)


def test_faces_of_its_own_have_the_label(asked):
    want = asked.asked(["hair=blue", "glasses=yes"])
    _, pictures = find._pictures(Find(generated=3, seed=4), asked, want)
    np.testing.assert_array_equal(pictures, asked.sample(3, 5, want))


def test_the_label_of_a_picture_is_found_and_shown_as_an_option(tmp_path, asked, capsys):
    """A level of -0.7 is out of reach of z with black hair: |z| may be at most 2.6."""
    Image.new("RGB", (8, 8), (round(127.5 - 127.5 * 0.7),) * 3).save(tmp_path / "dark.png")
    run("--image", tmp_path / "dark.png", "--out", tmp_path / "found.png", "--steps", 100)
    said = capsys.readouterr().out
    assert "dark.png: --label hair=blue --label glasses=" in said
    assert "100 % have 30 dB or more" in said


def test_a_value_that_is_given_stays(asked, tmp_path, capsys):
    Image.new("RGB", (8, 8), (round(127.5 - 127.5 * 0.7),) * 3).save(tmp_path / "dark.png")
    out = ["--out", tmp_path / "found.png", "--steps", 50]
    run("--image", tmp_path / "dark.png", "--label", "hair=black", *out)
    said = capsys.readouterr().out
    assert "dark.png: --label hair=black --label glasses=" in said
    assert " 0 % have 30 dB or more" in said


def test_an_unknown_value_is_one_line(asked, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        run("--generated", "2", "--label", "hair=pnik", "--out", tmp_path / "found.png")
    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert said.count("\n") == 1, said
    assert "one of the values of hair" in said


def test_the_label_is_not_told_to_whoever_gave_it(asked, tmp_path, capsys):
    labels = ["--label", "hair=black", "--label", "glasses=no"]
    run("--generated", "2", *labels, "--out", tmp_path / "found.png", "--steps", 2)
    assert "Label of" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("run_folder", "pictures", "command"),
    [
        (None, 2, "walk --z my.npy --label hair=black --label glasses=no"),
        ("a run", 1, "walk --run 'a run' --z my.npy --kind traverse --label hair=black"),
    ],
)
def test_the_walk_to_the_faces_that_were_found_is_one_command(
    run_folder, pictures, command, asked, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    options = ["--label", "hair=black", "--label", "glasses=no", "--steps", 2, "--z", "my.npy"]
    if run_folder is not None:
        options += ["--run", run_folder]
    run("--generated", pictures, *options)
    assert f"To walk there: python -m dcgan {command}" in capsys.readouterr().out


def test_a_label_that_was_found_can_be_copied_into_a_shell():
    values = ("dark, blonde", "x")
    known = LabelSet.of_rows("csv", {"hair colour": values, "eyes": ("x", "y")}, [[0, 0], [1, 1]])
    options = find._options(np.array([0, 1]), known)
    assert options == "--label 'hair colour=dark, blonde' --label eyes=y"


def test_walk_goes_between_rows_of_the_file(tmp_path, generator):
    rows = np.array([[1.0, 2.0], [0.5, -1.0], [3.0, 0.0]], np.float32)
    np.save(tmp_path / "z.npy", rows)
    path = path_of_z(Walk(z=tmp_path / "z.npy", first=2, second=1, steps=3), 2)
    np.testing.assert_array_equal(path[[0, -1]], rows[[2, 1]])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--image must be given, or generated, got neither"),
        (["--image", "a.png", "--generated", "2"], "got both"),
        (["--image", "no.png"], "no.png: No such file"),
        (["--image", "text.txt"], "image must be a picture, got"),
        (["--generated", "2", "--out", "x.jpg"], "--out must be a file whose name ends in .png"),
        (["--generated", "2", "--z", "x.npz"], "--z must be a file whose name ends in .npy"),
        (["--generated", "2", "--out", "there.png"], "there.png"),
        (["--generated", "2", "--starts", "0"], "--starts must be"),
    ],
)
def test_a_wrong_argument_is_one_line(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.txt").write_text("no picture")
    (tmp_path / "there.png").write_text("kept")
    with pytest.raises(SystemExit) as stopped:
        run(*arguments)
    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert said.count("\n") == 1, said
    assert words in said
    assert (tmp_path / "there.png").read_text() == "kept"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (np.zeros([2, 3]), r"z in .* must be \[n, 2\]"),
        (np.full([2, 2], np.nan), "z in"),
        (b"no array", "a .npy file of numbers"),
        (b"PK\3\4, and no zip", "a .npy file of numbers"),
    ],
)
def test_a_wrong_file_of_z_is_told(rows, words, tmp_path):
    file = tmp_path / "z.npy"
    if isinstance(rows, bytes):
        file.write_bytes(rows)
    else:
        np.save(file, rows)
    with pytest.raises(ValueError, match=words):
        path_of_z(Walk(z=file), 2)


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="there are no devices here")
def test_a_device_in_the_place_of_a_file_of_z_is_not_read(monkeypatch):
    monkeypatch.setattr(np.lib.format, "read_array", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(ValueError, match=r"^Walk: z must be .*It is a device or a pipe"):
        path_of_z(Walk(z=Path("/dev/zero")), 2)


def test_a_generator_without_gradients_is_refused(generator, monkeypatch, capsys):
    older = dataclasses.replace(generator, samples=None)
    monkeypatch.setattr(trained_generator, "load", lambda run, **_: older)
    with pytest.raises(SystemExit):
        run("--generated", "1")
    assert "that is differentiable" in capsys.readouterr().err


def test_truncation_multiplies_z():
    known = tiny_faces.known()
    z = known.z(5)
    half = known.truncated(0.5)
    np.testing.assert_array_equal(half(z), tiny_faces.colours(np.float32(0.5) * z))
    assert known.truncated(1.0) is known
    assert half.name == "known with truncation 0.5"
    for wrong in (0.0, -1.0, 1.5, float("nan")):
        with pytest.raises(ValueError, match="truncation must be"):
            known.truncated(wrong)
