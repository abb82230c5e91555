"""A row of `benchmarks.growth`: what a data set of so many faces costs.

Three ways, each from an empty folder in scratch:

    file      the faces lie in their cache, too many for the memory, and batches are read from it
    memory    the faces are an array on the device, and batches are gathered there
    zip       the faces are PNGs in a zip, and are decoded into the cache for the first time

Only a thousand different faces are drawn, because the content of a face makes no difference here.
"""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image
from rich.console import Console

from benchmarks.measure import devices, rows
from dcgan.data import faces
from dcgan.data.batches import face_batches
from dcgan.drawn import drawn_faces
from dcgan.measures import real_sets
from dcgan.measures.judges import MOST

DRAWN = 1000
BATCHES = 200
"""In a window."""
ROOM_TO_SPARE = 2_000_000_000
"""Bytes of the disk that are left free."""


def measure(options: dict[str, Any]) -> dict[str, Any]:
    """Time and memory of one way.

    Args:
        options: way, value (how many faces), size, batch, windows, device and scratch (a folder
            that exists).
    """
    devices.use(options["device"])
    ways = {"file": _from_file, "memory": _from_memory, "zip": _from_zip}
    measured = ways[options["way"]](options)
    memory, memory_of = devices.peak_memory("CPU")
    return {
        **measured,
        "memory_bytes": memory,
        "memory_of": memory_of,
        "machine": devices.machine(options["device"]),
    }


# ---------------------------------------------------------------- the three ways


def _from_file(options: dict[str, Any]) -> dict[str, Any]:
    """What `python -m dcgan train` does with a cache that is there: open it, check it, read it."""
    number = options["value"]
    source = _file_in_the_cache(options)
    before = devices.resident_memory()
    cache = Path(options["scratch"]) / "cache"
    opening = rows.Stopwatch()
    data = faces.load(source, options["size"], cache=cache, memory=0.0)
    opened = opening.seconds()
    if data.in_memory or len(data.images) != number:
        raise ValueError("growth: the faces are not read from their cache.")
    checking = rows.Stopwatch()
    data.checksum()
    checked = checking.seconds()
    learnt, aside = faces.split(number, 0)
    real_sets.choose(data.images, learnt, aside, n=MOST["pixels"], seed=0, mirrored=True)
    batches = face_batches(data.images, options["batch"], flip=True, rows=learnt)
    starting = rows.Stopwatch()
    stream = iter(batches.start(0))
    next(stream)
    started = starting.seconds()

    def play(count: int) -> None:
        for _ in range(count):
            next(stream)

    return {
        **rows.windows(play, devices.drain, options["windows"], BATCHES),
        "memory_before_bytes": before,
        "disk_bytes": _bytes_of(number, options["size"]),
        "open_seconds": opened,
        "checksum_seconds": checked,
        "first_batch_seconds": started,
    }


def _from_memory(options: dict[str, Any]) -> dict[str, Any]:
    """Batches gathered inside a compiled function, as in a compiled round."""
    drawn = _drawn(options["size"])
    before = devices.resident_memory()
    images = np.empty([options["value"], *drawn.shape[1:]], np.uint8)
    for start in range(0, len(images), DRAWN):
        part = images[start : start + DRAWN]
        part[:] = drawn[: len(part)]
    sampler = tf.function(face_batches(images, options["batch"], flip=True), autograph=False)
    index = tf.Variable(0, dtype=tf.int64)

    def play(count: int) -> None:
        for _ in range(count):
            sampler(index)
            index.assign_add(1)

    return {
        **rows.windows(play, devices.drain, options["windows"], BATCHES),
        "memory_before_bytes": before,
    }


def _from_zip(options: dict[str, Any]) -> dict[str, Any]:
    """The first reading, once: what comes of it lies in the cache."""
    number = options["value"]
    source = Path(options["scratch"]) / "faces.zip"
    pngs = [_png(image) for image in _drawn(options["size"])]
    mean = sum(len(png) for png in pngs) / len(pngs)
    wanted = int(number * (mean + 150)) + _bytes_of(number, options["size"])
    _check_room(Path(options["scratch"]), wanted)
    with zipfile.ZipFile(source, "w") as archive:
        for i in range(number):
            archive.writestr(f"{i:07d}.png", pngs[i % DRAWN])
    before = devices.resident_memory()
    cache = Path(options["scratch"]) / "cache"
    reading = rows.Stopwatch()
    data = faces.load(source, options["size"], cache=cache, memory=0.0, console=_silent())
    read = reading.seconds()
    if len(data.images) != number:
        raise ValueError(f"growth: {len(data.images)} of {number} faces were read.")
    return {
        "seconds": read["clock"],
        "processor_seconds": read["processor"],
        "quartiles": [read["clock"], read["clock"]],
        "memory_before_bytes": before,
        "disk_bytes": source.stat().st_size + _bytes_of(number, options["size"]),
    }


# ---------------------------------------------------------------- what they are made of


def _drawn(size: int) -> np.ndarray:
    return drawn_faces.draw(range(DRAWN), size=size)


def _bytes_of(number: int, size: int) -> int:
    """Of the array of the faces."""
    return number * size * size * 3


def _check_room(folder: Path, wanted: int) -> None:
    free = shutil.disk_usage(folder).free
    with_room = wanted + ROOM_TO_SPARE
    if with_room > free:
        raise ValueError(
            f"growth: {with_room / 1e9:.1f} GB of free disk are needed in --out, of which "
            f"{ROOM_TO_SPARE / 1e9:.0f} stay free, and it has {free / 1e9:.1f} GB. "
            "Ask for fewer faces, or choose another --out."
        )


def _file_in_the_cache(options: dict[str, Any]) -> Path:
    """A source whose cache has so many faces.

    The source itself has the drawn ones alone: when they have been read, their cache is made
    longer. From then on nobody reads the source.
    """
    number = options["value"]
    size = options["size"]
    folder = Path(options["scratch"])
    _check_room(folder, _bytes_of(number, size))
    source = folder / "faces.npy"
    drawn = _drawn(size)
    np.save(source, drawn)
    faces.load(source, size, cache=folder / "cache", memory=0.0, console=_silent())
    (described,) = folder.glob("cache/*/index.json")
    index = json.loads(described.read_text(encoding="utf-8"))
    index["names"] = [f"{i:07d}.png" for i in range(number)]
    described.write_text(json.dumps(index), encoding="utf-8")
    _write_repeated(described.with_name("images.uint8"), drawn, number)
    return source


def _write_repeated(path: Path, drawn: np.ndarray, number: int) -> None:
    with open(path, "wb") as file:
        for start in range(0, number, len(drawn)):
            file.write(drawn[: number - start].tobytes())


def _png(image: np.ndarray) -> bytes:
    packed = io.BytesIO()
    Image.fromarray(image).save(packed, "png")
    return packed.getvalue()


def _silent() -> Console:
    return Console(file=io.StringIO())


if __name__ == "__main__":
    rows.main(measure)
