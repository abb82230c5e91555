"""Write faces to the disk: a folder of PNGs, a zip of PNGs, or one array.

The output is complete or does not exist, and the memory needed is constant.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import numpy as np

from dcgan.figures import sheets
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
LEVEL = 1  # of zlib's 1 to 9: see png


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
        with files.claimed(out, overwrite):
            files.write_atomically(out, lambda file: make(file, blocks, count, out.parent))
        return
    with files.folder_atomically(out, overwrite) as folder:
        for name, data in _numbered(blocks, count):
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
    """A file below the folder that `generate` does not write."""
    for file in sorted(folder.rglob("*")):
        ours = file.suffix == ".png" or file.name == INDEX or file.name.startswith(".")
        if not file.is_dir() and not ours:
            return file
    return None


def png(image: np.ndarray) -> bytes:
    """A picture as the bytes of a PNG file.

    zlib's level 1: twice as fast as the usual 6 on anime faces of 64 pixels, for files of the same
    size (9.1 kB).

    Args:
        image: uint8 [S, S, 3], or [S, S, 1] of grey.
    """
    data = io.BytesIO()
    sheets.picture(image).save(data, format="PNG", compress_level=LEVEL)
    return data.getvalue()


def pngs(images: np.ndarray) -> list[bytes]:
    """A block of pictures as PNG files, made on all cores (zlib lets go of Python's lock).

    Args:
        images: uint8 [n, S, S, C].
    """
    with ThreadPoolExecutor() as pool:
        return list(pool.map(png, images))


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
