"""Chapter 7: it counts what it says it counts, on faces that it draws and on files that it
finds.
"""

import chapters
import numpy as np
import pytest
from PIL import Image

from dcgan import ch07_faces as chapter
from dcgan.drawn import drawn_faces

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
        "mean_face.png",
        "pairs.png",
        "factors.png",
    }
    said = " ".join(capsys.readouterr().out.split())
    for words in (
        "131 faces of 32 x 32 pixels; passed over: 1 empty file",
        "an untidy folder: 7 faces of 32 x 32 pixels",
        "passed over: 1 broken picture, 1 empty file, 2 other files, 1 too large file",
        "1 full ones an epoch, 3 faces left over",
        "yours ┃ drawn",
    ):
        assert words in said


@pytest.mark.parametrize(
    ("flag", "value", "words"),
    [
        ("--size", "48", "size must be one of 32, 64, 128, got 48"),
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
    there_and_back, stretched, worst, contrast, dim, dim_stretched = chapter.look(
        config, drawn
    ).values()
    assert there_and_back == 0.0
    assert 0.0 <= stretched <= worst
    assert dim == pytest.approx(contrast / 4.0, rel=0.02)
    assert dim_stretched > 0.9 * contrast


def test_five_pictures_cost_five(drawn):
    everything, five, kept = chapter.hold(drawn).values()
    assert kept == 200 * 32 * 32 * 3
    assert 4 * kept <= everything < 9 * kept
    assert five < 12 * kept * 5 / 200 + 10_000


def test_every_face_is_seen_about_equally_often(config):
    times = chapter.batches(config, 300, epochs=10)  # 4 batches of 64 an epoch, 44 faces left over
    assert times.sum() == 10 * 4 * 64
    assert len(times) == 300
    assert times.max() <= 10
    assert times.min() >= 4  # always the same 44 left over would be 0


def test_copies_are_found(config, drawn):
    before, found = chapter.check(config, drawn)
    assert found["compressed"] >= 98
    assert found["brighter"] >= 98
    after, _ = chapter.check(config, np.concatenate([drawn, drawn[[7]]]))
    assert after[0] == (7, 200, 0.0)  # the most alike of all
    assert len(before) < 10  # different faces may look alike, but few of these 19,900 pairs do


def test_one_row_a_factor_and_only_that_factor_changes(config):
    rows = chapter.one_factor_at_a_time(config)
    assert len(rows) == len(drawn_faces.FACTORS)
    (face,) = drawn_faces.draw(np.array([8]), seed=config.seed, size=32)
    for factor, row in rows.items():
        assert len(row) == len(drawn_faces.FACTORS[factor.replace(" ", "_")])
        assert any(np.array_equal(face, other) for other in row), (
            factor
        )  # its own value is among them


def test_drawn_faces_are_as_near_to_drawn_ones_as_chance_allows(config, drawn):
    found = chapter.compare(config, drawn)
    within, between = found.pop("distance")
    assert between < 1.5 * within
    assert 0.0 < found["MS-SSIM of pairs"][0] < 1.0
    assert found["red"][0] == pytest.approx(found["red"][1], abs=10.0)


def test_solution_1_four_times():
    assert chapter.solution_1() == pytest.approx(4.0)


def test_solution_2_finds_symmetric_faces_and_mirrored_ones(drawn):
    some = drawn[:50].copy()
    some[3, :, 16:] = some[3, :, 15::-1]
    some[7] = some[20, :, ::-1]
    alone, together = chapter.solution_2(some)
    before = chapter.solution_2(drawn[:50])
    assert 3 in alone
    assert (7, 20) in together
    assert (7, 20) not in before[1]


def test_solution_3_every_eighth_pixel_invents_broad_stripes():
    sliced, decoded = chapter.solution_3()
    assert sliced.shape == decoded.shape == (64, 64)
    assert set(np.unique(sliced)) == {0, 255}
    assert np.count_nonzero(np.diff(sliced[0].astype(int))) < 20  # of the 113 edges there are
    assert decoded[:, 2:-2].std() < 0.2 * sliced.std()
