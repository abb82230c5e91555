"""Find the picture files in folders, zips, tars and arrays, and report what was left out.

    source                        what is read
    folder                        every regular file below it, and what zips and tars below it hold
    .zip                          every file in it, and what zips and tars inside hold
    .tar, .tar.gz, .tgz, ...      the same, in the order in which they were packed
    .npy, .npz                    one array of uint8: [N, H, W], [N, H, W, 1], [N, H, W, 3 or 4]

Three kinds of entries are left out and counted: hidden and system entries (`.ipynb_checkpoints`,
`@eaDir`, `Thumbs.db`, ...), output of this package (`runs`, run folders, its cache), and special
files (pipes, devices, broken links). A folder that cannot be read for lack of permission is
reported; the rest is read.
"""

from __future__ import annotations

import collections
import io
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, NamedTuple, NoReturn

import numpy as np

from dcgan.data import images as one_image
from dcgan.data.images import UnusableImageError
from gan_core import checks

OWNER = "faces.load"
OWN_FOLDER = "runs"  # where commands of this package write by default
SYSTEM_NAMES = {
    *("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"),
    *("@eadir", "@tmp", "#recycle", "#snapshot", "$recycle.bin", "recycler", "recycled"),
    *("system volume information", "__macosx", "network trash folder", "temporary items"),
    "__pycache__",
}
ZIP_ENDINGS = (".zip", ".cbz")
TAR_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
DEEPEST = 3  # archives within archives

CLOSED = "closed folder"
HIDDEN = "hidden or system entry"
OWN = "folder of this package's output"
SPECIAL = "special file"
UNREADABLE = "unreadable file"
ENCRYPTED = "encrypted file"
BROKEN_ARCHIVE = "broken archive"


class PassedOver(NamedTuple):
    """A file or folder that gave no picture."""

    name: str
    why: str
    kind: str


class Member(NamedTuple):
    """Something that may be a picture.

    name: its path from the source.  size: bytes that reading it takes.  read: gives the file's
    bytes or an array of pixels, or raises UnusableImageError.  in_order: whether it must be read
    before the walk goes on.
    """

    name: str
    size: int
    read: Callable[[], bytes | np.ndarray]
    in_order: bool


class Source:
    """The base class of all sources.

    stamp: JSON that changes if the source's content may have changed.  count: how many members
    there will be, as far as is known.  passed_over: the skipped files that are known without
    reading members.  left_out: how many entries of each kind are not data.  left_out_inside: the
    same for archives inside the source, known after a walk.
    """

    def __init__(self) -> None:
        self.stamp: list = []
        self.count = 0
        self.passed_over: list[PassedOver] = []
        self.left_out: collections.Counter[str] = collections.Counter()
        self.left_out_inside: collections.Counter[str] = collections.Counter()

    def members(self) -> Iterator[Member]:
        """All members; only one walk at a time."""
        raise NotImplementedError

    def may_be_read(self, name: str) -> bool:
        """Whether the file is allowed to be read, so that a failure was only temporary."""
        return False

    def close(self) -> None:
        """Close open files."""

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_source(path: Path, cache: Path | None) -> Source:
    """The source at this path; ValueError if there is none that can be read.

    cache: a folder that is never data, wherever it lies.
    """
    if stat.S_ISDIR(mode_of(path)):
        return Folder(path, cache)
    try:
        return _open_file(path)
    except OSError as error:
        refuse(f"{path}: {error.strerror or error}")


