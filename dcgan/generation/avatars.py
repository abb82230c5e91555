"""A face for every player: the same id gives the same face for ever, and another id another face.

    id -> z -> face:  z is a function of the id's text and a seed alone, the face of z and the generator.

Nothing is remembered between ids and nothing is drawn in order, so the ids may come in any order, in
any number, from any process: the faces are the same. Memory does not grow with their number.
"""

import contextlib
import csv
import dataclasses
import hashlib
import io
import itertools
import json
import sqlite3
import sys
import tempfile
import urllib.parse
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from dcgan.generation import writers
from dcgan.generation.stored_zip import StoredZip
from dcgan.generation.trained_generator import BLOCK, Generator
from gan_core import checks
from gan_core.runs import files

LONGEST_ID = 1000  # characters
LONGEST_NAME = 200  # characters of a file's name, of the 255 that most disks allow
RESERVED = {
    "CON",
    "PRN",
    "AUX",
    "NUL",
    *(f"{port}{i}" for port in ("COM", "LPT") for i in range(1, 10)),
}  # by Windows
MARK = (
    ".avatars.json"  # in a folder that is not finished: with which seed and generator it was begun
)
INDEX = "index.csv"
PNG_END = b"IEND\xaeB`\x82"  # the last bytes of every PNG file


def latents(ids, dim: int, seed: int = 0) -> np.ndarray:
    """z of each id: a list of n texts -> [n, dim] float32, from N(0, I).

    The bits are SHAKE-128("seed/id") (FIPS 202: a hash that gives as many bytes as one asks for), made
    normal as in `gan_core.rng.normal`; rng itself has one seed for a whole array, and here each row
    needs its own. Two ids share their z only if their hashes do, which nobody can bring about.
    """
    checks.integer("latents", "dim", dim, 1)
    checks.integer("latents", "seed", seed, -(2**63), 2**63 - 1)
    half = (dim + 1) // 2
    bits = b"".join(hashlib.shake_128(f"{seed}/{one}".encode()).digest(8 * half) for one in ids)
    numbers = np.frombuffer(bits, "<u4").reshape(-1, 2, half)
    u, v = np.moveaxis((numbers >> 8) * 2.0**-24 + 2.0**-25, 1, 0)  # 24 bits, on (0, 1)
    radius, angle = np.sqrt(-2.0 * np.log(u)), 2.0 * np.pi * v
    both = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return both[:, :dim].astype(np.float32)


def read_ids(file) -> Iterator[str]:
    """The ids in a UTF-8 text file, one a line; "-" reads standard input. White space around an id and
    blank lines are passed over. ValueError, with the line's number, for what is no id."""
    try:
        with contextlib.ExitStack() as stack:
            if str(file) == "-":
                binary = sys.stdin.buffer
            else:
                binary = stack.enter_context(open(file, "rb"))
            lines = io.TextIOWrapper(binary, encoding="utf-8-sig")
            stack.callback(lines.detach)  # standard input is not ours to close
            for number in itertools.count(1):
                line = lines.readline(LONGEST_ID + 2)
                if not line:
                    return
                if len(line.rstrip("\n")) > LONGEST_ID:
                    checks.fail(
                        "ids",
                        f"line {number} of {file}",
                        f"an id of at most {LONGEST_ID:,} characters",
                        "a longer one",
                    )
                if line.strip():
                    yield line.strip()
    except OSError as error:
        raise ValueError(
            f"ids: {file} cannot be read: {error.strerror or error}. Give a text file with an id a "
            "line, or - for standard input."
        ) from error
    except UnicodeDecodeError as error:
        raise ValueError(
            f"ids: {file} must be UTF-8 text, got {error}. Save it as UTF-8."
        ) from error


def first_times(ids: Iterable[str]) -> Iterator[str]:
    """The ids without those that came before. What was seen lies in a temporary database on the disk."""
    with contextlib.closing(sqlite3.connect("")) as seen:
        seen.execute("PRAGMA journal_mode = OFF")
        seen.execute("CREATE TABLE seen (id TEXT PRIMARY KEY) WITHOUT ROWID")
        for one in ids:
            if seen.execute("INSERT OR IGNORE INTO seen VALUES (?)", [one]).rowcount:
                yield one


def part_of(file, part: int, parts: int) -> Iterator[str]:
    """The part-th of `parts` shares, from 1 on, of the different ids in a file: a contiguous piece in the order of
    their first lines, so that the shares, one after the other, are all of them. The file is read twice: a first time
    to count. ValueError if there are fewer ids than parts."""
    if str(file) == "-":
        checks.fail(
            "ids",
            "a list of ids of which one part is made",
            "a file",
            "standard input",
            "It is read twice, and each process reads it.",
        )
    count = sum(1 for _ in first_times(read_ids(file)))
    if 0 < count < parts:
        checks.fail(
            "generate",
            "part",
            f"one of at most {count:,}, as many as there are different ids",
            f"{part}/{parts}",
        )
    yield from itertools.islice(
        first_times(read_ids(file)), count * (part - 1) // parts, count * part // parts
    )


