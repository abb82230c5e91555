"""Write faces to the disk: a folder of PNGs, a zip of PNGs, or one array.

The output is complete or does not exist, and the memory needed is constant.
"""

from __future__ import annotations

import collections
import contextlib
import itertools
import os
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np

from dcgan.generation import png
from dcgan.generation.stored_zip import StoredZip
from gan_core import checks, files

ZIP = ".zip"
NPZ = ".npz"
PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".avif", ".heic"}
OTHER_FILES = {
    *(".tar", ".gz", ".tgz", ".bz2", ".tbz", ".tbz2", ".xz", ".txz", ".zst", ".7z", ".rar", ".lz4"),
    *(".npy", ".h5", ".hdf5", ".tfrecord", ".parquet", ".pkl", ".pt", ".mat"),
    *(".csv", ".txt", ".json", ".pdf", ".svg", ".html", ".mp4", ".webm", ".avi", ".mov"),
}  # which no folder is called
INDEX = "index.csv"
HEADING = ("id", "file")  # of the index; the labels follow, if there are any
MARK = ".avatars.json"  # in an unfinished folder: its ids, seed and generator
OURS = re.compile(
    rf"\d{{5,}}\.png|[0-9a-f]{{2}}/[^/]*\.png|{re.escape(INDEX)}|{re.escape(MARK)}", re.DOTALL
)
"""What a folder holds: numbered faces, or those of ids (`avatars.file_name`), and their list."""
WITHOUT_WORTH = re.compile(rf"(\..*)?{re.escape(files.UNFINISHED)}|\.DS_Store|\._.*", re.DOTALL)
"""Names of temporary files, and of what macOS puts into folders."""
PICTURES_TO_READ = 100  # of a folder that is to be overwritten, before it is taken for our own
PICTURES_A_TASK = 16  # that a thread encodes at a time
MOST_THREADS = 4  # that compute blocks; each network needs some 100 MB, and may use more cores
Block = TypeVar("Block")
Item = TypeVar("Item")
Result = TypeVar("Result")


def write(blocks: Iterable[np.ndarray], count: int, out, overwrite: bool = False) -> None:
    """Write pictures to a new output, which does not exist until all is written.

    Args:
        blocks: the pictures, in arrays uint8 [n, S, S, C].
        count: how many they are together.
        out: FILE.zip, with 00000.png, ... in it, stored; FILE.npz, with the array `images`
            [count, S, S, C] uint8; any other name is a folder, of the same PNGs.
        overwrite: whether to replace what is there.

    Raises:
        ValueError: if something is there, another process writes it, or it cannot be written.
    """
    out = place(out, overwrite)
    if is_file(out):
        make = _npz if out.suffix.lower() == NPZ else _zip
        with files.claimed(out, overwrite), made_ahead(blocks) as ahead:
            files.write_atomically(out, lambda file: make(file, ahead, count, out.parent))
        return
    with files.folder_atomically(out, overwrite) as folder, made_ahead(blocks) as ahead:
        for name, data in _numbered(ahead, count):
            (folder / name).write_bytes(data)


def is_file(out: Path) -> bool:
    """Whether this name stands for one file, and not for a folder."""
    return out.suffix.lower() in (ZIP, NPZ)


def place(out, overwrite: bool = False) -> Path:
    """`out` as a path whose name says a folder, a zip or an npz.

    Args:
        out: the path.
        overwrite: whether to replace what is there; of a folder only one that holds nothing but
            what `generate` writes.

    Raises:
        ValueError: if the name is another file's, or the folder holds other things.
    """
    out = Path(out)
    suffix = out.suffix.lower()
    if suffix in PICTURES or suffix in OTHER_FILES:
        way_out = f"Nothing writes {suffix} here."
        if suffix in PICTURES:
            way_out = "For one picture of many faces there is --sheet."
        checks.fail("generate", "out", "a folder, FILE.zip or FILE.npz", str(out), way_out)
    if overwrite and out.is_dir() and not is_file(out):
        foreign = _first_foreign(out)
        if foreign is not None:
            came = f"{out}, which holds {foreign.relative_to(out)}"
            way_out = "Choose another name; nothing was overwritten."
            checks.fail("generate", "out to overwrite", "a folder of faces alone", came, way_out)
    if out.exists() and is_file(out) == out.is_dir():
        kind = "a folder" if out.is_dir() else "a file"
        came = f"{out}, which is {kind}"
        checks.fail("generate", "out", "new", came, "Choose another name.")
    return out


