"""How pictures that are not square, or transparent, are converted, and what happens to colours."""

import io

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from dcgan.data import faces, form, images
from dcgan.data.form import Form
from dcgan.drawn import drawn_faces

SILENT = Console(quiet=True)
FORMS = [
    Form(),
    Form("pad"),
    Form("fit"),
    Form("pad", "#102030"),
    Form(background="#102030"),
    Form(colours="grey"),
    Form("pad", "#102030", "grey"),
]
BLUE = "#1e90ff"
BLUE_NUMBERS = (0x1E, 0x90, 0xFF)


def png(array):
    out = io.BytesIO()
    Image.fromarray(array).save(out, "PNG")
    return out.getvalue()


def noise(height, width, channels=3, seed=0):
    shape = [height, width, channels]
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("upright", [False, True])
def test_pad_shows_the_whole_picture_between_bars_of_the_background(upright):
    whole = noise(8, 16)
    if upright:
        whole = np.ascontiguousarray(whole.transpose(1, 0, 2))
    made = images.decode(png(whole), 16, Form("pad", BLUE))
    if upright:
        made = made.transpose(1, 0, 2)
        whole = whole.transpose(1, 0, 2)
    np.testing.assert_array_equal(made[4:12], whole)
    assert (made[:4] == BLUE_NUMBERS).all()
    assert (made[12:] == BLUE_NUMBERS).all()


def test_pad_makes_a_picture_smaller_until_its_longer_side_fits():
    made = images.decode(png(np.zeros([20, 80, 3], np.uint8)), 16, Form("pad"))
    dark = (made == 0).all(axis=(1, 2))
    np.testing.assert_array_equal(np.flatnonzero(dark), [6, 7, 8, 9])


def test_a_very_narrow_picture_keeps_one_pixel():
    made = images.decode(png(np.zeros([1, 400, 3], np.uint8)), 16, Form("pad"))
    assert (made == 0).all(axis=(1, 2)).sum() == 1


def test_fit_squeezes_the_whole_picture():
    halves = np.zeros([10, 40, 3], np.uint8)
    halves[:, 20:] = 200
    made = images.decode(png(halves), 16, Form("fit"))
    np.testing.assert_array_equal(made[:, :5], 0)
    np.testing.assert_array_equal(made[:, 11:], 200)
    exact = noise(16, 16)
    np.testing.assert_array_equal(images.decode(png(exact), 16, Form("fit")), exact)


@pytest.mark.parametrize("made", FORMS, ids=str)
def test_a_square_opaque_picture_of_the_size_passes_but_for_its_colours(made):
    picture = noise(16, 16)
    want = form.in_colours(picture[np.newaxis], made.colours)[0]
    np.testing.assert_array_equal(images.decode(png(picture), 16, made), want)
    np.testing.assert_array_equal(images.from_array(picture, 16, made).pixels, want)


@pytest.mark.parametrize("not_square", ["crop", "pad", "fit"])
def test_what_is_transparent_lies_on_the_background(not_square):
    picture = noise(16, 16, 4)
    picture[:8, :, 3] = 0
    picture[8:, :, 3] = 255
    asked = Form(not_square, BLUE)
    for made in (images.decode(png(picture), 16, asked), images.from_array(picture, 16, asked)[0]):
        assert (made[:8] == BLUE_NUMBERS).all()
        np.testing.assert_array_equal(made[8:], picture[8:, :, :3])


def test_half_transparent_pixels_are_mixed_with_the_background():
    picture = np.full([16, 16, 4], 128, np.uint8)
    picture[..., :3] = 0
    made = images.decode(png(picture), 16, Form(background="#64c8ff"))
    assert np.abs(made.astype(int) - np.array([50, 100, 127])).max() <= 1


def test_the_transparent_grey_of_sixteen_bits_lies_on_the_background():
    grey = np.full([16, 16], 40_000, np.uint16)
    grey[:4] = 7
    out = io.BytesIO()
    Image.fromarray(grey).save(out, "PNG", transparency=7)
    made = images.decode(out.getvalue(), 16, Form(background=BLUE))
    assert (made[:4] == BLUE_NUMBERS).all()
    assert (made[4:] == made[5, 5, 0]).all()


def test_grey_is_pillows_luminance_to_the_bit():
    pictures = noise(64, 64).reshape(1, 64, 64, 3)
    want = np.asarray(Image.fromarray(pictures[0]).convert("L"))
    np.testing.assert_array_equal(form.in_colours(pictures, "grey")[0, :, :, 0], want)
    greys = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    np.testing.assert_array_equal(form.in_colours(np.repeat(greys, 3, axis=3), "grey"), greys)


