"""The state of a run in one file, which is there whole or not at all.

A checkpoint is a NumPy .npz file: one array for each variable of `GANTrainer.state()`, as
variables/<its name>, their number `count`, and the texts `format` and `note`. Anything that reads
zip files can read it; nothing in it is executed (no pickle). It is written beside its place,
flushed to the disk, then renamed onto it: a process killed at any moment leaves the old file or
the new one.
"""

import contextlib
import errno
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import tensorflow as tf

from gan_core import checks

FORMAT = "gan_core checkpoint 1"
VARIABLES = "variables/"

WAYS_OUT = {
    **dict.fromkeys([errno.ENOSPC, errno.EDQUOT, errno.EFBIG], "Make room on that disk."),
    **dict.fromkeys(
        [errno.EROFS, errno.EACCES, errno.EPERM], "Make it writable, or choose another folder."
    ),
    **dict.fromkeys(
        [errno.ENOENT, errno.ENOTDIR],
        "Its folder is gone, or never was: put it back, or choose another.",
    ),
}


class CheckpointError(ValueError):
    """A checkpoint that cannot be used, or cannot be written: which, why, and the way out."""


def cannot_write(path, error: OSError) -> CheckpointError:
    """What the system said about writing to `path`, as an error with a way out."""
    way_out = WAYS_OUT.get(error.errno, "Look to the disk, or choose another folder.")
    return CheckpointError(
        f"checkpoint: {path} cannot be written: {error.strerror or error}. {way_out} "
        "What was there before is untouched."
    )


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
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with contextlib.suppress(OSError):  # a disk that cannot be written may not be tidied either
            unfinished.unlink(missing_ok=True)
    _flush_folder(path.parent)


def save(path: Path, state: dict[str, tf.Variable], note: dict | None = None) -> None:
    """Write the values of all variables, and a note of plain JSON values."""
    arrays = {VARIABLES + name: variable.numpy() for name, variable in state.items()}
    for name, array in arrays.items():
        if (
            array.dtype.kind not in "biuf"
        ):  # NumPy would pickle objects, and forget that a bfloat16 was one
            checks.fail(
                "checkpoint.save", name, "a variable of NumPy's own numbers", array.dtype.name
            )
    about = {
        "format": np.array(FORMAT),
        "note": np.array(json.dumps(note or {})),
        "count": np.array(len(arrays)),
    }
    write_atomically(path, lambda file: _savez(file, {**about, **arrays}))


def read(path: Path) -> tuple[dict[str, np.ndarray], dict]:
    """The arrays by name, and the note. All numbers are checked against the file's checksums."""
    with _open(path) as file:
        arrays = {
            name.removeprefix(VARIABLES): file[name]
            for name in file.files
            if name.startswith(VARIABLES)
        }
        if len(arrays) != file["count"]:
            raise ValueError(f"{len(arrays)} of {file['count']} variables are there")
        return arrays, json.loads(str(file["note"]))


def read_note(path: Path) -> dict:
    """The note alone, without reading the arrays."""
    with _open(path) as file:
        return json.loads(str(file["note"]))


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
        raise CheckpointError(
            f"checkpoint: {path} is of another model: {'; '.join(sorted(wrong)[:3])}{more}. "
            "Build the model it was saved from, or choose another folder; nothing was changed."
        )
    for name, variable in state.items():
        variable.assign(arrays[name])
    return note


def _savez(file, arrays: dict[str, np.ndarray]) -> None:
    """np.savez, which before NumPy 2.1 leaves its zip file open when a disk is full, to be told of by Python later."""
    with zipfile.ZipFile(file, "w") as zipped:
        for name, array in arrays.items():
            with zipped.open(f"{name}.npy", "w", force_zip64=True) as part:
                np.lib.format.write_array(part, array, allow_pickle=False)


@contextlib.contextmanager
def _open(path):
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
    except Exception as error:  # a damaged file fails in a dozen ways: EOFError, NotImplementedError, zlib.error, ...
        raise CheckpointError(
            f"checkpoint: {path} cannot be read ({error or type(error).__name__}): it is truncated, "
            "damaged or no checkpoint. Remove it to go on from the one before."
        ) from error


def _flush_folder(folder: Path) -> None:
    """Make the rename itself durable, where the system can: the file is in its place already."""
    if hasattr(os, "O_DIRECTORY"):
        with contextlib.suppress(OSError):  # some network disks cannot
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
