"""Which files are data: not what others keep beside them, not what cannot be read,
and all the rest.
"""

import io
import os
import socket
import stat
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from dcgan.data import faces, sources

SILENT = Console(quiet=True)


def png(i):
    out = io.BytesIO()
    pixels = np.random.default_rng(i).integers(0, 256, [16, 16, 3], dtype=np.uint8)
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def put(folder, *names):
    """A picture under each of these names."""
    for i, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(png(i))


def load(source):
    return faces.load(source, 16, cache=None, console=SILENT)


HIDDEN = [
    *(".ipynb_checkpoints", ".Trash-1000", ".thumbnails", ".git", "@eaDir", "$RECYCLE.BIN"),
    *("__MACOSX", "System Volume Information", "#recycle"),
]


@pytest.mark.parametrize("name", HIDDEN)
def test_hidden_and_system_folders_are_no_data_wherever_they_lie(tmp_path, name):
    put(tmp_path, "a.png", "b/c.png", f"{name}/x.png", f"b/{name}/deep/y.png")
    got = load(tmp_path)
    assert got.names == ["a.png", "b/c.png"]
    assert got.left_out == {sources.HIDDEN: 2}
    assert got.skipped == []


def test_hidden_and_system_files_are_no_data(tmp_path):
    put(tmp_path, "a.png", "._a.png", ".hidden.png", "Thumbs.db", "desktop.ini")
    assert load(tmp_path).names == ["a.png"]
    assert load(tmp_path).left_out == {sources.HIDDEN: 4}


def test_a_hidden_folder_is_read_if_it_is_asked_for(tmp_path):
    put(tmp_path / ".faces", "a.png")
    assert load(tmp_path / ".faces").names == ["a.png"]


@pytest.mark.parametrize("beside", ["log.csv", "samples/x.png", "checkpoints/x.png"])
def test_what_this_package_writes_is_no_data(tmp_path, beside):
    put(tmp_path, "a.png", "mine/config.json", f"mine/{beside}", "mine/sheet.png")
    put(tmp_path, "runs/faces.png", "b/runs/faces.png", "c/index.json", "c/images.uint8")
    assert load(tmp_path).names == ["a.png"]
    assert load(tmp_path).left_out == {sources.OWN: 4}


def test_a_folder_with_a_config_and_pictures_is_somebody_elses(tmp_path):
    put(tmp_path, "a.png", "set/config.json", "set/b.png")
    assert load(tmp_path).names == ["a.png", "set/b.png", "set/config.json"]


def test_hidden_and_own_folders_of_an_archive_are_no_data_either(tmp_path):
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as archive:
        for name in (
            "a.png",
            "__MACOSX/._a.png",
            "__MACOSX/._b.png",
            "b/.thumbnails/x.png",
            "run/config.json",
            "run/log.csv",
            "run/samples/x.png",
            "run/curves.png",
            ".hidden.png",
        ):
            archive.writestr(name, png(0))
    got = load(tmp_path / "f.zip")
    assert got.names == ["a.png"]
    assert got.left_out == {sources.HIDDEN: 3, sources.OWN: 1}


def test_only_regular_files_are_opened(tmp_path):
    put(tmp_path, "a.png")
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    (tmp_path / "round.png").symlink_to("round.png")
    (tmp_path / "nowhere.png").symlink_to("nothing")
    with socket.socket(socket.AF_UNIX) as server:
        here = os.getcwd()
        os.chdir(tmp_path)  # a socket's path may have 100 letters
        try:
            server.bind("socket.png")
        finally:
            os.chdir(here)
        got = load(tmp_path)
    assert got.names == ["a.png"]
    told = dict(got.skipped)
    assert told["pipe.png"].endswith("a named pipe")
    assert told["zero.png"].endswith("a device")
    assert told["socket.png"].endswith("a socket")
    assert told["round.png"].startswith("cannot be read")
    assert told["nowhere.png"].startswith("cannot be read")
    assert got.kinds == {sources.SPECIAL: 3, sources.UNREADABLE: 2}


