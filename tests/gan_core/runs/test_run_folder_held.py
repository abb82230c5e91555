"""One process at a time trains in a run folder. (That a killed one holds it no longer:
test_survival.)
"""

import errno
import shutil

import pytest

from gan_core.runs.run_folder import RunFolder


@pytest.fixture
def run(tmp_path):
    return RunFolder.create(tmp_path / "run")


def test_one_process_at_a_time(run):
    other = RunFolder.resume(run.path)
    words = r"held: another process, or another RunFolder of this one, trains in .*run\. Wait for its end, or stop it"
    with (
        run.held(),
        run.held(),
        pytest.raises(ValueError, match=words),
    ):  # `fit` holds what its caller holds already
        other.held().__enter__()
    with other.held(), pytest.raises(ValueError, match=words):
        run.held().__enter__()


def test_of_two_that_create_a_folder_at_once_one_is_refused(tmp_path, monkeypatch):
    """The second comes while the first makes the folders, or after it has written config.json."""
    path = tmp_path / "run"
    words = []

    def second(*_):
        with pytest.raises(ValueError, match="RunFolder") as refused:
            RunFolder.create(path, {"number": 2})
        words.append(str(refused.value))

    original = RunFolder._write_config

    def write_config(run, fields):
        monkeypatch.setattr(RunFolder, "_write_config", original)
        second()
        original(run, fields)
        second()

    monkeypatch.setattr(RunFolder, "_write_config", write_config)
    assert RunFolder.create(path, {"number": 1}).config == {"number": 1}
    assert RunFolder.resume(path).config == {"number": 1}
    assert "another process, or another RunFolder of this one" in words[0]
    assert "is not empty" in words[1]


def test_a_run_that_another_created_before_the_lock_was_had_is_not_overwritten(
    tmp_path, monkeypatch
):
    """The folder was still empty when it was looked at first."""
    path = tmp_path / "run"
    held = RunFolder.held

    def another_is_sooner(run):
        monkeypatch.setattr(RunFolder, "held", held)
        RunFolder.create(path, {"number": 1})
        return held(run)

    monkeypatch.setattr(RunFolder, "held", another_is_sooner)
    with pytest.raises(ValueError, match="is not empty"):
        RunFolder.create(path, {"number": 2})
    assert RunFolder.resume(path).config == {"number": 1}


@pytest.mark.parametrize("error", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_where_the_file_system_knows_no_locks_it_goes_without(run, monkeypatch, error):
    """And leaves no marker of its own, which a killed process would leave for ever."""
    fcntl = pytest.importorskip("fcntl")

    def no_locks(*_):
        raise OSError(error, "no locks here")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    for _ in range(2):
        with (
            pytest.raises(OSError, match="a full disk"),
            run.held(),
            RunFolder.resume(run.path).held(),
        ):
            raise OSError("a full disk")


def test_a_folder_that_was_emptied_may_be_used_again(run):
    with run.held():
        pass
    for entry in run.path.glob("[!.]*"):  # rm -r run/*
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    assert RunFolder.create(run.path).step() == 0


def test_a_folder_that_vanished_does_not_come_back(run):
    shutil.rmtree(run.path)
    with run.held():
        assert not run.path.exists()
