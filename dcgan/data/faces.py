"""From a folder or a zip of pictures to one array of uint8, once; from then on from a cache.

    faces = load("my_faces.zip", size=64)
    faces.images                            # uint8 [N, 64, 64, 3], in the order of the files' names
    faces.skipped                           # (name, why) of each file that gave no picture

20,000 faces of 64 x 64 are 246 MB so, and would be 983 MB as float32. The array is kept in a file
next to a fingerprint of the names, sizes and dates of what it was made from. Made larger than the
memory allows it stays there, and `images` is a window on the file (`numpy.memmap`).
"""

import dataclasses
import hashlib
import json
import os
import shutil
import tempfile
import warnings
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from dcgan.data import images as one_image
from gan_core import checks

CACHE = Path("runs/cache")
VERSION = 2  # of what `images.decode` makes of a file: part of the fingerprint
AT_A_TIME = 1024  # pictures decoded before they are written down


@dataclasses.dataclass(frozen=True)
class Faces:
    """What a source gave: images uint8 [N, size, size, 3], their names, the files passed over with the reason why,
    and how many pictures were smaller than size x size, so that they had to be enlarged."""

    images: np.ndarray
    names: list[str]
    skipped: list[tuple[str, str]]
    enlarged: int = 0

    @property
    def in_memory(self) -> bool:
        return not isinstance(self.images, np.memmap)

    def checksum(self) -> str:
        """CRC-32 of all pixels, in hexadecimal: a run that is resumed must find the faces that it began with."""
        value = 0
        for start in range(0, len(self.images), AT_A_TIME):
            value = zlib.crc32(np.ascontiguousarray(self.images[start : start + AT_A_TIME]), value)
        return f"{value:08x}"

    def write_skipped(self, path) -> None:
        """A line for each file passed over: its name, a tab, why."""
        lines = [f"{_printable(name)}\t{why}\n" for name, why in self.skipped]
        Path(path).write_text("".join(lines), encoding="utf-8")


def load(
    source,
    size: int = 64,
    *,
    cache=CACHE,
    memory: float | None = None,
    console: Console | None = None,
) -> Faces:
    """All pictures below a folder, or in a zip, as squares of `size` pixels (`images.decode`).

    Linked folders count as well; run folders and the cache do not, should they lie there too.
    cache: the folder where arrays are kept.  memory: bytes that `images` may take; None: a quarter of
    what is free now (TensorFlow makes a copy of them).  console: where the progress bar is drawn, if it
    is a terminal.

    ValueError if there is no such path, no usable picture below it, or a zip that is broken or
    encrypted. Single files that cannot be used are passed over and named.
    """
    checks.integer("faces.load", "size", size, 8, 1024)
    source = Path(source)
    with _open(source, Path(cache)) as files:
        if not files.names:
            checks.fail(
                "faces.load",
                "source",
                "a folder or a zip with pictures in it",
                f"{source}, which is empty"
                if not files.closed
                else f"{source}, where {files.closed[0][0]} {files.closed[0][1]}",
            )
        key = hashlib.sha256(json.dumps([VERSION, size, files.stamp]).encode()).hexdigest()[:16]
        folder = Path(cache) / f"{source.resolve().stem}-{size}-{key}"
        if (index := _index_of(folder, size)) is None:
            index = _decode_all(files, size, folder, source, console or Console(stderr=True))
    images = np.memmap(
        folder / "images.uint8", np.uint8, "r", shape=(len(index["names"]), size, size, 3)
    )
    allowed = _free_memory() / 4 if memory is None else memory
    if images.nbytes <= allowed:
        images = np.array(images)
    return Faces(
        images, index["names"], [tuple(pair) for pair in index["skipped"]], index["enlarged"]
    )


