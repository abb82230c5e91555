"""The state of a run in one file, which is complete or does not exist.

A checkpoint is a NumPy .npz file. It holds one array for each variable of `GANTrainer.state()`,
called variables/NAME, the number of these arrays as `count`, and two texts, `format` and `note`.
Any program that reads zip files can read it, and nothing in it is executed (no pickle). It is
written by `gan_core.files`: a process killed at any moment leaves the old file or the new one.
"""

from __future__ import annotations

import contextlib
import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import numpy as np
import tensorflow as tf

from gan_core import checks, files

FORMAT = "gan_core checkpoint 1"
VARIABLES = "variables/"
NUMBERS = "biuf"  # NumPy's kinds. It would pickle objects, and lose the dtype of a bfloat16
DIFFERENCES_SHOWN = 3

Place = str | os.PathLike[str]


class CheckpointError(ValueError):
    """A checkpoint that cannot be used, or cannot be written: which, why, and the way out."""


def check(state: Mapping[str, tf.Variable]) -> None:
    """Check that a checkpoint can hold these variables, before hours are spent on their values.

    Args:
        state: the variables by name.
    Raises:
        ValueError: if a variable's dtype is not one of NumPy's.
    """
    for name, variable in state.items():
        if np.dtype(variable.dtype.as_numpy_dtype).kind not in NUMBERS:
            came = variable.dtype.name
            way_out = "Keep it in float32, and cast it where it is used."
            checks.fail("checkpoint", name, "a variable with a dtype of NumPy's", came, way_out)


def save(
    path: Place, state: Mapping[str, tf.Variable], note: Mapping[str, Any] | None = None
) -> None:
    """Write the values of all variables, and a note.

    Args:
        path: the file, in a folder that exists. An older one is replaced.
        state: the variables by name.
        note: plain JSON values.
    Raises:
        ValueError: if a variable's dtype is not one of NumPy's.
        CheckpointError: if the file cannot be written; an older file is untouched.
    """
    check(state)
    arrays = {VARIABLES + name: variable.numpy() for name, variable in state.items()}
    about = {
        "format": np.array(FORMAT),
        "note": np.array(json.dumps(dict(note or {}))),
        "count": np.array(len(arrays)),
    }
    try:
        files.write_atomically(path, lambda file: _savez(file, {**about, **arrays}))
    except files.WriteError as error:
        raise CheckpointError(f"checkpoint: {error}") from error


def read(path: Place) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Read a whole checkpoint, and check it against the file's checksums.

    Args:
        path: the file.
    Returns:
        The arrays by the names of their variables, and the note.
    Raises:
        CheckpointError: if the file is missing, damaged or not a checkpoint.
    """
    with _open(path) as file:
        names = [name for name in file.files if name.startswith(VARIABLES)]
        if len(names) != file["count"]:
            raise ValueError(f"{len(names)} of {file['count']} variables are there")
        arrays = {name.removeprefix(VARIABLES): file[name] for name in names}
        return arrays, json.loads(str(file["note"]))


def read_note(path: Place) -> dict[str, Any]:
    """Read the note alone, without the arrays.

    Args:
        path: the file.
    Returns:
        The note that was given to `save`.
    Raises:
        CheckpointError: if the file is missing, damaged or not a checkpoint.
    """
    with _open(path) as file:
        return json.loads(str(file["note"]))


def restore(path: Place, state: Mapping[str, tf.Variable]) -> dict[str, Any]:
    """Check that all names, shapes and dtypes fit, then give every variable its saved value.

    Args:
        path: the file.
        state: the variables by name.
    Returns:
        The note.
    Raises:
        CheckpointError: if the file cannot be read, or belongs to another model; no variable is
            changed.
    """
    arrays, note = read(path)
    wrong = sorted(_differences(arrays, state))
    if wrong:
        told = "; ".join(wrong[:DIFFERENCES_SHOWN])
        if len(wrong) > DIFFERENCES_SHOWN:
            told += f"; and {len(wrong) - DIFFERENCES_SHOWN} more"
        raise CheckpointError(
            f"checkpoint: {path} is of another model: {told}. Build the model that it was saved "
            "from, or choose another folder; nothing was changed."
        )
    for name, variable in state.items():
        variable.assign(arrays[name])
    return note


def _differences(
    arrays: Mapping[str, np.ndarray], state: Mapping[str, tf.Variable]
) -> Iterator[str]:
    for name in arrays:
        if name not in state:
            yield f"{name} is not part of this model"
    for name, variable in state.items():
        if name not in arrays:
            yield f"{name} is missing in the file"
            continue
        there = f"{list(arrays[name].shape)} {arrays[name].dtype}"
        here = f"{list(variable.shape)} {variable.dtype.name}"
        if there != here:
            yield f"{name} is {there} in the file and {here} in this model"


def _savez(file: BinaryIO, arrays: Mapping[str, np.ndarray]) -> None:
    """Do the same as np.savez, which before NumPy 2.1 leaves its file open when a disk is full."""
    with zipfile.ZipFile(file, "w") as zipped:
        for name, array in arrays.items():
            with zipped.open(f"{name}.npy", "w", force_zip64=True) as part:
                np.lib.format.write_array(part, array, allow_pickle=False)


@contextlib.contextmanager
def _open(path: Place) -> Iterator[Any]:
    """Open the arrays of a checkpoint; each is read when it is used."""
    try:
        opened = open(path, "rb")  # noqa: SIM115  it is closed below
    except OSError as error:  # the file may be whole: it must not be called damaged
        raise CheckpointError(
            f"checkpoint: {path} cannot be read: {error.strerror or error}. Make it readable, or "
            "give another file; nothing was changed."
        ) from error
    try:
        with opened as file:
            if file.read(4) != b"PK\x03\x04":  # np.load would report it as a pickle
                raise ValueError("not a .npz file")
            file.seek(0)
            arrays = np.load(file, allow_pickle=False)
            if "format" not in arrays.files or str(arrays["format"]) != FORMAT:
                raise CheckpointError(
                    f"checkpoint: {path} is a .npz file, but not a {FORMAT!r}. Give a file that "
                    "this library saved; nothing was changed."
                )
            yield arrays
    except CheckpointError:
        raise
    except Exception as error:  # a damaged file fails in a dozen ways: EOFError, zlib.error, ...
        raise CheckpointError(
            f"checkpoint: {path} cannot be read ({error or type(error).__name__}): it is "
            "truncated, damaged or not a checkpoint. Remove it to resume from the one before."
        ) from error
