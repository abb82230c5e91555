"""A face for every player: the same id always gives the same face, another id another face.

    id -> z -> face:  z depends only on the id's text and a seed, the face only on z and G.

Nothing is remembered from one id to the next. So the faces are the same for any order and number of
ids, and in any process. The memory needed does not grow with their number.

With a generator that was trained with labels each id has a label too; it depends on the id, with
the data's frequencies. A value that is asked for replaces that of the id; z and the other factors
stay the same.
"""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import functools
import hashlib
import io
import itertools
import json
import os
import tempfile
import urllib.parse
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, TextIO

import numpy as np

from dcgan.generation import png, writers
from dcgan.generation.ids import Ids
from dcgan.generation.stored_zip import StoredZip
from gan_core import checks, files

if TYPE_CHECKING:
    from dcgan.data.labels import Asked
    from dcgan.generation.trained_generator import Generator

BLOCK = 256  # faces that a thread makes at a time
LONGEST_NAME = 200  # characters of a file's name, of the 255 that most disks allow


def latents(ids: Iterable[str], dim: int, seed: int = 0) -> np.ndarray:
    """z of each id, from N(0, I).

    The random bits are SHAKE-128("seed/id") (FIPS 202: a hash of any length), turned into normal
    numbers as in `gan_core.rng.normal`. (rng has one seed for a whole array, and here each row
    needs its own.) Two ids have the same z only if their hashes are equal, which nobody knows how
    to bring about.

    Args:
        ids: n texts.
        dim: how many numbers z has.
        seed: a different seed gives every id a different z.

    Returns:
        [n, dim] float32.

    Raises:
        ValueError: if ids is a single text, or dim or seed is out of range.
    """
    if isinstance(ids, str | bytes):
        checks.fail("latents", "ids", "a list of texts", f"the single {ids!r}")
    checks.integer("latents", "dim", dim, 1)
    checks.integer("latents", "seed", seed, -(2**63), 2**63 - 1)
    half = (dim + 1) // 2
    bits = b"".join(hashlib.shake_128(f"{seed}/{one}".encode()).digest(8 * half) for one in ids)
    numbers = np.frombuffer(bits, "<u4").reshape(-1, 2, half)
    uniform = (numbers >> 8) * 2.0**-24 + 2.0**-25  # 24 bits, on (0, 1)
    radius = np.sqrt(-2.0 * np.log(uniform[:, 0]))
    angle = 2.0 * np.pi * uniform[:, 1]
    both = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return both[:, :dim].astype(np.float32)


def file_name(one: str) -> str:
    """The file of an id's face, such as 3f/anna%20b.png; it depends only on the id.

    Characters other than letters, digits and _.-~ are percent-encoded as in a URL
    (urllib.parse.unquote decodes them). So are a leading dot, and the first letter of names that
    Windows reserves (con, nul, com1, ...). The end of a long name is replaced by a hash. The folder
    is one of 256, chosen by a hash, because a folder with a million files would be slow to list.
    (On a disk that does not distinguish Bob and bob, a folder is refused if two ids would share a
    file; a .zip keeps both.)
    """
    name = urllib.parse.quote(one, safe="")
    if name.startswith(".") or name.split(".")[0].upper() in files.RESERVED_ON_WINDOWS:
        name = f"%{ord(name[0]):02X}{name[1:]}"
    if len(name) > LONGEST_NAME:  # "%~" comes out of no other id: after a % there are two digits
        digest = hashlib.blake2b(one.encode(), digest_size=16).hexdigest()
        name = f"{name[: LONGEST_NAME - 34]}%~{digest}"
    return f"{hashlib.blake2b(one.encode(), digest_size=1).hexdigest()}/{name}.png"


@dataclasses.dataclass(frozen=True)
class Painter:
    """ids -> their faces."""

    generator: Generator
    seed: int = 0
    asked: Asked = dataclasses.field(default_factory=dict)
    """values of factors that all faces shall have"""

    def __call__(self, ids: Sequence[str]) -> np.ndarray:
        """uint8 [n, S, S, C]."""
        z = latents(ids, self.generator.latent_dim, self.seed)
        return self.generator(z, self.labels(ids))

    def labels(self, ids: Sequence[str]) -> np.ndarray | None:
        """The labels of ids, [n, f] int32; None: the generator knows none."""
        known = self.generator.labels
        if known is None:
            return None
        return known.with_asked(known.of_ids(ids, self.seed), self.asked)

    def columns(self) -> list[str]:
        """The factors' names, which head the columns of the index."""
        return [] if self.generator.labels is None else list(self.generator.labels.factors)

    def words(self, one: str) -> list[str]:
        """The values of an id's label, one for each column."""
        labels = self.labels([one])
        return [] if labels is None else self.generator.labels.words(labels[0])


