"""The state of a run in one file, which is there whole or not at all.

A checkpoint is a NumPy .npz file: one array for each variable of `GANTrainer.state()`, as
variables/<its name>, their number `count`, and the texts `format` and `note`. Anything that reads
zip files can read it; nothing in it is executed (no pickle). It is written by
`gan_core.files`: a process killed at any moment leaves the old file or the new one.
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
NUMBERS = "biuf"  # NumPy would pickle objects, and forget that a bfloat16 was one
DIFFERENCES_SHOWN = 3

Place = str | os.PathLike[str]


class CheckpointError(ValueError):
    """A checkpoint that cannot be used, or cannot be written: which, why, and the way out."""


def save(
    path: Place, state: Mapping[str, tf.Variable], note: Mapping[str, Any] | None = None
) -> None:
    """Write the values of all variables, and a note.

    Args:
        path: the file, in a folder that exists. An older one is replaced.
        state: the variables by name.
        note: plain JSON values.
    Raises:
        ValueError: a variable's numbers are none of NumPy's own.
        CheckpointError: the system refuses; an older file is untouched.
    """
    arrays = {VARIABLES + name: variable.numpy() for name, variable in state.items()}
    for name, array in arrays.items():
        if array.dtype.kind not in NUMBERS:
            checks.fail(
                "checkpoint.save", name, "a variable of NumPy's own numbers", array.dtype.name
            )
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
    """All of a checkpoint. Its numbers are checked against the file's checksums.

    Args:
        path: the file.
    Returns:
        The arrays by the names of their variables, and the note.
    Raises:
        CheckpointError: the file is missing, damaged or none.
    """
    with _open(path) as file:
        names = [name for name in file.files if name.startswith(VARIABLES)]
        if len(names) != file["count"]:
            raise ValueError(f"{len(names)} of {file['count']} variables are there")
        arrays = {name.removeprefix(VARIABLES): file[name] for name in names}
        return arrays, json.loads(str(file["note"]))


def read_note(path: Place) -> dict[str, Any]:
    """The note alone, without reading the arrays.

    Args:
        path: the file.
    Returns:
        What `save` was given.
    Raises:
        CheckpointError: the file is missing, damaged or none.
    """
    with _open(path) as file:
        return json.loads(str(file["note"]))


def restore(path: Place, state: Mapping[str, tf.Variable]) -> dict[str, Any]:
    """Give every variable its saved value, after all names, shapes and dtypes were found to fit.

    Args:
        path: the file.
        state: the variables by name.
    Returns:
        The note.
    Raises:
        CheckpointError: the file cannot be read, or is of another model; nothing was changed.
    """
    arrays, note = read(path)
    wrong = sorted(_differences(arrays, state))
    if wrong:
        told = "; ".join(wrong[:DIFFERENCES_SHOWN])
        if len(wrong) > DIFFERENCES_SHOWN:
            told += f"; and {len(wrong) - DIFFERENCES_SHOWN} more"
        raise CheckpointError(
            f"checkpoint: {path} is of another model: {told}. Build the model it was saved from, "
            "or choose another folder; nothing was changed."
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
            yield f"{name} is missing there"
            continue
        there = f"{list(arrays[name].shape)} {arrays[name].dtype}"
        here = f"{list(variable.shape)} {variable.dtype.name}"
        if there != here:
            yield f"{name} is {there} there and {here} here"


def _savez(file: BinaryIO, arrays: Mapping[str, np.ndarray]) -> None:
    """np.savez, which before NumPy 2.1 leaves its zip file open when a disk is full."""
    with zipfile.ZipFile(file, "w") as zipped:
        for name, array in arrays.items():
            with zipped.open(f"{name}.npy", "w", force_zip64=True) as part:
                np.lib.format.write_array(part, array, allow_pickle=False)


@contextlib.contextmanager
def _open(path: Place) -> Iterator[Any]:
    """The arrays of a checkpoint, each read when it is asked for."""
    try:
        with open(path, "rb") as file:
            if file.read(4) != b"PK\x03\x04":  # np.load would take it for a pickle, and say so
                raise ValueError("not a .npz file")
            file.seek(0)
            arrays = np.load(file, allow_pickle=False)
            if "format" not in arrays.files or str(arrays["format"]) != FORMAT:
                raise CheckpointError(
                    f"checkpoint: {path} is a .npz file, but no {FORMAT!r}. Give the file that "
                    "this library saved; nothing was changed."
                )
            yield arrays
    except CheckpointError:
        raise
    except Exception as error:  # a damaged file fails in a dozen ways: EOFError, zlib.error, ...
        raise CheckpointError(
            f"checkpoint: {path} cannot be read ({error or type(error).__name__}): it is "
            "truncated, damaged or no checkpoint. Remove it to go on from the one before."
        ) from error