def split(n: int, seed: int, share: float = 0.1, most: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    """Which of n faces to learn from, and which to hold aside for judging: two ascending arrays of indices.

    The same for the same n and seed. At least one is held aside if there are two, and at most `most`.
    """
    from gan_core import rng  # TensorFlow takes seconds; who only reads pictures need not wait

    order = rng.permutation(n, rng.seed(seed, "held aside")).numpy()
    held = min(most, max(1, round(share * n))) if n > 1 else 0
    return np.sort(order[held:]), np.sort(order[:held])


# ---------------------------------------------------------------- reading


class _Folder:
    """Every file below a folder, by its path from there, in the order of names."""

    def __init__(self, path: Path, cache: Path):
        self.path, self.closed = (
            path,
            [],
        )  # closed: (folder, why) of those that may not be looked into
        found, seen = [], set()
        for top, below, names in os.walk(path, followlinks=True, onerror=self._note):
            below[:] = sorted(name for name in below if not _is_ours(Path(top) / name, cache))
            if (place := os.path.realpath(top)) in seen:  # links that lead in a circle
                below.clear()
                continue
            seen.add(place)
            found += [Path(top) / name for name in names]
        self.names = sorted(file.relative_to(path).as_posix() for file in found)
        self.closed.sort()
        self.stamp = [self.closed, *([name, *self._stat(name)] for name in self.names)]

    def _note(self, error: OSError):
        folder = Path(error.filename).relative_to(self.path).as_posix()
        self.closed.append((f"{folder}/", f"cannot be read: {error.strerror}"))

    def _stat(self, name):
        try:
            stat = (self.path / name).stat()
            return [stat.st_size, stat.st_mtime_ns, os.access(self.path / name, os.R_OK)]
        except OSError:  # a link to nowhere
            return [-1, -1, False]

    def may_be_read(self, name: str) -> bool:
        """Whether nothing speaks against reading it: then what kept us from it will pass."""
        return self._stat(name)[-1]

    def read(self, name: str) -> bytes:
        try:
            if (self.path / name).stat().st_size > one_image.MOST_BYTES:
                raise one_image.UnusableImageError(
                    f"too large a file: more than {one_image.MOST_BYTES:,} bytes"
                )
            return (self.path / name).read_bytes()
        except OSError as error:
            raise one_image.UnusableImageError(f"cannot be read: {error.strerror}") from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class _Zip:
    """Every file in a zip archive, in the order of names."""

    closed = ()  # folders that may not be looked into

    def __init__(self, path: Path):
        try:
            self.archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
            checks.fail(
                "faces.load",
                "source",
                "a folder or a zip",
                f"{path}: {error}",
                "If it is a zip, it is broken: download or pack it again.",
            )
        entries = {entry.filename: entry for entry in self.archive.infolist() if not entry.is_dir()}
        if entries and all(entry.flag_bits & 1 for entry in entries.values()):
            checks.fail(
                "faces.load",
                "source",
                "a zip that is not encrypted",
                str(path),
                "Unpack it with its password, and give the folder.",
            )
        self.entries, self.names = entries, sorted(entries)
        stat = path.stat()
        self.stamp = [str(path.resolve()), stat.st_size, stat.st_mtime_ns]

    def may_be_read(self, name: str) -> bool:
        return False

    def read(self, name: str) -> bytes:
        entry = self.entries[name]
        if entry.flag_bits & 1:
            raise one_image.UnusableImageError("encrypted")
        if entry.file_size > one_image.MOST_BYTES:
            raise one_image.UnusableImageError(
                f"too large a file: more than {one_image.MOST_BYTES:,} bytes"
            )
        try:
            return self.archive.read(entry)
        except (
            Exception
        ) as error:  # a wrong checksum, an unknown method, a cut-off stream: each has its own kind
            raise one_image.UnusableImageError(f"broken in the zip: {error}") from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.archive.close()


def _open(source: Path, cache: Path):
    if source.is_dir():
        return _Folder(source, cache)
    if source.is_file():
        return _Zip(source)
    checks.fail(
        "faces.load", "source", "a folder or a zip of pictures", f"{source}, which does not exist"
    )


def _is_ours(folder: Path, cache: Path) -> bool:
    """The cache, or a run folder: their pictures are of our making."""
    return ((folder / "config.json").is_file() and (folder / "checkpoints").is_dir()) or (
        cache.is_dir() and folder.name == cache.name and folder.samefile(cache)
    )


def _index_of(folder: Path, size: int) -> dict | None:
    """The index of a cache that is whole, as a power cut may leave it not."""
    try:
        index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        whole = (folder / "images.uint8").stat().st_size == len(index["names"]) * size * size * 3
    except (OSError, ValueError):
        return None
    return index if whole and not index.get("again") else None


def _decode_all(files, size, folder: Path, source, console) -> dict:
    """Decode every file and write the array and its index; `folder` appears whole or not at all. -> the index"""
    names, skipped, enlarged, unfinished = [], [*files.closed], 0, folder

    def one(name):
        try:
            data = files.read(name)
            return one_image.decode(data, size), one_image.shorter_side(data) < size
        except one_image.UnusableImageError as why:
            return str(why), False

    starts = range(0, len(files.names), AT_A_TIME)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}.unfinished-", dir=folder.parent))
        unfinished.chmod(0o755)
        with (
            open(unfinished / "images.uint8", "wb") as out,
            ThreadPoolExecutor(os.cpu_count()) as pool,
            warnings.catch_warnings(),
        ):
            warnings.simplefilter(
                "ignore"
            )  # Pillow's, of odd metadata and of sizes that `decode` looks at
            for start in track(
                starts, "reading faces", console=console, disable=not console.is_terminal
            ):
                some = files.names[start : start + AT_A_TIME]
                for name, (picture, small) in zip(some, pool.map(one, some), strict=True):
                    enlarged += small
                    if isinstance(picture, str):
                        skipped.append((name, picture))
                    else:
                        names.append(name)
                        out.write(picture.tobytes())
            out.flush()
            os.fsync(out.fileno())
        if not names:
            raise ValueError(
                f"faces.load: none of the {len(skipped)} files of {source} can be used as a picture; the "
                f"first, {_printable(skipped[0][0])}: {skipped[0][1]}."
            )
        # What could not be read although it may be (a network disk that was away) is asked for again the next time.
        again = any(
            why.startswith("cannot be read") and files.may_be_read(name) for name, why in skipped
        )
        index = {
            "source": str(source),
            "size": size,
            "names": names,
            "skipped": skipped,
            "enlarged": enlarged,
            "again": again,
        }
        with open(unfinished / "index.json", "w", encoding="utf-8") as out:
            json.dump(index, out)
            out.flush()
            os.fsync(out.fileno())
        if _index_of(folder, size) is None:  # another process may have been first
            shutil.rmtree(folder, ignore_errors=True)
            unfinished.rename(folder)
        return index
    except OSError as error:
        raise ValueError(
            f"faces.load: the cache {folder.parent} cannot be written: {error.strerror or error}. Make "
            "room, or choose another folder."
        ) from error
    finally:
        if unfinished != folder:
            shutil.rmtree(unfinished, ignore_errors=True)


def _printable(name: str) -> str:
    """A file's name on one line, whatever bytes it has."""
    return (
        name.encode("utf-8", "backslashreplace").decode().replace("\n", "\\n").replace("\t", "\\t")
    )


def _free_memory(root=Path("/")) -> float:
    """Bytes that could be had now, of the machine and within its container; where the system does not tell, 4 GB."""
    try:
        free = 1024.0 * _numbers_of(root / "proc/meminfo")["MemAvailable:"]
    except (OSError, KeyError):
        free = 4e9
    try:  # a control group's limit; pages of files that were read (inactive) are given back when asked for
        group = root / "sys/fs/cgroup"
        limit, used = (int((group / name).read_text()) for name in ("memory.max", "memory.current"))
        return min(free, limit - used + _numbers_of(group / "memory.stat")["inactive_file"])
    except (OSError, KeyError, ValueError):  # no limit: "max"
        return free


def _numbers_of(file) -> dict[str, int]:
    return {line.split()[0]: int(line.split()[1]) for line in file.read_text().splitlines()}
