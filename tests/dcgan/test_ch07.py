"""Chapter 7: it counts what it says it counts, on faces that it draws and on files that it
finds.
"""

import chapters
import numpy as np
import pytest
from PIL import Image

from dcgan import ch07_faces as chapter
from dcgan.drawn import drawn_faces
from gan_core import metrics

pytestmark = pytest.mark.slow

MODULE = "dcgan.ch07_faces"


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return chapter.Config(count=200, size=32, batch=64, out=tmp_path_factory.mktemp("ch07"))


@pytest.fixture(scope="module")
def drawn(config):
    return chapter.get(config).images


def test_importing_only_defines():
    assert chapters.work_at_import(MODULE) == []


def test_its_cells_are_those_of_a_notebook():
    assert chapters.faults_of_form(MODULE) == []


def test_runs_as_a_script_on_a_folder_and_draws(monkeypatch, tmp_path, capsys):
    """130 pictures and a file that is none."""
    (tmp_path / "data").mkdir()
    for i, face in enumerate(drawn_faces.draw(np.arange(130), seed=5, size=32)):
        Image.fromarray(face).save(tmp_path / "data" / f"{i:03}.png")
    (tmp_path / "data" / "000 copy.png").write_bytes((tmp_path / "data" / "000.png").read_bytes())
    (tmp_path / "data" / "notes.txt").write_text("")
    chapters.run_as_script(
        MODULE,
        monkeypatch,
        "--data",
        str(tmp_path / "data"),
        "--size",
        "32",
        "--cache",
        str(tmp_path / "cache"),
        "--out",
        str(tmp_path / "out"),
    )
    assert {file.name for file in (tmp_path / "out").iterdir()} == {
        "untidy_folder.png",
        "sheet.png",
        "stretched.png",
        "planted.png",
        "mean_face.png",
        "pairs.png",
        "factors.png",
        "slices.png",
        "floors.png",
    }
    said = " ".join(capsys.readouterr().out.split())
    captions = [f"Table 7.{i}." for i in range(1, 10)] + [f"Figure 7.{i}." for i in range(1, 9)]
    for words in (
        "131 faces of 32 x 32 pixels; passed over: 1 empty file",
        "7 faces of 32 x 32 pixels; not square: 1 picture, cropped to the square at the centre; "
        "passed over: "
        "1 broken picture, 1 empty file, 2 other files, 1 too large file",
        "131 1 3",  # faces, full batches, faces left over
        "yours drawn",
        *captions,
    ):
        assert words in said


@pytest.mark.parametrize(
    ("flag", "value", "words"),
    [
        ("--size", "48", "size must be one of 32, 64, 96, 128, got 48"),
        ("--count", "10", "count must be a whole number from 100"),
        ("--batch", "1", "batch must be"),
        ("--seed", "-1", "seed must be"),
        ("--data", "nowhere", "nowhere, which does not exist"),
    ],
)
def test_a_bad_value_is_one_line_and_exit_2(flag, value, words, monkeypatch, capsys):
    assert words in chapters.line_of_exit_2(MODULE, monkeypatch, capsys, flag, value)


def test_too_few_faces_are_one_line_and_exit_2(monkeypatch, capsys, tmp_path):
    Image.new("RGB", (40, 40)).save(tmp_path / "one.png")
    said = chapters.line_of_exit_2(
        MODULE, monkeypatch, capsys, "--data", str(tmp_path), "--cache", str(tmp_path / "c")
    )
    assert "--data must be at least 128 usable pictures, got 1." in said


def test_the_untidy_folder_gives_seven_upright_faces_and_five_reasons(config):
    found = chapter.read_untidy_folder(config)
    assert found.images.shape == (7, 32, 32, 3)
    why = dict(found.skipped)
    assert why.keys() == {"bomb.png", "cut off.png", "empty.png", "not found.jpg", "notes.txt"}
    assert "9000 x 9000" in why["bomb.png"]
    assert "truncated" in why["cut off.png"]
    plain = np.float32(
        [
            np.asarray(Image.fromarray(face).resize((32, 32), Image.Resampling.LANCZOS))
            for face in drawn_faces.draw(np.arange(7), seed=config.seed, size=64)
        ]
    )
    differences = np.abs(found.images - plain).mean(axis=(1, 2, 3))
    assert (
        differences[[0, 1, 5, 6]].max() < 8.0
    )  # JPEG, PNG, the middle of a wide picture, turned upright again
    np.testing.assert_array_equal(found.images[2, :, :, 0], found.images[2, :, :, 2])
    assert differences[3] < 16.0  # 32 colours are left
    assert (
        found.images[4, [0, 0, -1, -1], [0, -1, 0, -1]] == 255
    ).all()  # transparent corners become white
    assert np.abs(found.images[4] - plain[4])[12:20, 12:20].max() < 8.0