def mode_of(path: Path) -> int:
    """The mode (`stat`) of a folder or a file; ValueError if there is neither at this path."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        refuse(f"{path}, which does not exist")
    except (OSError, ValueError) as error:
        refuse(f"{path}: {getattr(error, 'strerror', None) or error}")
    if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
        refuse(f"{path}, which is {_special(mode)}")
    return mode


def refuse(came: str, way_out: str = "") -> NoReturn:
    """Raise the error for a path that is not a source."""
    checks.fail(
        OWNER,
        "source",
        "a folder with pictures in it, or a zip, tar, .npy or .npz of pictures",
        came,
        way_out,
    )


def _open_file(path: Path) -> Source:
    with open(path, "rb") as file:
        start = file.read(64)
    if zipfile.is_zipfile(path):
        return Array(path) if _is_npz(path) else Zip(path)
    if start.startswith(np.lib.format.MAGIC_PREFIX):
        return Array(path)
    if tarfile.is_tarfile(path):
        return Tar(path)
    if start.startswith(b"PK") or path.suffix.lower() in (*ZIP_ENDINGS, ".npz"):
        refuse(f"{path}, a zip that is broken", "Download or pack it again.")
    if path.name.lower().endswith(TAR_ENDINGS):
        refuse(f"{path}, a tar that is broken", "Download or pack it again.")
    refuse(f"{path}, {_what_it_is(path, start)}", _way_out(path, start))


def _what_it_is(path: Path, start: bytes) -> str:
    if path.stat().st_size == 0:
        return "an empty file"
    with open(path, "rb") as file:
        data = file.read(one_image.MOST_BYTES)
    try:
        one_image.read(data, 8)
    except UnusableImageError:
        return _advice(path, start)[0]
    return "one picture"


def _way_out(path: Path, start: bytes) -> str:
    what, way_out = _advice(path, start)
    if what == "a file of another kind":
        return "Give the folder in which the pictures lie."
    return way_out


ADVICE = (  # bytes at the start, endings, what the file is, what to do
    (
        b"\x89HDF",
        (".h5", ".hdf5", ".hdf"),
        "an HDF5 file",
        'Write its array to a .npy file: numpy.save("faces.npy", h5py.File(...)[...][:])',
    ),
    (
        None,
        (".tfrecord", ".tfrecords"),
        "a TFRecord file",
        "Write the encoded picture of each record (tf.data.TFRecordDataset, tf.io."
        "parse_single_example) to a file of its own, and give the folder.",
    ),
    (b"Rar!", (".rar",), "a RAR archive", "Unpack it, and give the folder."),
    (b"7z\xbc\xaf", (".7z",), "a 7z archive", "Unpack it, and give the folder."),
    (b"PAR1", (".parquet",), "a Parquet file", "Write its pictures to a folder, a file for each."),
    (
        None,
        (".pkl", ".pickle", ".pt", ".pth", ".mat"),
        "a file that only other programs should open",
        "Save the pictures as one uint8 array: numpy.save('faces.npy', array)",
    ),
    (b"version https://git-lfs", (), "a Git LFS pointer", "Fetch the file itself: git lfs pull"),
    (b"\x1f\x8b", (".gz",), "a compressed file that is no tar", "Unpack it, and give the folder."),
)


def _advice(path: Path, start: bytes) -> tuple[str, str]:
    name = path.name.lower()
    for magic, endings, what, way_out in ADVICE:
        if (magic is not None and start.startswith(magic)) or name.endswith(endings or ("\0",)):
            return what, way_out
    if ".tfrecord" in name:
        return ADVICE[1][2:]
    return "a file of another kind", ""


# ---------------------------------------------------------------- entries that are not data


def is_hidden(name: str) -> bool:
    """Whether a name is that of a file of a desktop, a NAS, a notebook or an archiver.

    Points alone lead to a folder: Python packs ../pictures/1.png under this name.
    """
    has_point = name.startswith(".") and name.strip(".") != ""
    return has_point or name.lower() in SYSTEM_NAMES


def is_own(name: str, entries: set[str]) -> bool:
    """Whether a folder with this name and these entries was written by this package."""
    is_run = "config.json" in entries and entries & {"log.csv", "samples", "checkpoints"}
    is_cached = {"index.json", "images.uint8"} <= entries
    return name == OWN_FOLDER or bool(is_run) or is_cached


def _sort_out(names: list[str], left_out: collections.Counter[str]) -> list[str]:
    """Choose the paths in an archive that are data, and count the others."""
    entries = collections.defaultdict(set)
    for name in names:
        parts = name.split("/")
        for depth in range(len(parts)):
            entries["/".join(parts[:depth])].add(parts[depth])
    no_data = {}  # folder -> why it is none
    kept = []
    for name in names:
        parts = name.split("/")
        folders = ["/".join(parts[: depth + 1]) for depth in range(len(parts) - 1)]
        for folder in folders:
            if folder not in no_data:
                no_data[folder] = _why_no_data(folder, entries[folder])
        reason = next((folder for folder in folders if no_data[folder]), None)
        if reason is None and not is_hidden(parts[-1]):
            kept.append(name)
        elif reason is None:
            left_out[HIDDEN] += 1
        elif no_data[reason] != "counted":
            left_out[no_data[reason]] += 1
            no_data[reason] = "counted"
    return kept


def _why_no_data(folder: str, entries: set[str]) -> str | None:
    """HIDDEN or OWN for a folder of an archive that is not data, else None."""
    last = folder.rpartition("/")[2]
    if is_hidden(last):
        return HIDDEN
    if is_own(last, entries):
        return OWN
    return None


def _special(mode: int) -> str:
    for test, what in (
        (stat.S_ISFIFO, "a named pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
        (stat.S_ISLNK, "a link"),
    ):
        if test(mode):
            return what
    return "no regular file"


# ---------------------------------------------------------------- folders


class Folder(Source):
    """Every regular file below a folder, by its path from there, in the order of names."""

    def __init__(self, path: Path, cache: Path | None):
        super().__init__()
        self.path = path
        self._cache = None if cache is None else os.path.realpath(cache)
        self._files: dict[str, int] = {}  # name -> bytes
        self._seen: set[str] = set()  # folders by their real place: links may lead in a circle
        stamps: list = []
        self._walk(stamps)
        self.count = len(self._files)
        self.passed_over.sort()
        self.stamp = [[list(one) for one in self.passed_over], sorted(stamps)]

    def _walk(self, stamps: list) -> None:
        waiting = [""]
        while waiting:
            below = waiting.pop()
            place = os.path.realpath(self.path / below)
            if place in self._seen or (below and place == self._cache):
                continue
            self._seen.add(place)
            try:
                with os.scandir(self.path / below) as found:
                    entries = sorted(found, key=lambda entry: entry.name)
            except OSError as error:
                name = f"{below}/" if below else "./"
                self._pass_over(name, f"cannot be read: {error.strerror}", CLOSED)
                continue
            names = {entry.name for entry in entries}
            if below and is_own(below.rpartition("/")[2], names):
                self.left_out[OWN] += 1
                continue
            folders = [entry for entry in entries if self._note(entry, below, stamps)]
            waiting += [_joined(below, entry.name) for entry in reversed(folders)]

    def _note(self, entry: os.DirEntry, below: str, stamps: list) -> bool:
        """Keep what is needed to know of a file. -> whether it is a folder to look into"""
        name = _joined(below, entry.name)
        if is_hidden(entry.name):
            self.left_out[HIDDEN] += 1
            return False
        try:
            status = entry.stat()
        except OSError as error:  # a link to nowhere or in a circle
            self._pass_over(name, f"cannot be read: {error.strerror}", UNREADABLE)
            return False
        if stat.S_ISDIR(status.st_mode):
            return True
        if not stat.S_ISREG(status.st_mode):
            self._pass_over(name, f"cannot be read: {_special(status.st_mode)}", SPECIAL)
            return False
        self._files[name] = status.st_size
        stamps.append([name, *_stamp(status), os.access(entry.path, os.R_OK)])
        return False

    def _pass_over(self, name: str, why: str, kind: str) -> None:
        self.passed_over.append(PassedOver(name, why, kind))

    def may_be_read(self, name: str) -> bool:
        return os.access(self.path / name, os.R_OK)

    def members(self) -> Iterator[Member]:
        for name in sorted(self._files):
            if name.lower().endswith((*ZIP_ENDINGS, *TAR_ENDINGS)):
                yield from _inner(self, name, self.path / name, depth=1)
            else:
                size = self._files[name]
                yield Member(name, size, lambda name=name: self.read(name), in_order=False)

    def read(self, name: str) -> bytes:
        """The bytes of one file."""
        _check_size(self._files.get(name, 0))
        try:
            with open(self.path / name, "rb") as file:
                data = file.read(one_image.MOST_BYTES + 1)
        except OSError as error:
            raise UnusableImageError(f"cannot be read: {error.strerror}", UNREADABLE) from None
        _check_size(len(data))  # it may have grown
        return data


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _check_size(size: int) -> None:
    if size > one_image.MOST_BYTES:
        raise UnusableImageError(
            f"too large a file: more than {one_image.MOST_BYTES:,} bytes", "too large file"
        )


# ---------------------------------------------------------------- archives


class Zip(Source):
    """Every file in a zip, in the order of names."""

    def __init__(self, file: Path | IO[bytes], depth: int = 0):
        super().__init__()
        self._depth = depth
        try:
            self._archive = zipfile.ZipFile(file)
        except Exception as error:  # many kinds
            refuse(f"{file}: {error}", "It is broken: download or pack it again.")
        named = {_name_in_zip(entry): entry for entry in self._archive.infolist()}
        self._entries = {
            name: entry for name, entry in named.items() if name and not name.endswith("/")
        }
        if self._entries and all(entry.flag_bits & 1 for entry in self._entries.values()):
            refuse(
                f"{file}, a zip that is encrypted",
                "Unpack it with its password, and give the folder.",
            )
        self._names = _sort_out(sorted(self._entries), self.left_out)
        self.count = len(self._names)
        if isinstance(file, Path):
            self.stamp = _stamp_of_file(file)

    def members(self) -> Iterator[Member]:
        for name in self._names:
            size = self._entries[name].file_size
            if name.lower().endswith((*ZIP_ENDINGS, *TAR_ENDINGS)):
                yield from _inner(self, name, _Late(lambda name=name: self.read(name)), self._depth)
            else:
                yield Member(name, size, lambda name=name: self.read(name), self._depth > 0)

    def read(self, name: str) -> bytes:
        """The bytes of one file."""
        entry = self._entries[name]
        if entry.flag_bits & 1:
            raise UnusableImageError("encrypted", ENCRYPTED)
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise UnusableImageError("cannot be read: a link", SPECIAL)
        _check_size(entry.file_size)
        try:
            return self._archive.read(entry)
        except Exception as error:  # a wrong checksum, an unknown method: each has its own kind
            raise UnusableImageError(f"broken in the zip: {error}") from None

    def close(self) -> None:
        self._archive.close()


class Tar(Source):
    """Every file in a tar, compressed or not, in the order in which they were packed.

    A compressed one can be read only from its start, so members are read in order.
    """

    def __init__(self, file: Path | IO[bytes], depth: int = 0):
        super().__init__()
        self._depth = depth
        try:
            if isinstance(file, Path):
                self._archive = tarfile.open(file)  # noqa: SIM115 (closed by `close`)
                self.stamp = _stamp_of_file(file)
            else:
                self._archive = tarfile.open(fileobj=file)  # noqa: SIM115
            entries = {_tidy(entry.name): entry for entry in self._archive if not entry.isdir()}
        except Exception as error:  # OSError, EOFError, TarError, zlib's, lzma's
            refuse(f"{file}: {error}", "It is broken: download or pack it again.")
        kept = set(_sort_out(list(entries), self.left_out))
        self._entries = {name: entry for name, entry in entries.items() if name in kept}
        self.count = len(self._entries)

    def members(self) -> Iterator[Member]:
        for name, entry in self._entries.items():
            if name.lower().endswith((*ZIP_ENDINGS, *TAR_ENDINGS)):
                yield from _inner(self, name, _Late(lambda name=name: self.read(name)), self._depth)
            else:
                yield Member(name, entry.size, lambda name=name: self.read(name), in_order=True)

    def read(self, name: str) -> bytes:
        """The bytes of one file."""
        entry = self._entries[name]
        if not entry.isreg():
            raise UnusableImageError("cannot be read: a link or a device", SPECIAL)
        _check_size(entry.size)
        try:
            file = self._archive.extractfile(entry)
            return b"" if file is None else file.read()
        except Exception as error:
            raise UnusableImageError(f"broken in the tar: {error}") from None

    def close(self) -> None:
        self._archive.close()


def _name_in_zip(entry: zipfile.ZipInfo) -> str:
    r"""The path of an entry; folders end with /.

    Old programs of Windows separate folders by \. As in Info-ZIP's unzip, that is done only where
    the zip comes from Windows (system 0) and the name has no /.
    """
    name = entry.filename
    if entry.create_system == 0 and "/" not in name:
        name = name.replace("\\", "/")
    return _tidy(name)


def _tidy(name: str) -> str:
    """`tar czf x.tar.gz .` begins each name with a point, and so does `tar -a -cf x.zip .`."""
    while name.startswith("./"):
        name = name[2:]
    return name.lstrip("/")


class _Late(NamedTuple):
    """An archive within an archive, whose bytes are read when the walk reaches it."""

    fetch: Callable[[], bytes]


def _inner(outer: Source, name: str, place: Path | _Late, depth: int) -> Iterator[Member]:
    """The members of an archive that lies in a folder or in another archive, or why there are none.

    All are read in order, so that only one such archive is open at a time.
    """
    try:
        source = _open_inner(name, place, depth)
    except UnusableImageError as error:
        why = error
        yield Member(name, 0, lambda: _raise(why), in_order=True)
        return
    with source:
        outer.count += source.count - 1
        for member in source.members():
            yield member._replace(name=f"{name}/{member.name}", in_order=True)
        outer.left_out_inside.update(source.left_out + source.left_out_inside)


def _open_inner(name: str, place: Path | _Late, depth: int) -> Source:
    if depth >= DEEPEST:
        raise UnusableImageError("an archive too deep inside others: unpack it", "other file")
    file = place if isinstance(place, Path) else io.BytesIO(place.fetch())
    kind = Zip if name.lower().endswith(ZIP_ENDINGS) else Tar
    try:
        return kind(file, depth + 1)
    except ValueError:
        words = "a broken or encrypted archive: pack it again, or unpack it"
        raise UnusableImageError(words, BROKEN_ARCHIVE) from None


def _raise(error: UnusableImageError) -> NoReturn:
    raise error


def _stamp_of_file(path: Path) -> list:
    return [str(path.resolve()), *_stamp(path.stat())]


def _stamp(status: os.stat_result) -> list[int]:
    """What differs if a file may have other content.

    A program that keeps a picture's date (`exiftool -P`, `jpegtran` and `touch -r`) and its size
    cannot keep the time of its last change, ctime.
    """
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns]


# ---------------------------------------------------------------- arrays


class Array(Source):
    """The pictures of an array in a .npy or .npz file, read one by one."""

    def __init__(self, path: Path):
        super().__init__()
        self._path = path
        self._archive = zipfile.ZipFile(path) if _is_npz(path) else None
        try:
            self._entry = None if self._archive is None else self._choose()
            with self._open() as file:
                self._shape = _header(f"{path}", file)
        except (zipfile.BadZipFile, RuntimeError) as error:  # a wrong header; a password
            self.close()
            refuse(f"{path}: {error}", "Save it again with numpy.savez.")
        self.count = self._shape[0]
        self.stamp = _stamp_of_file(path)

    def _open(self) -> IO[bytes]:
        if self._archive is None:
            return open(self._path, "rb")
        return self._archive.open(self._entry)

    def _choose(self) -> str:
        """The array named images, or the only one that pictures could be."""
        names = [name for name in self._archive.namelist() if name.endswith(".npy")]
        if "images.npy" in names:
            return "images.npy"
        fitting = []
        for name in names:
            with self._archive.open(name) as file:
                shape, _, dtype = _raw_header(file) or ((), False, None)
            if dtype == np.uint8 and len(shape) in (3, 4):
                fitting.append(name)
        if len(fitting) != 1:
            arrays = [name.removesuffix(".npy") for name in names]
            refuse(
                f"{self._path}, with the arrays {', '.join(arrays)}",
                "Save the pictures as numpy.savez(file, images=array), uint8 [N, H, W, 3].",
            )
        return fitting[0]

    def members(self) -> Iterator[Member]:
        shape = self._shape[1:]
        size = int(np.prod(shape))
        digits = len(str(self._shape[0]))
        with self._open() as file:
            _raw_header(file)
            for i in range(self._shape[0]):
                yield Member(
                    f"{i:0{digits}d}", size, lambda: _one_picture(file, shape, size), in_order=True
                )

    def close(self) -> None:
        if self._archive is not None:
            self._archive.close()


def _is_npz(path: Path) -> bool:
    """Whether a zip holds arrays, and nothing else."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except Exception:  # `Zip` tells it
        return False
    return bool(names) and all(name.endswith(".npy") for name in names)