class Listed(NamedTuple):
    """An id, and the name of its face's file."""

    one: str
    file: str


@contextlib.contextmanager
def pictures(listed: Iterable[Listed], painter: Painter) -> Iterator[Iterator[tuple[str, bytes]]]:
    """The PNG files of ids' faces, in the order of the ids; several blocks are made at once.

    Args:
        listed: the ids, and their files' names.
        painter: makes the faces; it is called from several threads.

    Yields:
        An iterator of (name of the file, its bytes).
    """
    make = functools.partial(_pictures_of, painter)
    with writers.in_threads(make, _blocks(listed)) as blocks:
        yield itertools.chain.from_iterable(blocks)


def _blocks(listed: Iterable[Listed]) -> Iterator[list[Listed]]:
    listed = iter(listed)
    while block := list(itertools.islice(listed, BLOCK)):
        yield block


def _pictures_of(painter: Painter, block: list[Listed]) -> list[tuple[str, bytes]]:
    images = painter([one for one, _ in block])
    return list(zip([file for _, file in block], png.encode(images), strict=True))


@dataclasses.dataclass
class Written:
    """The result of `write`."""

    ids: int = 0
    """different ids"""
    repeated: int = 0
    """lines with an id that had occurred before"""
    made: int = 0
    """faces made now: fewer than ids, if an earlier run had made some"""


def write(
    ids: Iterable[str],
    generator: Generator,
    out: str | os.PathLike,
    seed: int = 0,
    *,
    part: tuple[int, int] | None = None,
    overwrite: bool = False,
    asked: Asked | None = None,
) -> Written:
    """Make the face of every id, and index.csv with rows of id, file and the labels, if any.

    The whole list is read and checked before anything is made. Only one process at a time may write
    an output; a second one is refused.

    Args:
        ids: texts, in any order, repeated or not; or `Ids`, which stay open.
        generator: makes the faces.
        out: FILE.zip, or a folder. The zip is complete or does not exist. A folder grows file by
            file: if the call was stopped, the same call makes the missing faces; index.csv is
            written at the end.
        seed: as for `latents`.
        part: (k, n): only the k-th of n shares of the different ids.
        overwrite: whether to replace an existing output.
        asked: values of factors that all faces shall have, for a generator with labels.

    Returns:
        How many ids there were, and how many faces were made.

    Raises:
        ValueError: if the list has no ids or an invalid one, if `out` exists or cannot be written,
            or another process writes it.
    """
    out = place(out, overwrite)
    painter = Painter(generator, seed, asked or {})
    with claimed(out, overwrite):
        if not isinstance(ids, Ids):
            with Ids(ids, out.parent) as distinct:
                return _write(distinct, painter, out, part, overwrite)
        return _write(ids, painter, out, part, overwrite)


@contextlib.contextmanager
def claimed(out: Path, overwrite: bool = False) -> Iterator[None]:
    """Within a `with` block, keep others from writing `out`; an unfinished folder counts as free.

    Args:
        out: a folder or FILE.zip.
        overwrite: whether a finished one may be there.

    Raises:
        ValueError: if something is there, or another process writes there.
    """
    with files.claimed(out, overwrite or _mark_of(out) is not None):
        yield


def place(out: str | os.PathLike, overwrite: bool = False) -> Path:
    """`out` as the path of a folder or a zip; ValueError if its name is another file's."""
    out = Path(out)
    if out.suffix.lower() == writers.NPZ:
        checks.fail("generate", "out", "a folder or FILE.zip where there are ids", str(out))
    return writers.place(out, overwrite)


def _write(
    ids: Ids,
    painter: Painter,
    out: Path,
    part: tuple[int, int] | None,
    overwrite: bool,
) -> Written:
    first, end = (0, ids.count) if part is None else ids.part(*part)
    done = Written(ids=end - first)
    if part is None:  # else they are of the whole list
        done.repeated = ids.repeated
    mine = ids.between(first, end)
    if writers.is_file(out):
        with files.claimed(out, overwrite):
            make = _zip_of(mine, painter, out.parent, done)
            files.write_atomically(out, make)
        return done
    _refuse_names_that_clash(ids, out)
    about = {
        "ids": ids.digest,
        "part": part,
        "seed": painter.seed,
        "faces of the generator": _fingerprint(painter.generator),
    }
    if painter.asked:
        about["labels asked for"] = dict(sorted(painter.asked.items()))
    mark = json.dumps(about)
    if overwrite and out.exists() and _mark_of(out) != mark:
        with files.folder_atomically(out, overwrite) as folder:
            _fill(folder, mine, painter, done)
        return done
    try:
        _go_on(out, mine, painter, done, mark)
    except OSError as error:
        raise files.cannot_write(out, error) from error
    return done