def _first_foreign(folder: Path) -> Path | None:
    """A file below the folder that `generate` does not write, by its name or by its contents."""
    pictures = []
    for file in sorted(folder.rglob("*")):
        if file.is_dir() or WITHOUT_WORTH.fullmatch(file.name):
            continue
        if not OURS.fullmatch(file.relative_to(folder).as_posix()):
            return file
        if file.name == INDEX and not _is_an_index(file):
            return file
        if file.suffix == ".png":
            pictures.append(file)
    step = max(1, len(pictures) // PICTURES_TO_READ)
    for picture in pictures[::step]:
        data = picture.read_bytes()
        # A power cut may leave a face of ours without its bytes.
        if data.strip(b"\0") and not png.is_of_encode(data):
            return picture
    return None


def _is_an_index(file: Path) -> bool:
    """Whether a list begins as that of `generate --ids` does."""
    heading = ",".join(HEADING).encode()
    with file.open("rb") as stream:
        return stream.read(len(heading)) == heading


def pngs(images: np.ndarray) -> list[bytes]:
    """A block of pictures as PNG files, encoded on all cores.

    Args:
        images: uint8 [n, H, W, C].
    """
    parts = [images[i : i + PICTURES_A_TASK] for i in range(0, len(images), PICTURES_A_TASK)]
    with ThreadPoolExecutor() as pool:
        return list(itertools.chain.from_iterable(pool.map(png.encode, parts)))


@contextlib.contextmanager
def made_ahead(blocks: Iterable[Block]) -> Iterator[Iterator[Block]]:
    """The same blocks; while one is used, a thread makes the next.

        with made_ahead(blocks) as ahead:
            for block in ahead: ...

    At most two blocks are in memory. What goes wrong in making a block is raised where that block
    would have come, after those before it. No thread is left when the `with` ends, however it ends.

    Args:
        blocks: gives one at a time, none of which is None. Only the thread asks it.

    Yields:
        An iterator of the blocks.
    """
    iterator = iter(blocks)
    with ThreadPoolExecutor(1) as thread:

        def ahead() -> Iterator[Block]:
            coming = thread.submit(next, iterator, None)
            while (block := coming.result()) is not None:
                coming = thread.submit(next, iterator, None)
                yield block

        yield ahead()


@contextlib.contextmanager
def in_threads(
    function: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[Iterator[Result]]:
    """function(item) for every item, in their order; several at once, each in a thread of its own.

        with in_threads(function, items) as results:
            for result in results: ...

    A network computes a block of faces in many small steps. If all cores share each of them, they
    wait for one another at its end; if each core has a block of its own, they do not.

    Only one result more than there are threads is begun before it is used. What goes wrong in an
    item is raised where its result would have come, after those before it. No thread is left when
    the `with` ends, however it ends.

    Args:
        function: is called from several threads.
        items: only the thread that uses the results asks for them.

    Yields:
        An iterator of the results.
    """
    threads = min(os.cpu_count() or 1, MOST_THREADS)
    with ThreadPoolExecutor(threads) as pool:

        def results() -> Iterator[Result]:
            begun: collections.deque[Future[Result]] = collections.deque()
            for item in items:
                begun.append(pool.submit(function, item))
                if len(begun) > threads:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()

        try:
            yield results()
        finally:
            pool.shutdown(cancel_futures=True)


def _numbered(blocks: Iterable[np.ndarray], count: int) -> Iterator[tuple[str, bytes]]:
    """(00000.png, its bytes), ...: as many digits as the last one needs, at least five."""
    digits = max(5, len(str(count - 1)))
    number = 0
    for block in blocks:
        for data in pngs(block):
            yield f"{number:0{digits}d}.png", data
            number += 1


def _zip(file: BinaryIO, blocks: Iterable[np.ndarray], count: int, folder: Path) -> None:
    with StoredZip(file, folder) as archive:
        for name, data in _numbered(blocks, count):
            archive.add(name, data)


def _npz(file: BinaryIO, blocks: Iterable[np.ndarray], count: int, folder: Path) -> None:
    """What numpy.savez(images=...) writes, a block at a time."""
    blocks = iter(blocks)
    first = next(blocks)
    header = {"descr": "|u1", "fortran_order": False, "shape": (count, *first.shape[1:])}
    with (
        zipfile.ZipFile(file, "w") as archive,
        archive.open("images.npy", "w", force_zip64=True) as array,
    ):
        np.lib.format.write_array_header_1_0(array, header)
        array.write(first.tobytes())
        for block in blocks:
            array.write(block.tobytes())
