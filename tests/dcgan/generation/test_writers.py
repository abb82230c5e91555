"""Faces on the disk: what was written is read back by other programs,
and nothing is overwritten or left half done.
"""

import io
import itertools
import os
import resource
import threading
import time
import tracemalloc
import zipfile

import numpy as np
import pytest
from PIL import Image

from dcgan.generation import png, writers

IMAGES = np.random.default_rng(0).integers(0, 256, [7, 8, 8, 3], np.uint8)


def blocks(images=IMAGES, size=3):
    return (images[i : i + size] for i in range(0, len(images), size))


def broken():
    yield IMAGES[:3]
    raise RuntimeError("the generator broke")


def tree(folder):
    return {
        str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)))


def test_a_block_of_pngs_is_its_pictures_in_order():
    images = np.random.default_rng(1).integers(0, 256, [100, 5, 9, 3], np.uint8)
    np.testing.assert_array_equal([pixels(data) for data in writers.pngs(images)], images)


def test_blocks_made_ahead_are_the_same_and_at_most_one_is_waiting():
    asked = []

    def numbers():
        for i in range(5):
            asked.append(i)
            yield i

    found = []
    with writers.made_ahead(numbers()) as ahead:
        for number in ahead:
            found.append(number)
            assert len(asked) <= number + 2
    assert found == [0, 1, 2, 3, 4]


def test_what_goes_wrong_in_a_block_made_ahead_comes_after_the_blocks_before_it():
    with writers.made_ahead(broken()) as ahead:
        assert len(next(ahead)) == 3
        with pytest.raises(RuntimeError, match="the generator broke"):
            next(ahead)


def test_no_thread_is_left_where_blocks_are_not_used_to_the_end():
    def stop_early():
        with writers.made_ahead(itertools.count()) as ahead:
            next(ahead)
            raise OSError("the disk is full")

    before = threading.active_count()
    with pytest.raises(OSError, match="full"):
        stop_early()
    assert threading.active_count() == before


def test_results_of_threads_come_in_order_and_few_are_begun(monkeypatch):
    monkeypatch.setattr(writers.os, "cpu_count", lambda: 3)
    begun = []

    def late_if_even(number):
        begun.append(number)
        time.sleep(0.01 * (number % 2 == 0))
        return 10 * number

    found = []
    with writers.in_threads(late_if_even, iter(range(10))) as results:
        for result in results:
            found.append(result)
            assert len(begun) <= len(found) + 3
    assert found == [10 * number for number in range(10)]
    assert sorted(begun) == list(range(10))


@pytest.mark.parametrize("cores", [1, 2, 99])
def test_as_many_items_are_in_work_as_there_are_cores_or_threads(cores, monkeypatch):
    """Each waits until the others have begun: with fewer threads this would take for ever."""
    monkeypatch.setattr(writers.os, "cpu_count", lambda: cores)
    threads = min(cores, writers.MOST_THREADS)
    together = threading.Barrier(threads, timeout=10.0)
    asked = itertools.count()

    def wait_for_the_others(_):
        together.wait()

    items = (next(asked) for _ in range(3 * threads))
    with writers.in_threads(wait_for_the_others, items) as results:
        next(results)
        assert next(asked) == threads + 1  # so many were begun before the first was used
        assert list(results) == [None] * (3 * threads - 1)


def test_what_goes_wrong_in_a_thread_comes_after_the_results_before_it():
    def inverse(number):
        return 1.0 / number

    with writers.in_threads(inverse, [1, 2, 0, 4]) as results:
        assert [next(results), next(results)] == [1.0, 0.5]
        with pytest.raises(ZeroDivisionError):
            next(results)


def test_no_thread_is_left_where_results_are_not_used_to_the_end():
    def stop_early():
        with writers.in_threads(str, itertools.count()) as results:
            next(results)
            raise OSError("the disk is full")

    before = threading.active_count()
    with pytest.raises(OSError, match="full"):
        stop_early()
    assert threading.active_count() == before


def test_a_folder_of_numbered_pngs(tmp_path):
    writers.write(blocks(), 7, tmp_path / "new" / "faces")
    files = tree(tmp_path / "new" / "faces")
    assert list(files) == [f"{i:05d}.png" for i in range(7)]
    np.testing.assert_array_equal([pixels(data) for data in files.values()], IMAGES)
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["faces"]


def test_a_zip_of_the_same_files(tmp_path):
    writers.write(blocks(), 7, tmp_path / "faces")
    writers.write(blocks(size=5), 7, tmp_path / "FACES.ZIP")
    with zipfile.ZipFile(tmp_path / "FACES.ZIP") as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == tree(tmp_path / "faces")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["FACES.ZIP", "faces"]


def test_one_array(tmp_path):
    writers.write(blocks(), 7, tmp_path / "faces.npz")
    with np.load(tmp_path / "faces.npz", allow_pickle=False) as stored:
        assert stored.files == ["images"]
        np.testing.assert_array_equal(stored["images"], IMAGES)
        assert stored["images"].dtype == np.uint8


def test_names_have_as_many_digits_as_the_last_one_needs():
    names = [name for name, _ in writers._numbered(blocks(), 1_000_001)]
    assert names[:2] == ["0000000.png", "0000001.png"]
    assert next(writers._numbered(blocks(), 100_000))[0] == "00000.png"


