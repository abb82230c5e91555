"""One process at a time trains in a run folder. (That a killed one holds it no longer: test_survival.)"""

import shutil

import pytest

from gan_core.run_folder import RunFolder


@pytest.fixture
def run(tmp_path):
    return RunFolder.create(tmp_path / "run")


def test_one_process_at_a_time(run):
    other = RunFolder.resume(run.path)
    words = r"RunFolder\.held: another process trains in .*run\. Wait for its end, or stop it with Ctrl-C; nothing was"
    with run.held(), run.held(), pytest.raises(ValueError, match=words):  # `fit` holds what its caller holds already
        other.held().__enter__()
    with other.held(), pytest.raises(ValueError, match=words):
        run.held().__enter__()


@pytest.mark.parametrize("error", [OSError(38, "no locks here"), NotImplementedError()])
def test_where_the_file_system_knows_no_locks_it_goes_without(run, monkeypatch, error):
    def no_locks(*_, **__):
        raise error

    monkeypatch.setattr(run._lock, "acquire", no_locks)
    with pytest.raises(OSError, match="a full disk"), run.held():
        raise OSError("a full disk")


def test_a_folder_that_vanished_does_not_come_back(run):
    shutil.rmtree(run.path)
    with run.held():
        assert not run.path.exists()
