"""python -m dcgan walk: the z of every kind of walk, and the strip that shows them."""

import numpy as np
import pytest
import tiny_faces
from PIL import Image

from dcgan.figures import sheets
from dcgan.generation import trained_generator, walk
from dcgan.generation.walk import Walk, path_of_z
from dcgan.latent import space
from gan_core.app import command_line


@pytest.fixture(autouse=True)
def generator(monkeypatch):
    known = tiny_faces.known(latent_dim=20)
    monkeypatch.setattr(trained_generator, "load", lambda run, **_: known)
    return known


def test_the_paths_between_samples_join_faces_of_generate(generator):
    z = generator.z(300, seed=3)
    for kind in ("slerp", "lerp"):
        path = path_of_z(Walk(kind, steps=5, seed=3, first=2, second=299), 20)
        np.testing.assert_array_equal(path[[0, -1]], z[[2, 299]])
        np.testing.assert_array_equal(path[2], getattr(space, kind)(z[2], z[299], 0.5))


def test_the_labs_walks():
    np.testing.assert_allclose(
        path_of_z(Walk("ray", steps=5), 20), np.outer([1.0, 0.5, 0.0, -0.5, -1.0], np.ones(20))
    )
    switch = path_of_z(Walk("switch", steps=3), 20)
    assert [(row == -1.0).sum() for row in switch] == [0, 10, 20]
    assert [(row == 1.0).sum() for row in switch] == [20, 10, 0]
    fix = path_of_z(Walk("fix", steps=4), 20)
    assert (fix[:, :7] == 1.0).all()
    assert len(np.unique(fix[:, 7:])) == 4 * 13


@pytest.mark.parametrize("keep_norm", [False, True])
def test_a_traversal_changes_one_number_of_a_sample(generator, keep_norm):
    z = generator.z(2)[1]
    path = path_of_z(
        Walk("traverse", steps=5, first=1, coordinate=4, span=2.0, keep_norm=keep_norm), 20
    )
    np.testing.assert_allclose(path[:, 4], [-2.0, -1.0, 0.0, 1.0, 2.0], atol=1e-6)
    if keep_norm:
        np.testing.assert_allclose(space.norms(path), space.norms(z), rtol=1e-5)
    else:
        np.testing.assert_allclose(np.delete(path, 4, 1), np.tile(np.delete(z, 4), [5, 1]))


def test_a_span_that_is_longer_than_z_is_told_as_the_option(generator):
    with pytest.raises(ValueError, match=r"^Walk: span must be of size at most \|z\| = .*, got 50"):
        path_of_z(Walk("traverse", span=50.0, keep_norm=True), 20)


def test_the_strip_shows_the_faces_in_order_and_a_norm_below_each(tmp_path, generator, capsys):
    command_line.run(
        Walk,
        walk.walk,
        "x",
        arguments=[
            "--kind",
            "ray",
            "--steps",
            "3",
            "--columns",
            "2",
            "--out",
            str(tmp_path / "new" / "w.png"),
        ],
    )
    strip = np.asarray(Image.open(tmp_path / "new" / "w.png"))
    faces = tiny_faces.colours(path_of_z(Walk("ray", steps=3), 20))  # 4 pixels, doubled
    side = 8
    gap = 2
    assert strip.shape == (2 * (side + walk.LABEL + gap) + gap, 2 * (side + gap) + gap, 3)
    for i, face in enumerate(faces):
        top = gap + i // 2 * (side + walk.LABEL + gap)
        left = gap + i % 2 * (side + gap)
        np.testing.assert_array_equal(
            strip[top : top + side, left : left + side], np.kron(face, np.ones([2, 2, 1]))
        )
        assert strip[top + side : top + side + walk.LABEL, left : left + side].min() < 128  # ink
    said = capsys.readouterr().out
    assert (
        "ray: 3 faces by known; ||z|| from 0.0 to 4.5; samples of the prior have 4.4 ± 0.7. Wrote"
        in said
    )


def test_labels_differ_as_the_texts_do():
    images = np.zeros([3, 96, 96, 3], np.uint8)
    sheet = walk.labelled(images, ["10.0", "4.0", "10.0"], columns=3)
    first, second, third = (sheet[98:, 2 + 98 * i : 98 + 98 * i] for i in range(3))
    np.testing.assert_array_equal(first, third)
    assert not np.array_equal(first, second)


def test_a_frame_of_the_gif_is_drawn_when_it_is_asked_for(tmp_path, monkeypatch):
    """So the frames of a long walk are never all in memory; the file is as of a list of them."""
    frames = []
    monkeypatch.setattr(sheets, "save_gif", lambda given, path: frames.append(given) or path)
    walk.walk(Walk("ray", steps=4, out=tmp_path / "w.png", gif=tmp_path / "w.gif"))
    monkeypatch.undo()
    (given,) = frames
    drawn = []
    original = walk.labelled
    monkeypatch.setattr(walk, "labelled", lambda *a: drawn.append(1) or original(*a))
    assert len(given) == 6
    assert not drawn
    whole = list(given)
    assert len(drawn) == 6
    assert [int(frame[5, 5, 0]) for frame in whole[4:]] == [
        int(frame[5, 5, 0]) for frame in (whole[2], whole[1])
    ]
    streamed = sheets.save_gif(given, tmp_path / "a.gif").read_bytes()
    assert streamed == sheets.save_gif(whole, tmp_path / "b.gif").read_bytes()


def test_the_gif_goes_there_and_back(tmp_path):
    walk.walk(Walk("ray", steps=4, out=tmp_path / "w.png", gif=tmp_path / "w.gif"))
    with Image.open(tmp_path / "w.gif") as gif:
        assert gif.n_frames == 6  # 0 1 2 3 2 1
        frames = []
        for i in range(6):
            gif.seek(i)
            frames.append(np.asarray(gif.convert("RGB"))[5, 5].astype(int))
    faces = tiny_faces.colours(path_of_z(Walk("ray", steps=4), 20))[:, 0, 0].astype(int)
    assert np.abs(np.array(frames) - faces[[0, 1, 2, 3, 2, 1]]).max() <= 8


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--kind", "moonwalk"], "moonwalk"),
        (["--steps", "1"], "--steps must be a whole number from 2 to 10000, got 1."),
        (["--span", "0"], "--span must be"),
        (["--first", "-1"], "--first must be"),
        (
            ["--kind", "traverse", "--coordinate", "20"],
            "--coordinate must be a whole number from 0 to 19, got 20.",
        ),
        (["--out", "w.jpg"], "--out must be a file whose name ends in .png, got w.jpg"),
        (["--gif", "w.png"], "--gif must be"),
        (
            ["--coordinate", "3"],
            "--coordinate must be left out with kind slerp, which does not use it, got 3. Choose "
            "kind traverse, or leave it out.",
        ),
        (["--kind", "ray", "--z", "me.npy"], "Choose kind slerp or lerp or traverse, or leave"),
        (["--kind", "traverse", "--second", "2"], "--second must be left out with kind traverse"),
        (["--keep-norm"], "--keep-norm must be left out with kind slerp"),
        (
            ["--kind", "traverse", "--span", "9", "--keep-norm"],
            "--span must be of size at most |z|",
        ),
    ],
)
def test_a_bad_value_is_one_line_and_exit_2(arguments, words, capsys):
    with pytest.raises(SystemExit) as end:
        command_line.run(Walk, walk.walk, "x", arguments=arguments)
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
