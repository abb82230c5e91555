"""The state of a run in one file, which is there whole or not at all.

A checkpoint is a NumPy .npz file: one array for each variable of `GANTrainer.state()`, under its
name, and `format`, `note` as text. Anything that reads zip files can read it; nothing in it is
executed (no pickle). It is written beside its place, flushed to the disk, then renamed onto it: a
process killed at any moment leaves the old file or the new one.
"""

import contextlib
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import tensorflow as tf

FORMAT = "gan_core checkpoint 1"


class CheckpointError(ValueError):
    """A checkpoint that cannot be used, or cannot be written: which, why, and the way out."""


def write_atomically(path: Path, write) -> None:
    """Make the file `path` by write(binary file), so that it never exists half-written."""
    path = Path(path)
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with open(unfinished, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
        _flush_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):  # a disk that cannot be written may not be tidied either
            unfinished.unlink(missing_ok=True)
        raise CheckpointError(f"{path} cannot be written: {error.strerror or error}. "
                              "What was there before is untouched.") from error


def save(path: Path, state: dict[str, tf.Variable], note: dict | None = None) -> None:
    """Write the values of all variables, and a note of plain JSON values."""
    arrays = {name: variable.numpy() for name, variable in state.items()}
    texts = {"format": np.array(FORMAT), "note": np.array(json.dumps(note or {}))}
    write_atomically(path, lambda file: np.savez(file, **texts, **{f"/{name}": a for name, a in arrays.items()}))


def read(path: Path) -> tuple[dict[str, np.ndarray], dict]:
    """The arrays by name, and the note. Every byte is checked against its checksum."""
    path = Path(path)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
            form, note = str(arrays.pop("format", "")), str(arrays.pop("note", "{}"))
    except (OSError, EOFError, ValueError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{path} cannot be read ({error}): it is truncated, damaged or no checkpoint. "
                              "Remove it to go on from the one before.") from error
    if form != FORMAT:
        raise CheckpointError(f"{path} is not a checkpoint of this library (format {form!r}, not {FORMAT!r}).")
    return {name.removeprefix("/"): array for name, array in arrays.items()}, json.loads(note)


def restore(path: Path, state: dict[str, tf.Variable]) -> dict:
    """Give every variable its saved value, after all names, shapes and dtypes were found to fit. -> the note."""
    arrays, note = read(path)
    wrong = [f"{name} is missing there" for name in state if name not in arrays]
    wrong += [f"{name} is not part of this model" for name in arrays if name not in state]
    for name in state.keys() & arrays.keys():
        there = f"{list(arrays[name].shape)} {arrays[name].dtype}"
        here = f"{list(state[name].shape)} {state[name].dtype.name}"
        wrong += [f"{name} is {there} there and {here} here"] if there != here else []
    if wrong:
        more = f"; and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise CheckpointError(f"{path} is of another model: {'; '.join(sorted(wrong)[:3])}{more}. Nothing was changed.")
    for name, variable in state.items():
        variable.assign(arrays[name])
    return note


def _flush_folder(folder: Path) -> None:
    """Make the rename itself durable, where the system lets a folder be opened."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