def _refuse_names_that_clash(ids: Ids, out: Path) -> None:
    """On a disk that does not distinguish Bob and bob, refuse a list that has both."""
    try:
        if files.distinguishes_case(out.parent):
            return
    except OSError as error:
        raise files.cannot_write(out, error) from error
    seen: dict[str, str] = {}
    for one in ids.alike():
        name = file_name(one).lower()
        if name in seen:
            checks.fail(
                "generate",
                "ids",
                "of which no two have one file name on a disk that ignores capitals",
                f"{seen[name]!r} and {one!r}",
                "Say --out FILE.zip, which keeps both.",
            )
        seen[name] = one


def _zip_of(ids: Iterator[str], painter: Painter, folder: Path, done: Written):
    """What writes the zip into a binary file."""

    def make(file: BinaryIO) -> None:
        with (
            tempfile.TemporaryFile(dir=folder) as index,
            StoredZip(file, folder) as archive,
        ):
            text = io.TextIOWrapper(index, encoding="utf-8", newline="")
            with pictures(_listed(ids, text, painter), painter) as made:
                for name, data in made:
                    archive.add(name, data)
                    done.made += 1
            text.flush()
            archive.add_file(writers.INDEX, index)

    return make


def _listed(ids: Iterable[str], index: TextIO, painter: Painter) -> Iterator[Listed]:
    """The ids as they pass, each with a row in the index."""
    rows = csv.writer(index, lineterminator="\n")
    rows.writerow([*writers.HEADING, *painter.columns()])
    for one in ids:
        name = file_name(one)
        rows.writerow([one, name, *painter.words(one)])
        yield Listed(one, name)


def _fingerprint(generator: Generator) -> str:
    """Of a generator, by two of its faces."""
    two = Painter(generator)(["", "a"])
    return hashlib.blake2b(two.tobytes(), digest_size=16).hexdigest()


def _mark_of(out: Path) -> str | None:
    mark = out / writers.MARK
    return mark.read_text(encoding="utf-8") if mark.is_file() else None


def _go_on(out: Path, ids: Iterator[str], painter: Painter, done: Written, mark: str) -> None:
    """Start a folder, or continue one of the same ids, labels, seed and generator."""
    begun = _mark_of(out)
    if begun is None:
        with files.claimed(out):  # refuses what is there
            out.mkdir(exist_ok=True)
        files.text_atomically(out / writers.MARK, mark)
    elif begun != mark:
        checks.fail(
            "generate",
            "out",
            "a new folder, or one begun with these ids, labels, this part, seed and generator",
            str(out),
            "Choose another name; nothing was overwritten.",
        )
    _fill(out, ids, painter, done)
    (out / writers.MARK).unlink()


def _fill(folder: Path, ids: Iterator[str], painter: Painter, done: Written) -> None:
    """Make the faces that are missing, then the index."""

    def write_index(file: BinaryIO) -> None:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        listed = _listed(ids, text, painter)
        missing = (one for one in listed if not _is_whole(folder / one.file))
        with pictures(missing, painter) as made:
            for name, data in made:
                _whole_file(folder / name, data)
                done.made += 1
        text.flush()
        text.detach()

    files.write_atomically(folder / writers.INDEX, write_index)


def _is_whole(path: Path) -> bool:
    """Whether the picture is there: a power cut may leave a file without its bytes."""
    return path.exists() and path.read_bytes().endswith(png.END)


def _whole_file(path: Path, data: bytes) -> None:
    """Write a file without flushing it to the disk each time; `_is_whole` detects damaged ones.

    Only this process writes in the folder, so one temporary name is enough.
    """
    unfinished = path.with_name(files.UNFINISHED)
    try:
        try:
            unfinished.write_bytes(data)
        except FileNotFoundError:  # the first file of this folder
            path.parent.mkdir(exist_ok=True)
            unfinished.write_bytes(data)
        unfinished.replace(path)
    except OSError as error:
        raise files.cannot_write(path, error) from error
