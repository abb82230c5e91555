"""A checkpoint is there whole or not at all, and what is no checkpoint is refused before anything
changes.
"""

import builtins
import errno
import json
import os
import pickle
import zipfile

import numpy as np
import pytest
import tensorflow as tf

from gan_core.runs import checkpoint
from gan_core.runs.checkpoint import CheckpointError


def state(fill=1.5, size=3):
    """Variables with names that a .npz file might trip over."""
    return {
        "generator/layers/0/kernel": tf.Variable(tf.fill([2, size], fill)),
        "file": tf.Variable([fill]),
        "format": tf.Variable(fill),
        "note": tf.Variable([True, False]),
        "step": tf.Variable(7, dtype=tf.int64),
        "empty": tf.Variable(tf.zeros([0, 4])),
    }


def numbers(variables):
    return {name: variable.numpy().tolist() for name, variable in variables.items()}


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "a.npz"
    checkpoint.save(path, state(1.5), {"step": 7})
    return path


# ---------------------------------------------------------------- what comes back


def test_what_was_saved_comes_back_with_its_note(saved):
    other = state(0.0)
    assert checkpoint.restore(saved, other) == {"step": 7}
    assert numbers(other) == numbers(state(1.5))
    assert checkpoint.read_note(saved) == {"step": 7}
    arrays, note = checkpoint.read(saved)
    assert note == {"step": 7}
    assert {name: (a.dtype.name, a.shape) for name, a in arrays.items()} == {
        name: (v.dtype.name, tuple(v.shape)) for name, v in other.items()
    }


def test_every_bit_pattern_comes_back(tmp_path):
    bits = np.array(
        [0, 1, 0x80000000, 0x7F800000, 0x7FC00001, 0x00800000, 0x3F800001, 0xFF7FFFFF], np.uint32
    )
    checkpoint.save(tmp_path / "a.npz", {"x": tf.Variable(bits.view(np.float32))})
    x = tf.Variable(tf.zeros([8]))
    checkpoint.restore(tmp_path / "a.npz", {"x": x})
    assert x.numpy().tobytes() == bits.tobytes()


def test_equal_states_make_equal_files_and_any_zip_reader_reads_them(saved, tmp_path):
    checkpoint.save(tmp_path / "b.npz", state(1.5), {"step": 7})
    assert (tmp_path / "b.npz").read_bytes() == saved.read_bytes()
    names = zipfile.ZipFile(saved).namelist()
    assert "variables/generator/layers/0/kernel.npy" in names
    assert not any(name.startswith("/") for name in names)


def test_the_note_alone_is_read_without_the_arrays(tmp_path, monkeypatch):
    checkpoint.save(tmp_path / "a.npz", state(), {"value": 0.5})
    read = []
    get = np.lib.npyio.NpzFile.__getitem__
    monkeypatch.setattr(
        np.lib.npyio.NpzFile, "__getitem__", lambda self, key: read.append(key) or get(self, key)
    )
    assert checkpoint.read_note(tmp_path / "a.npz") == {"value": 0.5}
    assert set(read) == {"format", "note"}


@pytest.mark.parametrize(
    ("variable", "dtype"),
    [(tf.Variable([1.0], dtype=tf.bfloat16), "bfloat16"), (tf.Variable(["text"]), "string")],
)
def test_what_a_npz_file_cannot_hold_is_refused_by_name(tmp_path, variable, dtype):
    with pytest.raises(ValueError, match=f"checkpoint: x must be .* NumPy.s, got {dtype}. Keep it"):
        checkpoint.save(tmp_path / "a.npz", {"x": variable})
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- what is no checkpoint


def text(path):
    path.write_text("step,d_loss\n100,1.386\n")


def nothing(path):
    path.write_bytes(b"")


def folder(path):
    path.mkdir()


def one_array(path):
    np.save(path.with_suffix(".npy"), np.zeros(3))
    path.with_suffix(".npy").rename(path)


def foreign_npz(path):
    np.savez(path, weights=np.zeros(3))


def other_format(path):
    np.savez(path, format=np.array("gan_core checkpoint 999"), note=np.array("{}"))


def no_note(path):
    np.savez(path, format=np.array(checkpoint.FORMAT))