def test_pictures_are_made_grey_a_few_at_a_time(monkeypatch):
    drawn = drawn_faces.draw(range(5), size=16)
    at_once = form.in_colours(drawn, "grey")
    monkeypatch.setattr(form, "AT_A_TIME", 2)
    np.testing.assert_array_equal(form.in_colours(drawn, "grey"), at_once)
    assert form.in_colours(drawn, "rgb") is drawn


@pytest.fixture
def folder(tmp_path):
    """A square picture, a wide and an upright one, and one that is transparent."""
    top = tmp_path / "faces"
    top.mkdir()
    shapes = {"a": (16, 16, 3), "b": (16, 40, 3), "c": (50, 20, 3), "d": (16, 16, 4)}
    for seed, (name, shape) in enumerate(shapes.items()):
        (top / f"{name}.png").write_bytes(png(noise(*shape, seed=seed)))
    return top


def load(folder, made, cache):
    return faces.load(folder, 16, form=made, cache=cache, console=SILENT)


@pytest.mark.parametrize("made", FORMS, ids=str)
def test_every_form_has_a_cache_of_its_own(folder, made, tmp_path):
    """Read after all others, from the cache, it is what it is without one."""
    cache = tmp_path / "cache"
    for other in FORMS:
        load(folder, other, cache)
    assert len(list(cache.iterdir())) == len(FORMS)
    kept = load(folder, made, cache)
    new = load(folder, made, None)
    np.testing.assert_array_equal(kept.images, new.images)
    assert kept.images.shape == (4, 16, 16, made.channels)
    assert kept.summary() == new.summary()
    assert len(list(cache.iterdir())) == len(FORMS)


def test_a_large_cache_of_grey_faces_is_a_window_on_one_channel(folder, tmp_path):
    grey = Form(colours="grey")
    load(folder, grey, tmp_path)
    found = faces.load(folder, 16, form=grey, cache=tmp_path, memory=0, console=SILENT)
    assert not found.in_memory
    np.testing.assert_array_equal(found.images, load(folder, grey, None).images)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (Form(), "4 faces of 16 x 16 pixels; not square: 2 pictures, cropped to the square"),
        (Form("pad", BLUE), "not square: 2 pictures, shown whole between bars of #1e90ff"),
        (Form("fit"), "not square: 2 pictures, squeezed to a square"),
        (Form(colours="grey"), "4 grey faces of 16 x 16 pixels"),
    ],
)
def test_it_is_said_how_many_were_not_square_and_what_was_done(folder, made, words, tmp_path):
    for cache in (None, tmp_path / "cache", tmp_path / "cache"):
        assert words in load(folder, made, cache).summary()


def test_only_pictures_that_were_not_square_are_told_of(folder, tmp_path):
    for name in ("b.png", "c.png"):
        (folder / name).unlink()
    assert "square" not in load(folder, Form(), None).summary()


def test_an_array_in_python_is_read_alike():
    wide = np.stack([noise(16, 40, seed=seed) for seed in range(3)])
    found = faces.load(wide, 16, form=Form("pad", BLUE, "grey"))
    assert found.not_square == 3
    assert found.images.shape == (3, 16, 16, 1)
    one = images.decode(png(wide[1]), 16, found.form)
    np.testing.assert_array_equal(found.images[1], one)


def test_a_padded_picture_is_enlarged_only_if_its_longer_side_is_too_short(tmp_path):
    for name, shape in {"low": (8, 40), "tiny": (8, 12)}.items():
        (tmp_path / f"{name}.png").write_bytes(png(noise(*shape)))
    assert load(tmp_path, Form("crop"), None).enlarged == 2
    assert load(tmp_path, Form("fit"), None).enlarged == 2
    assert load(tmp_path, Form("pad"), None).enlarged == 1


def test_a_form_lies_beside_a_generator(tmp_path):
    assert form.read(tmp_path) == Form()
    kept = Form("pad", "teal", "grey")
    (tmp_path / form.FILE).write_text(kept.to_json())
    assert form.read(tmp_path) == kept
    for damaged in ("{", "[]", '{"colours": "green"}', '{"size": 3}'):
        (tmp_path / form.FILE).write_text(damaged)
        with pytest.raises(ValueError, match=r"form.read: form.json must be as training wrote it"):
            form.read(tmp_path)
