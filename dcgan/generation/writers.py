"""Faces onto the disk: a folder of PNGs, a zip of PNGs, or one array; whole or not at all, in constant memory."""

import contextlib
import io
import shutil
import zipfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from dcgan.generation.stored_zip import StoredZip
from gan_core import checks
from gan_core.runs import files

PICTURES = (
    ".png",
    ".jpg",
    ".jpeg",
    ".gif",
    ".webp",
    ".bmp",
    ".tar",
    ".gz",
    ".npy",
)  # not what a folder is called
LEVEL = 1  # of zlib's 1 to 9: see png


def write(blocks: Iterable[np.ndarray], count: int, out) -> None:
    """Write `count` pictures, which come in blocks uint8 [n, S, S, 3], to a place that is new.

    out: FILE.zip, with 00000.png, ... in it, stored; FILE.npz, with the array images [count, S, S, 3] uint8;
    any other name is a folder, of the same PNGs. Until all is written the final name does not exist. ValueError
    if there is something in that place, or it cannot be written.
    """
    out = new_place(out)
    if out.suffix.lower() == ".npz":
        files.write_atomically(out, lambda file: _npz(file, blocks, count))
    elif out.suffix.lower() == ".zip":
        files.write_atomically(out, lambda file: _zip(file, blocks, count, out.parent))
    else:
        _folder(out, blocks, count)


def new_place(out) -> Path:
    """`out` as a path that is free, in a folder that exists; or ValueError. An empty folder counts as free."""
    out = Path(out)
    if out.suffix.lower() in PICTURES:
        checks.fail(
            "generate",
            "out",
            "a folder, FILE.zip or FILE.npz",
            str(out),
            "For one picture of many faces there is --sheet.",
        )
    try:
        a_folder = out.suffix.lower() not in (".zip", ".npz")
        if out.exists() and not (a_folder and out.is_dir() and not any(out.iterdir())):
            checks.fail(
                "generate",
                "out",
                "new, or an empty folder" if a_folder else "new",
                f"{out}, which is there already",
                "Choose another name; nothing was overwritten.",
            )
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise files.cannot_write(out, error) from error
    return out


def png(image: np.ndarray) -> bytes:
    """uint8 [S, S, 3] as the bytes of a PNG file.

    zlib's level 1: twice as fast as the usual 6 on anime faces of 64 pixels, for files of the same size (9.1 kB).
    """
    data = io.BytesIO()
    Image.fromarray(image).save(data, format="PNG", compress_level=LEVEL)
    return data.getvalue()


def pngs(images) -> list[bytes]:
    """A block of pictures as PNG files, made on all cores (zlib lets go of Python's lock)."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(png, images))


def _numbered(blocks, count):
    """(00000.png, its bytes), ...: as many digits as the last one needs, at least five."""
    digits, i = max(5, len(str(count - 1))), 0
    for block in blocks:
        for data in pngs(block):
            yield f"{i:0{digits}d}.png", data
            i += 1


def _folder(out, blocks, count):
    unfinished = out.with_name(f".{out.name}.unfinished")
    try:
        shutil.rmtree(unfinished, ignore_errors=True)  # left by a killed process
        unfinished.mkdir()
        for name, data in _numbered(blocks, count):
            (unfinished / name).write_bytes(data)
        if out.exists():
            out.rmdir()  # it is empty
        unfinished.rename(out)
    except OSError as error:
        raise files.cannot_write(out, error) from error
    finally:
        with contextlib.suppress(OSError):
            shutil.rmtree(unfinished, ignore_errors=True)


def _zip(file, blocks, count, folder):
    with StoredZip(file, folder) as archive:
        for name, data in _numbered(blocks, count):
            archive.add(name, data)


def _npz(file, blocks, count):
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