def test_a_pipe_or_a_device_is_no_source(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for place, words in ((tmp_path / "pipe", "a named pipe"), ("/dev/zero", "a device")):
        with pytest.raises(ValueError, match=words):
            load(place)


def test_closed_folders_are_named_and_the_rest_is_read(tmp_path, monkeypatch):
    put(tmp_path, "a.png", "lost+found/x.png", "b/c.png")
    scandir = os.scandir

    def closed(path):
        if str(path).endswith("lost+found"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    got = load(tmp_path)
    assert got.names == ["a.png", "b/c.png"]
    assert got.skipped == [("lost+found/", "cannot be read: Permission denied")]
    assert got.summary().endswith("passed over: 1 closed folder")


def test_a_source_below_a_closed_folder_is_one_clear_line(tmp_path, monkeypatch):
    def closed(self, **_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(tmp_path), "stat", closed)
    with pytest.raises(ValueError, match=r"faces\.load: source .*: Permission denied") as told:
        load(tmp_path / "faces")
    assert "\n" not in str(told.value)


def packed(tmp_path, kind):
    """Three pictures in a file of this kind, and the names that they should have."""
    put(tmp_path / "in", "a.png", "b/c.png", "d.png")
    names = ["a.png", "b/c.png", "d.png"]
    path = tmp_path / f"faces.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.write(tmp_path / "in" / name, name)
        return path, names
    with tarfile.open(path, "w" if kind == "tar" else f"w:{kind.rpartition('.')[2]}") as archive:
        archive.add(tmp_path / "in", ".", filter=lambda info: info)
    return path, names


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_archives_give_what_their_folder_gives(tmp_path, kind):
    path, names = packed(tmp_path, kind)
    got = load(path)
    want = load(tmp_path / "in")
    assert sorted(got.names) == names
    order = [got.names.index(name) for name in want.names]
    np.testing.assert_array_equal(got.images[order], want.images)


def windows(name):
    """An entry as old programs of Windows name it."""
    entry = zipfile.ZipInfo("x")
    entry.filename = name
    entry.create_system = 0
    return entry


def test_names_in_a_zip_are_tidied_as_unzip_does(tmp_path):
    """`tar -a -cf f.zip .` begins each name with a point; old Windows separates folders by \\."""
    with zipfile.ZipFile(tmp_path / "points.zip", "w") as archive:
        for name in ("./", "./b/", "./a.png", "./b/c.png", "./.hidden.png", "/d.png"):
            archive.writestr(name, b"" if name.endswith("/") else png(0))
    got = load(tmp_path / "points.zip")
    assert got.names == ["a.png", "b/c.png", "d.png"]
    assert got.left_out == {sources.HIDDEN: 1}
    assert got.skipped == []
    with zipfile.ZipFile(tmp_path / "above.zip", "w") as archive:
        for name in ("../faces/a.png", "../faces/.hidden.png"):  # what Python makes of ../faces
            archive.writestr(name, png(0))
    got = load(tmp_path / "above.zip")
    assert got.names == ["../faces/a.png"]
    assert got.left_out == {sources.HIDDEN: 1}
    with zipfile.ZipFile(tmp_path / "windows.zip", "w") as archive:
        for name in ("a.png", "b\\", "b\\c.png", "__MACOSX\\._a.png"):
            archive.writestr(windows(name), b"" if name.endswith("\\") else png(0))
    got = load(tmp_path / "windows.zip")
    assert got.names == ["a.png", "b/c.png"]
    assert got.left_out == {sources.HIDDEN: 1}
    assert got.skipped == []
    with zipfile.ZipFile(tmp_path / "linux.zip", "w") as archive:
        archive.writestr("b\\c.png", png(0))  # a character of a file's name
    assert load(tmp_path / "linux.zip").names == ["b\\c.png"]


def test_in_an_archive_only_regular_files_are_data(tmp_path):
    """A link is no second face, and leads nowhere else; devices and pipes hold nothing."""
    kinds = {
        "symbolic.png": tarfile.SYMTYPE,
        "hard.png": tarfile.LNKTYPE,
        "pipe.png": tarfile.FIFOTYPE,
        "device.png": tarfile.CHRTYPE,
    }
    with tarfile.open(tmp_path / "faces.tar", "w") as archive:
        entry = tarfile.TarInfo("a.png")
        entry.size = len(png(0))
        archive.addfile(entry, io.BytesIO(png(0)))
        for name, kind in kinds.items():
            entry = tarfile.TarInfo(name)
            entry.type = kind
            entry.linkname = "a.png"
            archive.addfile(entry)
    with zipfile.ZipFile(tmp_path / "faces.zip", "w") as archive:
        archive.writestr("a.png", png(0))
        entry = zipfile.ZipInfo("symbolic.png")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, png(1))  # whatever it holds
    for source, others in (("faces.tar", set(kinds)), ("faces.zip", {"symbolic.png"})):
        got = load(tmp_path / source)
        assert got.names == ["a.png"]
        assert {name for name, _ in got.skipped} == others
        assert got.kinds == {sources.SPECIAL: len(others)}


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_archives_in_folders_and_in_archives_are_read_like_folders(tmp_path, kind):
    path, names = packed(tmp_path, kind)
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as archive:
        archive.write(path, f"deep/{path.name}")
        archive.writestr("z.png", png(9))
    got = load(tmp_path / "outer.zip")
    assert sorted(got.names) == [*(f"deep/{path.name}/{name}" for name in names), "z.png"]
    folder = tmp_path / "downloads"
    folder.mkdir()
    path.rename(folder / path.name)
    (folder / "broken.zip").write_bytes(b"PK\x03\x04")
    got = load(folder)
    assert sorted(got.names) == [f"{path.name}/{name}" for name in names]
    assert [name for name, _ in got.skipped] == ["broken.zip"]
    assert got.kinds == {sources.BROKEN_ARCHIVE: 1}


def test_archives_within_archives_end(tmp_path):
    data = png(0)
    for _ in range(6):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("in.zip", data)
            archive.writestr("a.png", png(1))
        data = out.getvalue()
    (tmp_path / "f.zip").write_bytes(data)
    got = load(tmp_path / "f.zip")
    assert len(got.names) == sources.DEEPEST + 1
    assert "too deep" in got.skipped[0][1]


ARRAY = np.random.default_rng(0).integers(0, 256, [5, 16, 16, 3], dtype=np.uint8)


def test_array_files_are_read_picture_by_picture(tmp_path):
    np.save(tmp_path / "f.npy", ARRAY)
    np.savez(tmp_path / "f.npz", images=ARRAY, other=ARRAY[:1])
    np.savez_compressed(tmp_path / "g.npz", faces=ARRAY, labels=np.arange(5))
    for name in ("f.npy", "f.npz", "g.npz"):
        got = load(tmp_path / name)
        np.testing.assert_array_equal(got.images, ARRAY)
        assert got.names == ["0", "1", "2", "3", "4"]
    np.save(tmp_path / "grey.npy", ARRAY[..., 0])
    np.testing.assert_array_equal(
        load(tmp_path / "grey.npy").images, np.repeat(ARRAY[..., :1], 3, axis=-1)
    )


def test_an_array_that_is_cut_off_gives_what_it_has(tmp_path):
    np.save(tmp_path / "f.npy", ARRAY)
    data = (tmp_path / "f.npy").read_bytes()
    (tmp_path / "f.npy").write_bytes(data[:-100])
    got = load(tmp_path / "f.npy")
    assert len(got.images) == 4
    assert got.skipped == [("4", "cut off")]


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (ARRAY / 255.0, r"float64\. From 0 to 1: numpy\.uint8"),
        (ARRAY.transpose(0, 3, 1, 2), "Move the channels to the end"),
        (ARRAY[0], r"one picture: stack many"),
        (np.asfortranarray(ARRAY), "Fortran order"),
        (np.arange(5), r"\[5\] of int64"),
        (np.array([None, "x"], object), r"\[2\] of object"),
    ],
)
def test_other_arrays_are_refused_with_a_way_out(tmp_path, array, words):
    np.save(tmp_path / "f.npy", array, allow_pickle=True)
    with pytest.raises(ValueError, match=words):
        load(tmp_path / "f.npy")