def test_an_empty_folder_may_be_filled(tmp_path):
    (tmp_path / "faces").mkdir()
    writers.write(blocks(), 7, tmp_path / "faces")
    assert len(tree(tmp_path / "faces")) == 7


@pytest.mark.parametrize("name", ["faces", "faces.zip", "faces.npz"])
def test_what_is_there_is_not_overwritten(tmp_path, name):
    out = tmp_path / name
    if out.suffix:
        out.write_text("precious")
    else:
        out.mkdir()
        (out / "holiday.jpg").write_text("precious")
    before = tree(tmp_path)
    with pytest.raises(ValueError, match=f"{name} exists already.* nothing was overwritten"):
        writers.write(blocks(), 7, out)
    assert tree(tmp_path) == before


def test_a_folder_in_the_place_of_a_zip_and_a_file_in_that_of_a_folder_are_refused(tmp_path):
    (tmp_path / "faces.zip").mkdir()
    (tmp_path / "faces").write_text("precious")
    for name in ("faces.zip", "faces"):
        with pytest.raises(ValueError, match="out must be new"):
            writers.write(blocks(), 7, tmp_path / name)


@pytest.mark.parametrize(
    "name", ["a.png", "b.JPG", "c.tar", "d.npy", "x.tgz", "x.tar.gz", "x.7z", "x.h5", "x.tiff"]
)
def test_a_name_that_means_something_else_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match=r"out must be a folder, FILE\.zip or FILE\.npz, got"):
        writers.write(blocks(), 7, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["faces", "faces.zip", "faces.npz"])
def test_what_is_there_is_replaced_if_asked(tmp_path, name):
    writers.write(blocks(), 7, tmp_path / "new" / name)
    writers.write(blocks(), 7, tmp_path / name)
    out = tmp_path / name
    if out.is_dir():
        (older,) = png.encode(np.zeros([1, 8, 8, 3], np.uint8))
        (out / "00000.png").write_bytes(older)
        (out / "00009.png").write_bytes(older)
    else:
        out.write_bytes(b"older")
    writers.write(blocks(), 7, out, overwrite=True)
    new = tmp_path / "new" / name
    if out.is_dir():
        assert tree(out) == tree(new)
    else:
        assert out.read_bytes() == new.read_bytes()


@pytest.mark.parametrize(
    "name",
    [
        *("holiday.jpg", "anna.png", "blonde/1.png", "00/a/1.png", "00000.png", "ab/anna.png"),
        *(".env", "ab/.env", "index.csv"),
    ],
)
def test_a_folder_with_other_things_is_not_even_then(tmp_path, name):
    """Pictures to learn from are often PNGs, in a folder that is called faces, too."""
    precious = tmp_path / "faces" / name
    precious.parent.mkdir(parents=True)
    precious.write_text("precious")
    with pytest.raises(ValueError, match=rf"to overwrite must be a folder of faces.*{name}"):
        writers.write(blocks(), 7, tmp_path / "faces", overwrite=True)
    assert precious.read_text() == "precious"


def test_an_unfinished_folder_of_ours_is_replaced(tmp_path):
    """Also with temporary files, and with a face that has lost its bytes in a power cut."""
    out = tmp_path / "faces"
    (out / "3f").mkdir(parents=True)
    (out / "3f" / "anna.png").write_bytes(b"")
    (out / "3f" / "bob.png").write_bytes(bytes(100))
    (out / "3f" / ".unfinished").write_bytes(b"half")
    (out / "index.csv").write_text("id,file,hair\n")
    (out / writers.MARK).write_text("{}")
    (out / ".DS_Store").write_bytes(b"of a Mac")
    writers.write(blocks(), 7, out, overwrite=True)
    assert len(tree(out)) == 7


@pytest.mark.parametrize("name", ["faces", "faces.zip", "faces.npz"])
def test_a_generator_that_breaks_leaves_nothing(tmp_path, name):
    with pytest.raises(RuntimeError, match="the generator broke"):
        writers.write(broken(), 7, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["faces", "faces.zip", "faces.npz"])
def test_a_full_disk_is_one_clear_line_and_leaves_nothing(tmp_path, name):
    """The kernel refuses files of more than 100 bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(
            ValueError, match=rf"{name} cannot be written: File too large\. Make room"
        ):
            writers.write(blocks(), 7, tmp_path / name)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


def test_a_place_below_a_file_is_one_clear_line(tmp_path):
    (tmp_path / "file").write_text("x")
    for name in ("faces", "faces.zip"):
        with pytest.raises(ValueError, match="cannot be written"):
            writers.write(blocks(), 7, tmp_path / "file" / name)


def test_what_a_killed_process_left_is_cleared(tmp_path):
    (tmp_path / ".faces.unfinished").mkdir()
    (tmp_path / ".faces.unfinished" / "99999.png").write_text("half")
    writers.write(blocks(), 7, tmp_path / "faces")
    assert os.listdir(tmp_path) == ["faces"]
    assert len(tree(tmp_path / "faces")) == 7


@pytest.mark.parametrize("name", ["a.zip", "a.npz"])
def test_memory_does_not_grow_with_the_number_of_faces(tmp_path, name):
    def peak(count):
        images = np.zeros([16, 64, 64, 3], np.uint8)
        tracemalloc.start()
        writers.write((images for _ in range(count // 16)), count, tmp_path / f"{count}{name}")
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(16)
    assert peak(1024) < peak(64) + 1_000_000  # 12 MB of pictures
