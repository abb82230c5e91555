"""Read pictures into one uint8 array, and keep it in a cache for the next time.

    faces = load("my_faces.zip", size=64)
    faces.images                            # uint8 [N, 64, 64, 3], in the order of the files' names
    faces.skipped                           # (name, why) of each file that gave no picture
    print(faces.summary())                  # what was read, enlarged and passed over, in one line

20,000 faces of 64 x 64 take 246 MB as uint8, and would take 983 MB as float32. The array is kept in
a file beside a fingerprint of the source's files (names, sizes, dates and times of their last
change) and of the form to which they were converted. If it is too large for the memory it stays
there, and `images` is a memory map of the file (`numpy.memmap`).

The cache is `runs/cache` in the working folder, or the folder `cache`. To clear it, delete it. If
it cannot be written, the faces are read again each time.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
import tempfile
import time
import warnings
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress

from dcgan.data import images as one_image
from dcgan.data import sources
from dcgan.data.form import USUAL, Form
from dcgan.data.images import Budget, Picture, UnusableImageError
from dcgan.data.mapped import let_go
from dcgan.data.sources import Member, PassedOver, Source
from gan_core import checks
from gan_core.files import text_atomically

CACHE = Path("runs/cache")
VERSION = 5  # of what `images.decode` makes of a file: part of the fingerprint
AT_A_TIME = 1024  # pictures whose checksum is taken together
FILES_IN_MEMORY = 512_000_000  # bytes of files that are read but not decoded yet
UNFINISHED = ".unfinished-"  # how the names of caches begin that are being written
DAY = 86_400.0  # seconds without a change after which one is taken for a killed process's
NAME_BYTES = 60  # of the source's name, in the name of its cache

PLURALS = {
    sources.HIDDEN: "hidden or system entries",
    sources.OWN: "folders of this package's output",
}


@dataclasses.dataclass(frozen=True)
class Faces:
    """What a source gave.

    Example:
        >>> import numpy as np
        >>> faces = load(np.zeros([3, 16, 16, 3], np.uint8), size=16)
        >>> faces.summary()
        '3 faces of 16 x 16 pixels'
    """

    images: np.ndarray
    """uint8 [N, size, size, 3], or [N, size, size, 1] where the form is grey"""
    names: list[str]
    """of the files, as paths from the source"""
    skipped: list[tuple[str, str]]
    """files passed over, and closed folders: (name, why)"""
    enlarged: int = 0
    """how many pictures were smaller than size x size"""
    kinds: dict[str, int] = dataclasses.field(default_factory=dict)
    """how many files were passed over, by kind"""
    left_out: dict[str, int] = dataclasses.field(default_factory=dict)
    """entries that are no data (hidden, system, of this package), by kind"""
    not_square: int = 0
    """how many pictures were not square"""
    form: Form = USUAL
    """what was made of them, of transparent ones and of colours"""

    @property
    def in_memory(self) -> bool:
        """Whether `images` is an array in memory, not a window on a file."""
        return not isinstance(self.images, np.memmap)

    def checksum(self) -> str:
        """`checksum` of all pixels; it must be the same when a run is resumed."""
        return checksum(self.images)

    def summary(self) -> str:
        """One line: how many were read, made square, enlarged, skipped and left out."""
        size = self.images.shape[1]
        kind = "grey face" if self.form.colours == "grey" else "face"
        parts = [f"{_counted(len(self.images), kind)} of {size} x {size} pixels"]
        if self.not_square:
            parts.append(f"not square: {_counted(self.not_square, 'picture')}, {self.form.done}")
        if self.enlarged:
            small = _counted(self.enlarged, "small picture")
            parts.append(f"{small} enlarged, and so blurred")
        if self.kinds:
            parts.append(f"passed over: {_listed(self.kinds)}")
        if self.left_out:
            parts.append(f"left out: {_listed(self.left_out)}")
        return "; ".join(parts)

    def write_skipped(self, path: str | os.PathLike) -> None:
        """Write a line for each skipped file: its name, a tab, the reason."""
        lines = [f"{_printable(name)}\t{_printable(why)}\n" for name, why in self.skipped]
        text_atomically(path, "".join(lines))


def load(
    source: str | os.PathLike | np.ndarray,
    size: int = 64,
    *,
    form: Form = USUAL,
    cache: str | os.PathLike | None = CACHE,
    memory: float | None = None,
    console: Console | None = None,
) -> Faces:
    """Read all pictures of a source, as squares of `size` pixels (`images.decode`).

    `dcgan.data.sources` describes which files of a source are read. Files that cannot be used are
    skipped and listed.

    Args:
        source: a folder, a zip, a tar, a .npy or .npz file, or an array of uint8 [N, H, W, 3].
        size: height and width of each face in pixels.
        form: how to convert pictures that are not square, transparent pictures, and colours.
        cache: the folder where arrays are kept; None: nowhere.
        memory: bytes that `images` may take; None: a quarter of what is free now (TensorFlow makes
            a copy of them).
        console: where the progress bar is drawn, if it is a terminal or a notebook.

    Raises:
        ValueError: if there is no such path, no usable picture in it, if it is broken, encrypted
            or of another kind, or if the faces fit neither the cache nor the memory.
    """
    checks.integer("faces.load", "size", size, 8, 1024)
    console = console or Console(stderr=True)
    if isinstance(source, np.ndarray):
        return _from_array(source, size, form)
    path = _path_of(source)
    cache = None if cache is None else Path(cache)
    allowed = free_memory() / 4 if memory is None else memory
    with sources.open_source(path, cache) as files:
        if not files.count:
            sources.refuse(_emptiness(path, files))
        if cache is None:
            return _into_memory(files, size, form, path, allowed, console)
        folder = cache / _cache_name(path, size, form, files.stamp)
        index = _index_of(folder, size, form)
        if index is None:
            try:
                index = _into_cache(files, size, form, path, folder, console)
            except _CacheError as error:
                _say(console, f"The cache {cache} cannot be written ({error}): going on without.")
                return _into_memory(files, size, form, path, allowed, console)
        left_out = files.left_out + collections.Counter(index["left_out_inside"])
    shape = (len(index["names"]), size, size, form.channels)
    images = np.memmap(folder / "images.uint8", np.uint8, "r", shape=shape)
    if images.nbytes <= allowed:
        images = np.array(images)
    return _faces(images, index, form, left_out)


def checksum(images: np.ndarray) -> str:
    """CRC-32 of all pixels, in hexadecimal.

    Args:
        images: uint8 [N, S, S, C], in memory or a window on a file.
    """
    value = 0
    for start in range(0, len(images), AT_A_TIME):
        value = zlib.crc32(np.ascontiguousarray(images[start : start + AT_A_TIME]), value)
        let_go(images)
    return f"{value:08x}"


def check_exists(source: str | os.PathLike) -> None:
    """Check that there is a folder or a file at this path. Nothing in it is read.

    Args:
        source: the path, as for `load`.

    Raises:
        ValueError: if there is neither; the message is that of `load`.
    """
    sources.mode_of(_path_of(source))


def split(n: int, seed: int, share: float = 0.1, most: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    """Divide n faces into those to learn from and those to hold aside for judging.

    The division is the same for the same n and seed. If there are at least two faces, at least one
    is held aside.

    Args:
        n: how many faces there are.
        seed: the seed of the choice.
        share: the share of the faces to hold aside, between 0 and 1.
        most: faces that are held aside at most.

    Returns:
        Two ascending arrays of indices, disjoint, together 0, ..., n - 1.
    """
    from gan_core import rng  # TensorFlow takes seconds; who only reads pictures need not wait

    checks.integer("faces.split", "n", n, 0)
    checks.number("faces.split", "share", share, above=0.0, below=1.0)
    checks.integer("faces.split", "most", most, 1)
    order = rng.permutation(n, rng.seed(seed, "held aside")).numpy()
    held = min(most, max(1, round(share * n))) if n > 1 else 0
    return np.sort(order[held:]), np.sort(order[:held])


# ---------------------------------------------------------------- reading


def _path_of(source: str | os.PathLike) -> Path:
    """The source as a path; an empty one, as from an unset shell variable, is refused."""
    if not str(source).strip():
        sources.refuse("an empty name", "For the working folder, say a point: .")
    path = Path(source)
    if path.parts[:1] and path.parts[0].startswith("~") and not os.path.lexists(path):
        with contextlib.suppress(RuntimeError):  # no such user
            return path.expanduser()
    return path


def _emptiness(path: Path, files: Source) -> str:
    """Why nothing of this source is data."""
    closed = [one for one in files.passed_over if one.kind == sources.CLOSED]
    if closed:
        return f"{path}, where {closed[0].name} {closed[0].why}"
    counts = collections.Counter(files.left_out)
    counts.update(one.kind for one in files.passed_over)
    if counts:
        return f"{path}, where there is nothing but {_listed(counts)}"
    return f"{path}, which is empty"


def _from_array(array: np.ndarray, size: int, form: Form) -> Faces:
    """An array in Python."""
    sources.check_array("an array", array.shape, array.dtype)
    if not len(array):
        sources.refuse("an array without pictures")
    names = [f"{i}" for i in range(len(array))]
    if array.shape[1:] == (size, size, form.channels):
        return Faces(array, names, [], form=form)
    pictures = [one_image.from_array(pixels, size, form) for pixels in array]
    return Faces(
        np.stack([picture.pixels for picture in pictures]),
        names,
        [],
        enlarged=sum(picture.is_enlarged for picture in pictures),
        not_square=sum(not picture.is_square for picture in pictures),
        form=form,
    )


def _decoded(
    files: Source, size: int, form: Form, console: Console
) -> Iterator[tuple[str, Picture | UnusableImageError]]:
    """Every member's name and picture, or why there is none, in the source's order."""
    budget = Budget(FILES_IN_MEMORY)
    threads = os.cpu_count() or 1
    waiting: collections.deque[tuple[str, Future]] = collections.deque()
    quiet = not (console.is_terminal or console.is_jupyter)
    with (
        ThreadPoolExecutor(threads) as pool,
        warnings.catch_warnings(),
        Progress(console=console, disable=quiet) as progress,
    ):
        warnings.simplefilter("ignore")  # Pillow's, of odd metadata and sizes that `read` looks at
        bar = progress.add_task("reading faces", total=files.count)
        try:
            for member in files.members():
                waiting.append((member.name, _submitted(pool, member, size, form, budget)))
                if len(waiting) > 8 * threads:
                    name, future = waiting.popleft()
                    yield name, future.result()
                    progress.update(bar, advance=1, total=files.count)
            for name, future in waiting:
                yield name, future.result()
                progress.update(bar, advance=1)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _submitted(
    pool: ThreadPoolExecutor, member: Member, size: int, form: Form, budget: Budget
) -> Future:
    """Have a member decoded in the pool; its bytes count as used from here until that is done."""
    taken = budget.take(min(member.size, one_image.MOST_BYTES))
    get = member.read
    if member.in_order:
        get = _kept(member.read)

    def one() -> Picture | UnusableImageError:
        try:
            data = get()
            if isinstance(data, np.ndarray):
                return one_image.from_array(data, size, form)
            return one_image.read(data, size, form)
        except UnusableImageError as why:
            return why
        except MemoryError:
            return UnusableImageError("too large for the memory", "too large file")
        finally:
            budget.give_back(taken)

    return pool.submit(one)


def _kept(read: Callable) -> Callable:
    """Read now, and return a function that returns the bytes or raises the error."""
    try:
        data = read()
    except UnusableImageError as error:
        why = error

        def fail() -> bytes:
            raise why

        return fail
    return lambda: data


def _read_all(
    files: Source,
    size: int,
    form: Form,
    source: Path,
    console: Console,
    add: Callable[[np.ndarray], None],
) -> dict:
    """Decode every member and hand its pixels to `add`. -> the index of what was read"""
    names: list[str] = []
    passed_over: list[PassedOver] = [*files.passed_over]
    enlarged = 0
    not_square = 0
    with contextlib.closing(_decoded(files, size, form, console)) as decoded:
        for name, picture in decoded:
            if isinstance(picture, UnusableImageError):
                passed_over.append(PassedOver(name, str(picture), picture.kind))
                continue
            names.append(name)
            enlarged += picture.is_enlarged
            not_square += not picture.is_square
            add(picture.pixels)
    if not names:
        first = passed_over[0]
        raise ValueError(
            f"faces.load: none of the {len(passed_over)} files of {_printable(str(source))} can be "
            f"used as a picture; the first, {_printable(first.name)}: {first.why}."
        )
    # What could not be read although it may be (a network disk that was away) is asked for again.
    again = any(
        one.kind == sources.UNREADABLE and files.may_be_read(one.name) for one in passed_over
    )
    return {
        "source": str(source),
        "size": size,
        "names": names,
        "skipped": passed_over,
        "enlarged": enlarged,
        "not_square": not_square,
        "left_out_inside": dict(files.left_out_inside),
        "again": again,
    }


def _into_memory(
    files: Source, size: int, form: Form, source: Path, allowed: float, console: Console
) -> Faces:
    """Decode every member into an array in memory."""
    pixels = bytearray()

    def add(picture: np.ndarray) -> None:
        if len(pixels) + picture.nbytes > allowed:
            raise ValueError(
                f"faces.load: the faces of {_printable(str(source))} need more than the "
                f"{allowed / 1e9:.3g} GB of memory that may be used. Choose a cache that can be "
                "written, or make them smaller."
            )
        pixels.extend(picture.tobytes())

    index = _read_all(files, size, form, source, console, add)
    images = np.frombuffer(pixels, np.uint8).reshape(-1, size, size, form.channels)
    return _faces(images, index, form, files.left_out + files.left_out_inside)


def _faces(
    images: np.ndarray, index: dict, form: Form, left_out: collections.Counter[str]
) -> Faces:
    passed_over = [PassedOver(*one) for one in index["skipped"]]
    return Faces(
        images,
        index["names"],
        [(one.name, one.why) for one in passed_over],
        index["enlarged"],
        dict(collections.Counter(one.kind for one in passed_over)),
        dict(left_out),
        index["not_square"],
        form,
    )


# ---------------------------------------------------------------- the cache


class _CacheError(Exception):
    """The cache cannot be written; the text says why."""


@contextlib.contextmanager
def _cache_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _CacheError(error.strerror or str(error)) from error


def _cache_name(source: Path, size: int, form: Form, stamp: list) -> str:
    """A name that every file system allows; the source's own may be too long, or not be text."""
    # A newer Pillow may know a format whose pictures were passed over.
    made = [VERSION, one_image.formats(), size, dataclasses.asdict(form), stamp]
    key = hashlib.sha256(json.dumps(made).encode()).hexdigest()[:16]
    stem = source.resolve().stem.encode("utf-8", "replace")[:NAME_BYTES].decode("utf-8", "ignore")
    return f"{stem}-{size}-{key}"