class Trap:
    """Unpickled, it leaves a file behind."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def pickle_file(path):
    path.write_bytes(pickle.dumps(Trap(path.with_name("sprung"))))


def pickled_object(path):
    trap = np.empty(1, object)
    trap[0] = Trap(path.with_name("sprung"))
    np.savez(
        path, **{"format": np.array(checkpoint.FORMAT), "note": np.array("{}"), "variables/x": trap}
    )


FOREIGN = [
    text,
    nothing,
    folder,
    one_array,
    foreign_npz,
    other_format,
    no_note,
    pickle_file,
    pickled_object,
]


@pytest.mark.parametrize("make", FOREIGN, ids=lambda make: make.__name__)
def test_a_foreign_file_is_refused_and_nothing_is_run_or_changed(tmp_path, make):
    path = tmp_path / "a.npz"
    variables = state()
    make(path)
    before = numbers(variables)
    with pytest.raises(
        CheckpointError, match=r"checkpoint: .*a\.npz .*(cannot be read|is a \.npz file, but no)"
    ):
        checkpoint.restore(path, variables)
    assert numbers(variables) == before
    assert not (tmp_path / "sprung").exists()


def test_a_file_that_cannot_be_opened_is_not_called_damaged(saved, monkeypatch):
    """Too many open files, or no permission: to remove the checkpoint would be a loss."""

    def too_many(*arguments):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), str(saved))

    monkeypatch.setattr(builtins, "open", too_many)
    with pytest.raises(CheckpointError) as told:
        checkpoint.restore(saved, state())
    words = str(told.value)
    assert "a.npz cannot be read: Too many open files. Make it readable" in words
    assert "Remove" not in words
    assert "damaged" not in words


def test_the_error_speaks_of_the_file_and_not_of_pickles(tmp_path):
    text(tmp_path / "a.npz")
    with pytest.raises(CheckpointError, match=r"not a \.npz file") as error:
        checkpoint.read(tmp_path / "a.npz")
    assert "pickle" not in str(error.value)
    with pytest.raises(CheckpointError, match="No such file"):
        checkpoint.read(tmp_path / "none.npz")


def test_every_truncation_is_refused(saved):
    data = saved.read_bytes()
    for length in range(0, len(data), 7):
        saved.write_bytes(data[:length])
        with pytest.raises(CheckpointError, match="Remove it to resume from the one before"):
            checkpoint.read(saved)


@pytest.mark.slow
def test_no_damaged_byte_changes_a_number_unseen(saved):
    """Bytes that nobody reads, such as a zip member's date, may differ; all others are told."""
    data = saved.read_bytes()
    good = {name: a.tolist() for name, a in checkpoint.read(saved)[0].items()}
    told = 0
    for i in range(0, len(data), 3):
        saved.write_bytes(data[:i] + bytes([data[i] ^ 0x11]) + data[i + 1 :])
        try:
            arrays, note = checkpoint.read(saved)
        except CheckpointError:
            told += 1
        else:
            assert {name: a.tolist() for name, a in arrays.items()} == good
            assert note == {"step": 7}
    assert told > len(data) / 6  # half of those tried


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s.update({"new": tf.Variable(1.0)}), "new is missing in the file"),
        (lambda s: s.pop("file"), "file is not part of this model"),
        (
            lambda s: s.update(state(size=5)),
            r"kernel is \[2, 3\] float32 in the file and \[2, 5\] float32 in this model",
        ),
        (
            lambda s: s.update({"step": tf.Variable(7)}),
            r"step is \[\] int64 in the file and \[\] int32 in this model",
        ),
        (lambda s: s.update({f"v{i}": tf.Variable(1.0) for i in range(5)}), "and 2 more"),
    ],
    ids=["missing", "unknown", "shape", "dtype", "many"],
)
def test_another_models_checkpoint_is_refused_and_nothing_is_changed(saved, change, words):
    variables = state(0.25)
    change(variables)
    before = numbers(variables)
    with pytest.raises(
        CheckpointError, match=f"is of another model: .*{words}.*nothing was changed"
    ):
        checkpoint.restore(saved, variables)
    assert numbers(variables) == before


def test_a_note_that_json_cannot_express_leaves_the_file_alone(saved):
    with pytest.raises(TypeError):
        checkpoint.save(saved, state(), {"f": open})
    assert json.dumps(checkpoint.read_note(saved)) == '{"step": 7}'