def file_name(one: str) -> str:
    """Where the face of an id lies: 3f/anna%20b.png, a pure function of the id.

    Whatever is not a letter, a digit or one of _.-~ is percent-encoded as in a URL (urllib.parse.unquote gives it
    back), a leading dot, and the first letter of what Windows keeps for itself (con, nul, com1, ...); of a long name
    the end gives way to a hash. The folder, one of 256, is from a hash too: a million files in one would be slow to
    list. (Disks that hold Bob and bob for one name can keep only one of them if their folders agree as well; the .zip
    keeps both.)
    """
    name = urllib.parse.quote(one, safe="")
    if name.startswith(".") or name.split(".")[0].upper() in RESERVED:
        name = f"%{ord(name[0]):02X}{name[1:]}"
    if len(name) > LONGEST_NAME:  # "%~" comes out of no other id: after a % there are two digits
        name = f"{name[: LONGEST_NAME - 34]}%~{hashlib.blake2b(one.encode(), digest_size=16).hexdigest()}"
    return f"{hashlib.blake2b(one.encode(), digest_size=1).hexdigest()}/{name}.png"


def faces(
    ids: Iterable[str], generator: Generator, seed: int = 0
) -> Iterator[tuple[list[str], np.ndarray]]:
    """(ids, their faces uint8 [n, S, S, 3]), a block at a time."""
    ids = iter(ids)
    while block := list(itertools.islice(ids, BLOCK)):
        yield block, generator(latents(block, generator.latent_dim, seed))


@dataclasses.dataclass
class Written:
    """What `write` did."""

    ids: int = 0
    """different ids"""
    repeated: int = 0
    """lines with an id that came before"""
    made: int = 0
    """faces made now: fewer than ids, if an earlier run had made some"""


def write(ids: Iterable[str], generator: Generator, out, seed: int = 0) -> Written:
    """Make the face of every id, and index.csv with its rows id,file.

    out: FILE.zip, or a folder. The zip exists whole or not at all. A folder grows file by file: if it was
    stopped, the same call goes on with what is missing, and index.csv appears at the end.
    """
    out, done = Path(out), Written()
    if out.suffix.lower() == ".npz":
        checks.fail("generate", "out", "a folder or FILE.zip where there are ids", str(out))
    fresh = _counted(ids, done)
    fresh = itertools.chain(
        [next(fresh)], fresh
    )  # ids that cannot be read are told before anything is made
    if out.suffix.lower() == ".zip":
        files.write_atomically(
            writers.new_place(out), lambda file: _zip(file, fresh, generator, out, seed, done)
        )
    else:
        try:
            _folder(out, fresh, generator, seed, done)
        except OSError as error:
            raise files.cannot_write(out, error) from error
    return done


def _counted(ids, done):
    """The ids without repetitions, counted; none at all is an error."""

    def count_all():
        for one in ids:
            done.repeated += 1  # until it is found to be new
            yield one

    for one in first_times(count_all()):
        done.ids, done.repeated = done.ids + 1, done.repeated - 1
        yield one
    if not done.ids:
        checks.fail("ids", "the list of ids", "at least one id", "none")


def _listed(ids, index):
    """The ids as they pass, each with a row in the index."""
    rows = csv.writer(index, lineterminator="\n")
    rows.writerow(["id", "file"])
    for one in ids:
        rows.writerow([one, file_name(one)])
        yield one


def _zip(file, ids, generator, out, seed, done):
    with tempfile.TemporaryFile(dir=out.parent) as index, StoredZip(file, out.parent) as archive:
        text = io.TextIOWrapper(index, encoding="utf-8", newline="")
        for block, images in faces(_listed(ids, text), generator, seed):
            for one, data in zip(block, writers.pngs(images), strict=True):
                archive.add(file_name(one), data)
            done.made += len(block)
        text.flush()
        archive.add_file(INDEX, index)


def _folder(out, ids, generator, seed, done):
    """What is there of an earlier run with the same seed and generator is kept and not made again."""
    mark, index = out / MARK, out / f".{INDEX}.unfinished"
    probe = hashlib.blake2b(
        generator(latents(["", "a"], generator.latent_dim)).tobytes(), digest_size=16
    ).hexdigest()
    begun = json.dumps({"seed": seed, "faces of the generator": probe})
    if not mark.is_file():
        writers.new_place(out).mkdir(exist_ok=True)
        files.write_atomically(mark, lambda file: file.write(begun.encode()))
    elif mark.read_text(encoding="utf-8") != begun:
        checks.fail(
            "generate",
            "out",
            "a new folder, or one begun with this seed and generator",
            str(out),
            "Choose another name; nothing was overwritten.",
        )
    with open(index, "w", encoding="utf-8", newline="") as text:
        missing = (one for one in _listed(ids, text) if not _is_whole(out / file_name(one)))
        for block, images in faces(missing, generator, seed):
            for one, data in zip(block, writers.pngs(images), strict=True):
                _whole_file(out / file_name(one), data)
            done.made += len(block)
    index.replace(out / INDEX)
    mark.unlink()


def _is_whole(path) -> bool:
    """Whether the picture is there: a power cut may leave a file without its bytes."""
    return path.exists() and path.read_bytes().endswith(PNG_END)


def _whole_file(path, data):
    path.parent.mkdir(exist_ok=True)
    unfinished = path.with_name(".unfinished")
    unfinished.write_bytes(data)
    unfinished.replace(path)
