"""Whatever the disk does while a checkpoint is written, the one that was there stays whole."""

import contextlib
import errno
import os
import resource
import tempfile
from pathlib import Path

import pytest
import tensorflow as tf

from gan_core import files
from gan_core.runs import checkpoint
from gan_core.runs.checkpoint import CheckpointError


def state(fill):
    return {
        "generator/kernel": tf.Variable(tf.fill([20, 30], fill)),
        "step": tf.Variable(7, dtype=tf.int64),
    }


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "a.npz"
    checkpoint.save(path, state(1.5), {"step": 7})
    return path


def assert_refused_and_untouched(path, words, save=None):
    """Saving over `path` fails with these words, and leaves the folder as it was."""
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    with pytest.raises(
        CheckpointError, match=f"checkpoint: .* cannot be written: {words}.*untouched"
    ):
        (save or (lambda: checkpoint.save(path, state(2.0))))()
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before


@contextlib.contextmanager
def largest_file(size):
    """The kernel lets no file of this process grow beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [0, 100, 1000])
def test_a_write_that_the_kernel_cuts_short(saved, size):
    def save():
        with largest_file(size):
            checkpoint.save(saved, state(2.0))

    assert_refused_and_untouched(saved, "File too large. Make room", save)


def test_a_full_disk(saved, monkeypatch):
    def full(file, arrays):
        with open("/dev/full", "wb", buffering=0) as disk:  # every write there is ENOSPC
            disk.write(b"half")

    monkeypatch.setattr(checkpoint, "_savez", full)
    assert_refused_and_untouched(saved, r"No space left on device\. Make room")
    assert checkpoint.read(saved)[1] == {"step": 7}


@contextlib.contextmanager
def folder_one_may_only_read():
    """Write permission does not bind root, so root steps down meanwhile."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        checkpoint.save(path / "a.npz", state(1.5), {"step": 7})
        path.chmod(0o555)
        am_root = os.geteuid() == 0
        try:
            if am_root:
                os.seteuid(65534)
            yield path
        finally:
            if am_root:
                os.seteuid(0)
            path.chmod(0o755)


def test_a_folder_one_may_only_read():
    with folder_one_may_only_read() as folder:
        assert_refused_and_untouched(folder / "a.npz", "Permission denied. Make it writable")


@pytest.mark.parametrize("number", [errno.EROFS, errno.EIO])
@pytest.mark.parametrize("call", ["replace", "fsync"])
def test_a_disk_that_fails_at_the_end(saved, monkeypatch, call, number):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, call, fail)
    assert_refused_and_untouched(saved, os.strerror(number))


def test_a_path_below_a_file(saved):
    with pytest.raises(CheckpointError, match=r"Not a directory\. Its folder is gone"):
        checkpoint.save(saved / "b.npz", state(2.0))
    with pytest.raises(CheckpointError, match=r"No such file or directory\. Its folder is gone"):
        checkpoint.save(saved.parent / "none" / "b.npz", state(2.0))


def test_an_interrupted_write_leaves_no_trace(saved):
    """Whatever ends the writing, be it no error of the disk's."""
    before = saved.read_bytes()

    def write(file):
        file.write(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.write_atomically(saved, write)
    assert [(file.name, file.read_bytes()) for file in saved.parent.iterdir()] == [
        ("a.npz", before)
    ]


def test_the_bytes_are_on_the_disk_before_the_name_is(tmp_path, monkeypatch):
    """Renamed first, a file can be empty after a power cut."""
    calls = []
    fsync = os.fsync
    replace = os.replace

    def note_fsync(handle):
        calls.append(
            os.readlink(f"/proc/self/fd/{handle}") if os.path.isdir("/proc/self/fd") else "file"
        )
        calls.append(os.fstat(handle).st_size)
        fsync(handle)

    def note_replace(a, b):
        calls.append("replace")
        replace(a, b)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "replace", note_replace)
    files.write_atomically(tmp_path / "a", lambda file: file.write(b"12345"))
    assert calls[1:3] == [5, "replace"]
    assert calls[3] == str(tmp_path)  # then the folder, which holds the name


def test_a_stale_unfinished_file_is_harmless(saved):
    (saved.parent / ".a.npz.0.unfinished").write_bytes(b"x" * 100_000)  # longer than what comes
    checkpoint.save(saved, state(3.0), {"step": 8})
    assert list(saved.parent.iterdir()) == [saved]
    assert checkpoint.read_note(saved) == {"step": 8}