def test_what_is_no_source_says_what_to_do(tmp_path):
    for name, data, words in (
        ("one.png", png(0), r"one picture\. Give the folder"),
        ("f.tfrecord-00000-of-00010", b"\x10\0\0\0", "TFRecord file.*tf.data.TFRecordDataset"),
        ("f.h5", b"\x89HDF\r\n\x1a\n", "HDF5 file.*numpy.save"),
        ("f.rar", b"Rar!\x1a\x07", "RAR archive.*Unpack it"),
        ("f.pkl", b"\x80\x04", "Save the pictures as one uint8 array"),
        ("f.tar.gz", b"\x1f\x8b\x08 and no more", "a tar that is broken"),
        ("f.tar", b"", "tar that is broken|empty file"),
        ("f.xyz", b"who knows", "a file of another kind.*Give the folder"),
        ("pointer", b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ValueError, match=words) as told:
            load(tmp_path / name)
        assert "\n" not in str(told.value)
    np.savez(tmp_path / "two.npz", a=ARRAY, b=ARRAY)
    with pytest.raises(ValueError, match=r"with the arrays a, b.*images=array"):
        load(tmp_path / "two.npz")


def damaged(data, kind):
    """An .npz whose arrays cannot be opened: for a wrong header, or for a password."""
    data = bytearray(data)
    if kind == "header":
        data[:4] = b"XXXX"
    else:
        directory = data.find(b"PK\1\2")
        data[6] |= 1
        data[directory + 8] |= 1
    return bytes(data)


@pytest.mark.parametrize("kind", ["header", "password"])
def test_an_npz_that_cannot_be_opened_is_refused_in_one_line(tmp_path, kind):
    for arrays in ({"images": ARRAY}, {"faces": ARRAY, "labels": np.arange(5)}):
        np.savez(tmp_path / "f.npz", **arrays)
        (tmp_path / "f.npz").write_bytes(damaged((tmp_path / "f.npz").read_bytes(), kind))
        with pytest.raises(ValueError, match=r"f\.npz: .*Save it again") as told:
            load(tmp_path / "f.npz")
        assert "\n" not in str(told.value)


def test_of_a_file_that_is_no_source_only_its_start_is_read(tmp_path, monkeypatch):
    """It may be larger than the memory."""
    seen = []
    monkeypatch.setattr(sources.one_image, "MOST_BYTES", 1000)
    monkeypatch.setattr(sources.one_image, "read", lambda data, size: seen.append(len(data)))
    monkeypatch.setattr(type(tmp_path), "read_bytes", lambda path: pytest.fail("read whole"))
    (tmp_path / "f.xyz").write_bytes(b"x" * 5000)
    with pytest.raises(ValueError, match="one picture"):
        load(tmp_path / "f.xyz")
    assert seen == [1000]


def test_the_folder_of_the_data_may_be_that_of_the_cache_too(tmp_path):
    put(tmp_path, "a.png", "b/c.png")
    for _ in range(2):
        got = faces.load(tmp_path, 16, cache=tmp_path, console=SILENT)
        assert got.names == ["a.png", "b/c.png"]


def test_a_folder_with_nothing_but_hidden_things_says_so(tmp_path):
    put(tmp_path, ".thumbnails/a.png", "runs/b.png")
    words = "nothing but 1 folder of this package's output, 1 hidden or system entry"
    with pytest.raises(ValueError, match=words):
        load(tmp_path)