def _index_of(folder: Path, size: int, form: Form) -> dict | None:
    """The index of a cache; None if it is incomplete, for example after a power cut."""
    try:
        index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        wanted = len(index["names"]) * size * size * form.channels
        whole = (folder / "images.uint8").stat().st_size == wanted
    except (OSError, ValueError):
        return None
    return index if whole and not index.get("again") else None


def _into_cache(
    files: Source, size: int, form: Form, source: Path, folder: Path, console: Console
) -> dict:
    """Decode every member and write the array and its index. -> the index

    `folder` appears whole or not at all.
    """
    with _cache_errors():
        folder.parent.mkdir(parents=True, exist_ok=True)
        _remove_what_killed_processes_left(folder.parent)
        unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=folder.parent))
    try:
        with _cache_errors():
            unfinished.chmod(0o755)
            out = open(unfinished / "images.uint8", "wb")  # noqa: SIM115 (closed below)

        def add(picture: np.ndarray) -> None:
            with _cache_errors():
                out.write(picture.tobytes())

        try:
            index = _read_all(files, size, form, source, console, add)
        finally:
            with _cache_errors():
                _close_safely(out)
        with _cache_errors():
            with open(unfinished / "index.json", "w", encoding="utf-8") as text:
                json.dump(index, text)
                _close_safely(text)
            if _index_of(folder, size, form) is None:  # another process may have been first
                shutil.rmtree(folder, ignore_errors=True)
                unfinished.rename(folder)
        return index
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _remove_what_killed_processes_left(cache: Path) -> None:
    """Remove caches that nobody finishes: of a million faces one takes 12 GB of the disk."""
    for unfinished in cache.glob(f"{UNFINISHED}*"):
        with contextlib.suppress(OSError):  # another process has finished or removed it
            newest = max(one.stat().st_mtime for one in [unfinished, *unfinished.iterdir()])
            if time.time() - newest > DAY:
                shutil.rmtree(unfinished, ignore_errors=True)