def _one_picture(file: IO[bytes], shape: tuple[int, ...], size: int) -> np.ndarray:
    _check_size(size)
    try:
        data = file.read(size)
    except Exception as error:
        raise UnusableImageError(f"broken in the file: {error}") from None
    if len(data) < size:
        raise UnusableImageError("cut off")
    return np.frombuffer(data, np.uint8).reshape(shape)


def _raw_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype] | None:
    """(shape, Fortran order?, dtype) of an array, or None."""
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    try:
        return readers[np.lib.format.read_magic(file)](file)
    except Exception:
        return None


def _header(name: str, file: IO[bytes]) -> tuple[int, ...]:
    """The shape of an array of pictures; ValueError if it is another."""
    header = _raw_header(file)
    if header is None:
        refuse(f"{name}, an array file that is broken", "Save it again with numpy.save.")
    shape, fortran, dtype = header
    check_array(name, shape, dtype)
    if fortran:
        refuse(
            f"{name}, an array in Fortran order",
            "Save it again: numpy.save(file, numpy.ascontiguousarray(array))",
        )
    return shape


def check_array(name: str, shape: tuple[int, ...], dtype: np.dtype) -> None:
    """ValueError if no array of pictures has this shape and dtype."""
    channels_first = len(shape) == 4 and shape[1] in (1, 3, 4) and shape[3] not in (1, 3, 4)
    is_one_picture = len(shape) == 3 and shape[2] in (1, 3, 4)
    if is_one_picture:
        way_out = "This looks like one picture: stack many, numpy.stack(list_of_pictures)."
    elif channels_first:
        way_out = "Move the channels to the end: array.transpose(0, 2, 3, 1)"
    elif dtype.kind == "f":
        way_out = (
            "From 0 to 1: numpy.uint8(255 * x + 0.5). From -1 to 1: numpy.uint8(127.5 * x + 128)"
        )
    else:
        way_out = "Write an array of that kind."
    is_grey = len(shape) == 3 and not is_one_picture
    is_coloured = len(shape) == 4 and shape[3] in (1, 3, 4)
    if dtype != np.uint8 or not (is_grey or is_coloured) or 0 in shape[1:3]:
        checks.fail(
            OWNER,
            "source",
            "an array of uint8 [N, H, W, 3] (or [N, H, W], or 1 or 4 channels)",
            f"{name}: {checks.show_shape(shape)} of {dtype}",
            way_out,
        )
