"""A folder or a zip -> one array: what is read, what is passed over, the cache, the errors."""

import io
import json
import os
import time
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from dcgan.data import faces, images, sources

SILENT = Console(quiet=True)


def picture(i, size=16):
    return np.random.default_rng(i).integers(0, 256, [size, size, 3], dtype=np.uint8)


def png(i, size=16):
    out = io.BytesIO()
    Image.fromarray(picture(i, size)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def folder(tmp_path):
    """Five pictures on two levels, and four files that are none."""
    top = tmp_path / "faces"
    (top / "deep" / "er").mkdir(parents=True)
    for i, name in enumerate(["a.png", "b.PNG", "deep/c.png", "deep/er/d.png", "without_ending"]):
        (top / name).write_bytes(png(i))
    (top / "notes.txt").write_text("not a face")
    (top / "deep" / "empty.jpg").write_bytes(b"")
    (top / "cut.png").write_bytes(png(9)[:200])
    (top / "link.png").symlink_to(top / "nowhere.png")
    return top


def load(source, tmp_path, **options):
    return faces.load(source, 16, cache=tmp_path / "cache", console=SILENT, **options)


def test_all_pictures_below_a_folder_in_the_order_of_their_names(folder, tmp_path):
    got = load(folder, tmp_path)
    assert got.names == ["a.png", "b.PNG", "deep/c.png", "deep/er/d.png", "without_ending"]
    assert got.images.dtype == np.uint8
    np.testing.assert_array_equal(got.images, np.stack([picture(i) for i in range(5)]))
    assert got.in_memory


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_the_number_of_threads_changes_nothing(folder, tmp_path, monkeypatch, kind):
    """JPEGs of several sizes among broken ones: pixels, order and what is told of each file."""
    for i in range(40):
        side = 24 + 40 * (i % 3)
        Image.fromarray(picture(i, side)).save(folder / f"photo_{i:02d}.jpg", quality=80)
    source = folder
    if kind == "zip":
        source = tmp_path / "faces.zip"
        with zipfile.ZipFile(source, "w") as archive:
            for file in sorted(folder.rglob("*")):
                if file.is_file():
                    archive.write(file, file.relative_to(folder))
    found = []
    for threads in (1, 2, 7):
        monkeypatch.setattr(os, "cpu_count", lambda threads=threads: threads)
        found.append(faces.load(source, 16, cache=None, console=SILENT))
    for one in found[1:]:
        np.testing.assert_array_equal(one.images, found[0].images)
        assert one.names == found[0].names
        assert one.skipped == found[0].skipped
        assert one.summary() == found[0].summary()
    assert len(found[0].names) == 45
    assert "deep/empty.jpg" in dict(found[0].skipped)


def test_pictures_that_an_older_pillow_could_not_read_are_read_by_a_newer_one(
    folder, tmp_path, monkeypatch
):
    """The older one says of AVIF: pip install -U pillow."""
    Image.fromarray(picture(5)).save(folder / "new.webp")
    with monkeypatch.context() as older:
        older.setattr(images, "formats", lambda: ("PNG", "JPEG"))
        assert "new.webp" in dict(load(folder, tmp_path).skipped)
    assert "new.webp" in load(folder, tmp_path).names


def test_the_checksum_is_that_of_all_pixels_wherever_they_are(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(faces, "AT_A_TIME", 2)
    pixels = b"".join(picture(i).tobytes() for i in range(5))
    want = f"{zlib.crc32(pixels):08x}"
    assert load(folder, tmp_path).checksum() == load(folder, tmp_path, memory=0).checksum() == want
    (folder / "deep" / "c.png").write_bytes(png(77))
    assert load(folder, tmp_path).checksum() != want


def test_what_was_passed_over_is_named_with_its_reason(folder, tmp_path):
    got = load(folder, tmp_path)
    told = dict(got.skipped)
    assert set(told) == {"notes.txt", "deep/empty.jpg", "cut.png", "link.png"}
    assert told["deep/empty.jpg"] == "empty file"
    assert told["notes.txt"].startswith("not an image")
    assert told["cut.png"].startswith("broken")
    assert told["link.png"].startswith("cannot be read")
    got.write_skipped(tmp_path / "skipped.txt")
    assert sorted((tmp_path / "skipped.txt").read_text().splitlines()) == sorted(
        f"{a}\t{b}" for a, b in got.skipped
    )


def test_pictures_smaller_than_asked_for_are_counted_also_the_second_time(folder, tmp_path):
    """By their shorter side, as the square at the centre is what counts;
    of this size is not smaller.
    """
    assert load(folder, tmp_path).enlarged == 0
    for name, (width, height) in {
        "low.png": (40, 15),
        "narrow.jpg": (15, 40),
        "exact.png": (16, 40),
    }.items():
        Image.new("RGB", (width, height)).save(folder / name)
    assert load(folder, tmp_path).enlarged == load(folder, tmp_path).enlarged == 2


def test_a_zip_gives_the_same_as_its_folder(folder, tmp_path):
    with zipfile.ZipFile(tmp_path / "faces.zip", "w") as archive:
        for file in folder.rglob("*"):
            if file.is_file():
                archive.write(file, file.relative_to(folder))
    a = load(folder, tmp_path)
    b = load(tmp_path / "faces.zip", tmp_path)
    assert a.names == b.names
    np.testing.assert_array_equal(a.images, b.images)
    assert {name for name, _ in a.skipped} - {"link.png"} == {name for name, _ in b.skipped}


def test_the_second_time_nothing_is_decoded(folder, tmp_path, monkeypatch):
    first = load(folder, tmp_path)
    monkeypatch.setattr(faces.one_image, "read", lambda *_: pytest.fail("decoded again"))
    second = load(folder, tmp_path)
    np.testing.assert_array_equal(first.images, second.images)
    assert (first.names, first.skipped) == (second.names, second.skipped)


@pytest.mark.parametrize(
    "change",
    ["new file", "other content", "other content, same date", "removed", "other size asked"],
)
def test_a_change_of_the_folder_is_seen(folder, tmp_path, change):
    before = load(folder, tmp_path)
    if change == "new file":
        (folder / "e.png").write_bytes(png(77))
    elif change == "other content":
        (folder / "a.png").write_bytes(png(77))
        os.utime(folder / "a.png", ns=(1, 1))
    elif change == "other content, same date":  # as exiftool -P leaves a picture that it turned
        times = (folder / "a.png").stat()
        (folder / "a.png").write_bytes(png(77))
        assert (folder / "a.png").stat().st_size == times.st_size
        os.utime(folder / "a.png", ns=(times.st_atime_ns, times.st_mtime_ns))
    elif change == "removed":
        (folder / "a.png").unlink()
    size = 8 if change == "other size asked" else 16
    after = faces.load(folder, size, cache=tmp_path / "cache", console=SILENT)
    assert after.images.shape != before.images.shape or not np.array_equal(
        after.images, before.images
    )


def test_larger_than_the_memory_allows_it_stays_in_its_file(folder, tmp_path):
    small = load(folder, tmp_path)
    large = load(folder, tmp_path, memory=100)
    assert isinstance(large.images, np.memmap)
    assert not large.in_memory
    np.testing.assert_array_equal(small.images, large.images)


def test_free_memory_is_that_of_the_container_where_there_is_one(tmp_path):
    assert faces.free_memory(tmp_path) == 4e9  # a system that tells nothing
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "meminfo").write_text(
        "MemTotal:  9000 kB\nMemAvailable:  8000 kB\nHugePages_Total:  0\n"
    )
    assert faces.free_memory(tmp_path) == 8000 * 1024
    group = tmp_path / "sys" / "fs" / "cgroup"
    group.mkdir(parents=True)
    (group / "memory.current").write_text("700000\n")
    (group / "memory.stat").write_text("anon 300000\ninactive_file 200000\n")
    for limit, free in (("max", 8000 * 1024), ("1000000", 500_000), ("9" * 15, 8000 * 1024)):
        (group / "memory.max").write_text(f"{limit}\n")
        assert faces.free_memory(tmp_path) == free


def test_a_killed_decoding_leaves_no_cache(folder, tmp_path, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(faces.one_image, "read", killed)
        with pytest.raises(KeyboardInterrupt):
            load(folder, tmp_path)
    assert list((tmp_path / "cache").iterdir()) == []
    assert len(load(folder, tmp_path).images) == 5


def test_damaged_entries_of_a_zip_are_passed_over(tmp_path):
    path = tmp_path / "some.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.png", png(0))
        archive.writestr("b.png", png(1))
    data = bytearray(path.read_bytes())
    data[data.index(b"b.png") + 300] ^= 0xFF  # inside b's bytes: its checksum is wrong now
    path.write_bytes(bytes(data))
    got = load(path, tmp_path)
    assert got.names == ["a.png"]
    assert [name for name, _ in got.skipped] == ["b.png"]
    assert "broken" in got.skipped[0][1]


def encrypted_zip(path):
    """A zip whose entry says that it is encrypted."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", png(0))
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(data))


def test_errors_are_one_line_each(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "useless").mkdir()
    (tmp_path / "useless" / "a.txt").write_text("x")
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 and no more")
    encrypted_zip(tmp_path / "locked.zip")
    for name, words in (
        ("missing", "does not exist"),
        ("empty", "which is empty"),
        ("broken.zip", "is broken"),
        ("useless", "none of the 1 files"),
        ("locked.zip", "a zip that is encrypted"),
    ):
        with pytest.raises(ValueError, match=words) as told:
            load(tmp_path / name, tmp_path)
        assert "\n" not in str(told.value)
        assert name in str(told.value)


def test_caches_of_killed_processes_are_removed_and_those_of_live_ones_kept(folder, tmp_path):
    for name, age in (("killed", 2 * faces.DAY), ("live", 0.0)):
        unfinished = tmp_path / "cache" / f"{faces.UNFINISHED}{name}"
        unfinished.mkdir(parents=True)
        (unfinished / "images.uint8").write_bytes(b"half")
        old = time.time() - 2 * faces.DAY
        os.utime(unfinished, (old, old))
        os.utime(unfinished / "images.uint8", (time.time() - age,) * 2)
    load(folder, tmp_path)
    left = [one.name for one in (tmp_path / "cache").glob(f"{faces.UNFINISHED}*")]
    assert left == [f"{faces.UNFINISHED}live"]


def test_without_a_cache_that_can_be_written_the_faces_are_read_and_it_is_told(folder, tmp_path):
    (tmp_path / "file").write_text("in the way")
    said = Console(file=io.StringIO(), width=300)
    got = faces.load(folder, 16, cache=tmp_path / "file" / "cache", console=said)
    want = load(folder, tmp_path)
    np.testing.assert_array_equal(got.images, want.images)
    assert (got.names, got.skipped) == (want.names, want.skipped)
    lines = said.file.getvalue().splitlines()
    assert len(lines) == 1
    assert "cannot be written (Not a directory): going on without" in lines[0]


def test_a_disk_that_fills_up_while_the_cache_is_written_costs_the_cache_alone(
    folder, tmp_path, monkeypatch
):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    said = Console(file=io.StringIO(), width=300)
    got = faces.load(folder, 16, cache=tmp_path / "cache", console=said)
    assert len(got.images) == 5
    assert "No space left on device" in said.file.getvalue()
    assert list((tmp_path / "cache").iterdir()) == []


def test_without_a_cache_nothing_is_written_and_too_little_memory_is_told(folder, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    got = faces.load(folder, 16, cache=None, console=SILENT)
    np.testing.assert_array_equal(got.images, np.stack([picture(i) for i in range(5)]))
    assert sorted(tmp_path.rglob("*")) == before
    with pytest.raises(ValueError, match=r"need more than the .* GB of memory"):
        faces.load(folder, 16, cache=None, memory=1000, console=SILENT)


def test_names_of_any_bytes_fit_on_a_line(tmp_path):
    kept = faces.Faces(np.zeros([1, 8, 8, 3], np.uint8), ["x"], [("new\nline\udcff", "why")])
    kept.write_skipped(tmp_path / "s.txt")
    assert (tmp_path / "s.txt").read_text() == "new\\nline\\udcff\twhy\n"


def test_the_list_of_skipped_files_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    kept = faces.Faces(np.zeros([1, 8, 8, 3], np.uint8), ["x"], [("a", "a reason")])
    (tmp_path / "s.txt").write_text("before")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ValueError, match=r"s\.txt cannot be written: No space left"):
        kept.write_skipped(tmp_path / "s.txt")
    assert (tmp_path / "s.txt").read_text() == "before"


def test_the_index_is_plain_json(folder, tmp_path):
    load(folder, tmp_path)
    (index,) = (tmp_path / "cache").glob("*/index.json")
    assert json.loads(index.read_text())["size"] == 16


def test_a_split_shares_all_out_and_depends_on_the_seed():
    learnt, aside = faces.split(1000, seed=1)
    assert len(aside) == 100
    np.testing.assert_array_equal(np.sort(np.concatenate([learnt, aside])), np.arange(1000))
    np.testing.assert_array_equal(aside, faces.split(1000, seed=1)[1])
    assert not np.array_equal(aside, faces.split(1000, seed=2)[1])
    assert len(faces.split(50_000, seed=1)[1]) == 2000
    assert [len(part) for part in faces.split(2, seed=1)] == [1, 1]


def test_what_runs_leave_in_the_folder_is_not_taken_for_faces(folder, monkeypatch):
    """`cd my_faces && python -m dcgan --data .`, and then --resume:
    the same faces, from the cache.
    """
    monkeypatch.chdir(folder)
    before = faces.load(".", 16, console=SILENT)
    for name in ("runs/dcgan-1/checkpoints", "runs/dcgan-1/samples", "mine/checkpoints"):
        (folder / name).mkdir(parents=True)
        (folder / name).with_name("config.json").write_text("{}")
        (folder / name / "sheet.png").write_bytes(png(3))
    monkeypatch.setattr(faces.one_image, "read", None)  # nothing is decoded anew
    again = faces.load(".", 16, console=SILENT)
    assert again.names == before.names
    assert again.checksum() == before.checksum()


def test_linked_folders_count_once_and_circles_end(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "e.png").write_bytes(png(5))
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    (folder / "deep" / "round").symlink_to(folder)
    assert load(folder, tmp_path).names == [
        "a.png",
        "b.PNG",
        "deep/c.png",
        "deep/er/d.png",
        "linked/e.png",
        "without_ending",
    ]


def test_a_folder_that_may_not_be_looked_into_is_named(folder, tmp_path, monkeypatch):
    scandir = os.scandir

    def closed(path):
        if str(path).endswith("er"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    got = load(folder, tmp_path)
    assert "deep/er/d.png" not in got.names
    assert ("deep/er/", "cannot be read: Permission denied") in got.skipped


def test_what_could_not_be_read_for_a_moment_is_asked_for_again(folder, tmp_path, monkeypatch):
    read = sources.Folder.read

    def away(self, name):
        if name == "a.png":
            raise faces.UnusableImageError("cannot be read: Stale file handle", sources.UNREADABLE)
        return read(self, name)

    with monkeypatch.context() as patch:
        patch.setattr(sources.Folder, "read", away)
        assert "a.png" not in load(folder, tmp_path).names
    assert "a.png" in load(folder, tmp_path).names


@pytest.mark.parametrize(
    "damage",
    [
        lambda cache: (cache / "index.json").write_text(""),
        lambda cache: (cache / "images.uint8").write_bytes(b"half"),
        lambda cache: (cache / "images.uint8").unlink(),
    ],
)
def test_a_cache_that_a_power_cut_damaged_is_made_anew(folder, tmp_path, damage):
    whole = load(folder, tmp_path)
    (cache,) = (tmp_path / "cache").iterdir()
    damage(cache)
    np.testing.assert_array_equal(load(folder, tmp_path).images, whole.images)
    assert (cache / "images.uint8").stat().st_size == whole.images.nbytes


@pytest.mark.parametrize("name", ["顔" * 75, "x" * 250, "caf\udce9"])
def test_a_name_that_is_long_or_no_text_is_no_trouble_for_the_cache(name, folder, tmp_path):
    try:
        folder.rename(tmp_path / name)
    except OSError:  # a file system that refuses such names
        pytest.skip("no such names here")
    assert len(load(tmp_path / name, tmp_path).images) == 5
    (cache,) = (tmp_path / "cache").iterdir()
    assert len(os.fsencode(cache.name)) < 100


def test_one_line_says_what_was_read_enlarged_passed_over_and_left_out(folder, tmp_path):
    Image.new("RGB", (9, 9)).save(folder / "low.png")
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / "runs").mkdir()
    for _ in range(2):  # decoded, and from the cache
        assert load(folder, tmp_path).summary() == (
            "6 faces of 16 x 16 pixels; 1 small picture enlarged, and so blurred; passed over: "
            "1 broken picture, 1 empty file, 1 other file, 1 unreadable file; left out: "
            "1 folder of this package's output, 1 hidden or system entry"
        )
    drawn = faces.Faces(np.zeros([1, 8, 8, 3], np.uint8), ["x"], [])
    assert drawn.summary() == "1 face of 8 x 8 pixels"


@pytest.mark.parametrize("source", ["", "  "])
def test_an_empty_name_is_not_the_working_folder(source):
    with pytest.raises(ValueError, match=r"source must be .* got an empty name.*say a point"):
        faces.load(source, 16, console=SILENT)


def test_a_tilde_is_the_home(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert len(load("~/faces", tmp_path).images) == 5


def test_an_array_in_python_is_a_source(tmp_path):
    array = np.stack([picture(i) for i in range(3)])
    np.testing.assert_array_equal(faces.load(array, 16).images, array)
    small = faces.load(array, 32)
    assert small.images.shape == (3, 32, 32, 3)
    assert small.enlarged == 3
    grey = faces.load(array[..., 0], 16).images
    np.testing.assert_array_equal(grey, np.repeat(array[..., :1], 3, axis=-1))
    for wrong, words in (
        (array.astype(np.float32), r"of float32\. From 0 to 1"),
        (array.transpose(0, 3, 1, 2), "Move the channels to the end"),
        (array[0, 0], r"\[16, 3\] of uint8"),
        (array[:0], "without pictures"),
    ):
        with pytest.raises(ValueError, match=words):
            faces.load(wrong, 16)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"n": 10, "share": 2}, "share must be"),
        ({"n": 10, "share": 0.0}, "share must be"),
        ({"n": 10, "share": float("nan")}, "share must be"),
        ({"n": 10, "most": 0}, "most must be"),
        ({"n": -1}, "n must be"),
        ({"n": 2.5}, "n must be"),
    ],
)
def test_a_split_that_cannot_be_is_refused(arguments, words):
    with pytest.raises(ValueError, match=f"faces.split: {words}"):
        faces.split(seed=0, **arguments)