def test_showing_by_one_scale_changes_nothing_and_stretching_hides_a_lost_contrast(config, drawn):
    measured = chapter.measure_scales(drawn)
    there_and_back, stretched, worst, contrast, dim, dim_stretched = measured.values()
    assert there_and_back == 0.0
    assert 0.0 <= stretched <= worst
    assert dim == pytest.approx(contrast / 4.0, rel=0.02)
    assert dim_stretched > 0.9 * contrast


def test_five_pictures_cost_five(drawn):
    everything, five, kept = chapter.measure_memory(drawn).values()
    assert kept == 200 * 32 * 32 * 3
    assert 4 * kept <= everything < 9 * kept
    assert five < 12 * kept * 5 / 200 + 10_000


def test_every_face_is_seen_about_equally_often(config):
    views = chapter.count_views(config, 300, epochs=10)  # 4 batches of 64 an epoch, 44 left over
    assert views.sum() == 10 * 4 * 64
    assert len(views) == 300
    assert views.max() <= 10
    assert views.min() >= 4  # always the same 44 left over would be 0


def test_copies_are_found(drawn):
    before, planted, _ = chapter.find_faults(drawn)
    assert planted["compressed"] >= 98
    assert planted["brighter"] >= 98
    after, _, _ = chapter.find_faults(np.concatenate([drawn, drawn[[7]]]))
    assert after[0] == (7, 200, 0.0)  # the most alike of all
    assert len(before) < 10  # different faces may look alike, but few of these 19,900 pairs do


def test_thumbnails_are_found_in_pictures_of_64_pixels():
    u = drawn_faces.draw(np.arange(200), seed=0, size=64)
    _, planted, without_detail = chapter.find_faults(u)
    assert planted["thumbnails"] >= 90
    assert without_detail == 0


def test_detail_is_the_sd_of_what_halving_loses():
    rough = np.zeros([1, 32, 32, 3], np.uint8)
    rough[:, ::2, ::2] = 255
    rough[:, 1::2, 1::2] = 255  # a checkerboard: its halved copy is grey
    flat = np.full([1, 32, 32, 3], 128, np.uint8)
    np.testing.assert_allclose(
        chapter.detail(np.concatenate([rough, flat])), [127.5, 0.0], atol=0.5
    )


def test_one_row_a_factor_and_only_that_factor_changes(config):
    rows = chapter.one_factor_at_a_time(config)
    assert len(rows) == len(drawn_faces.FACTORS)
    (face,) = drawn_faces.draw(np.array([8]), seed=config.seed, size=32)
    for factor, row in rows.items():
        assert len(row) == len(drawn_faces.FACTORS[factor.replace(" ", "_")])
        assert any(np.array_equal(face, other) for other in row), (
            factor
        )  # its own value is among them


def test_two_clouds_agree_along_an_axis_alone():
    """Along the diagonal the sds are sqrt(1.9) and sqrt(0.1); W1 of N(0, s^2) and N(0, t^2) is
    sqrt(2 / pi) |s - t|.
    """
    x, y = chapter.two_clouds(0)
    diagonal = np.array([1.0, 1.0]) / np.sqrt(2.0)
    expected = np.sqrt(2.0 / np.pi) * (np.sqrt(1.9) - np.sqrt(0.1))
    assert metrics.wasserstein_1(x[:, 0], y[:, 0]) < 0.1
    assert metrics.wasserstein_1(x @ diagonal, y @ diagonal) == pytest.approx(expected, abs=0.1)


def test_each_fault_shows_where_the_chapter_says(config):
    faces = chapter.get(chapter.Config(count=600, size=64)).images
    found = chapter.measure_faults(config, faces)
    floor, blurred, darker, ten_faces = found.values()
    assert blurred[64] > 4.0 * floor[64]
    assert blurred[16] < 1.1 * floor[16]
    assert darker[64] < 1.1 * floor[64]
    assert darker["whole"] > 2.0 * floor["whole"]
    assert ten_faces[64] < 1.5 * floor[64]
    assert ten_faces["whole"] > 2.0 * floor["whole"]


def test_the_floor_shrinks_like_one_over_root_n(config, drawn):
    sizes, floors = chapter.measure_floors(config, drawn)
    assert sizes == [12, 25, 50, 100]
    scaled = floors.mean(axis=1) * np.sqrt(sizes)
    np.testing.assert_allclose(scaled / scaled.mean(), 1.0, atol=0.25)


def test_drawn_faces_are_as_near_to_drawn_ones_as_chance_allows(config, drawn):
    found = chapter.compare(config, drawn)
    within, between = found.pop("distance of patches")
    assert between < 1.5 * within
    assert 0.0 < found["MS-SSIM of pairs"][0] < 1.0
    assert found["red"][0] == pytest.approx(found["red"][1], abs=10.0)