def _close_safely(file) -> None:
    """Close a file so that its content is on the disk when this returns."""
    with file:
        file.flush()
        os.fsync(file.fileno())


# ---------------------------------------------------------------- words and numbers


def _counted(count: int, kind: str) -> str:
    """1 face, 2 faces."""
    if count == 1:
        return f"1 {kind}"
    plural = PLURALS.get(kind, f"{kind}s")
    return f"{count:,} {plural}"


def _listed(kinds: dict[str, int]) -> str:
    return ", ".join(_counted(kinds[kind], kind) for kind in sorted(kinds))


def _say(console: Console, text: str) -> None:
    """Print one line; an error while printing is ignored."""
    with contextlib.suppress(OSError, UnicodeError):
        console.print(_printable(text), markup=False, highlight=False, soft_wrap=True)


def _printable(name: str) -> str:
    """A file's name on one line, also if it has unusual bytes."""
    name = name.encode("utf-8", "backslashreplace").decode()
    return name.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def free_memory(root: Path = Path("/")) -> float:
    """The free memory in bytes, of the machine and within its container.

    4 GB if the system does not say.
    """
    try:
        free = 1024.0 * _numbers_of(root / "proc/meminfo")["MemAvailable:"]
    except (OSError, KeyError):
        free = 4e9
    # A control group's limit. Pages of files that were read (inactive) are given back on demand.
    try:
        group = root / "sys/fs/cgroup"
        limit = int((group / "memory.max").read_text(encoding="utf-8"))
        used = int((group / "memory.current").read_text(encoding="utf-8"))
        given_back = _numbers_of(group / "memory.stat")["inactive_file"]
        return min(free, limit - used + given_back)
    except (OSError, KeyError, ValueError):  # no limit: "max"
        return free


def _numbers_of(file: Path) -> dict[str, int]:
    """Lines of a name, a number and possibly a unit."""
    words = [line.split() for line in file.read_text(encoding="utf-8").splitlines()]
    return {name: int(number) for name, number, *_ in words}
