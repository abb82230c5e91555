"""A run that was killed, at whatever moment, and resumed ends as if it had never been: bit for bit.

Twice over. Real processes get real signals: SIGKILL in the middle of writing a checkpoint, SIGKILL
at an arbitrary moment, Ctrl-C. And, because a few kills prove little, every state that the run's
files go through, line by line of the code that writes them, is taken down and resumed from.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import programs
import pytest
import survivor
import tiny

from gan_core import files as output
from gan_core import rng
from gan_core.runs import checkpoint, run_folder

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
HELPERS = ROOT / "tests" / "helpers"
LONGEST = 240  # seconds that a child may take, on however busy a machine


@pytest.fixture(scope="module")
def fresh():
    return tiny.Fresh(tiny.make_trainer())


def go_on_to_the_end(folder, trainer):
    return Ending(folder, trainer, survivor.play(survivor.open_run(folder), trainer))


class Ending:
    """What a run leaves in the end, all of which must agree."""

    def __init__(self, folder, trainer, rows):
        self.variables = tiny.values(trainer)
        self.log = (folder / "log.csv").read_bytes()
        self.last = (folder / "checkpoints" / f"step_{survivor.ROUNDS:08d}.npz").read_bytes()
        self.best = (folder / "checkpoints" / "best.npz").read_bytes()
        self.rows = {name: column.tobytes() for name, column in rows.items()}
        self.left_over = [str(path) for path in folder.rglob("*unfinished*")]
        self.left_over += [str(path) for path in folder.rglob("hooks.json")]
        self.hooked = {path.name: path.read_bytes() for path in (folder / "samples").iterdir()}


@pytest.fixture(scope="module")
def uninterrupted(fresh, tmp_path_factory):
    folder = tmp_path_factory.mktemp("uninterrupted") / "run"
    trainer = fresh()
    rows = survivor.play(survivor.open_run(folder), trainer)
    assert rows["step"].tolist() == list(range(3, survivor.ROUNDS + 1, 3))
    return Ending(folder, trainer, rows)


# ---------------------------------------------------------------- real signals


def start(folder, fate, step):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(HELPERS)])}
    program = [HELPERS / "survivor.py", folder, fate, str(step)]
    child = programs.start(program, env=environment, cwd=folder.parent)
    end = threading.Timer(LONGEST, child.kill)  # so that a test cannot wait for ever
    end.daemon = True
    end.start()
    return child


def wait_for(child, line):
    for said in child.stdout:
        if said.strip() == line:
            return
    pytest.fail(f"the child ended without saying {line!r}: {child.communicate()[1]}")


def kill_at(child, line):
    """SIGKILL once the child has said this. -> its exit code."""
    wait_for(child, line)
    child.kill()
    child.communicate()
    return child.returncode


def test_killed_killed_again_and_interrupted_it_still_ends_the_same(tmp_path, fresh, uninterrupted):
    folder = tmp_path / "run"
    moments = rng.integers([3], rng.seed(2, "moments"), 5).numpy()  # other numbers are as good

    step = 5 * (1 + int(moments[0]) % 3)
    child = start(folder, "half-written", step)
    assert kill_at(child, "half-written") == -signal.SIGKILL
    half = folder / "checkpoints" / f".step_{step:08d}.npz.0.unfinished"
    assert 0 < half.stat().st_size < len(uninterrupted.last)
    run = survivor.open_run(folder)
    assert run.step() == step - 5
    assert run.rows()["step"][-1] > run.step()  # rows of rounds that will be played again

    step += 5 + int(moments[1])
    child = start(folder, "killed", step)
    wait_for(child, str(step))
    with pytest.raises(
        ValueError, match=r"another process, or .*, trains in"
    ):  # until it is killed
        go_on_to_the_end(folder, fresh())
    child.kill()
    child.communicate()
    assert not half.exists()
    assert step - 5 <= survivor.open_run(folder).step() <= step + 15

    step += 16 + int(moments[2])
    child = start(folder, "ctrl-c", step)
    said, told = child.communicate()
    assert child.returncode == 130, told
    assert (
        f"Stopped after round {step} of 60. All of it is saved in {folder}. To resume: python survivor.py {folder}\n"
        in told
    )
    assert "Traceback" not in told + said
    assert survivor.open_run(folder).step() == step

    assert vars(go_on_to_the_end(folder, fresh())) == vars(uninterrupted)


def test_killed_between_a_checkpoint_and_its_hooks_it_calls_them_when_resumed(
    tmp_path, fresh, uninterrupted
):
    """With the row of that round, which the hook writes: bit for bit."""
    folder = tmp_path / "run"
    child = start(folder, "unhooked", 20)
    assert kill_at(child, "unhooked") == -signal.SIGKILL
    run = survivor.open_run(folder)
    assert run.step() == 20
    assert not (run.samples / "20.json").exists()
    hooked = (run.samples / "15.json").stat().st_mtime_ns
    assert vars(go_on_to_the_end(folder, fresh())) == vars(uninterrupted)
    assert uninterrupted.hooked.keys() == {f"{step}.json" for step in range(5, 61, 5)}
    assert (run.samples / "15.json").stat().st_mtime_ns == hooked  # those before are not repeated


def test_a_second_ctrl_c_ends_the_process_even_in_a_call_that_never_returns(tmp_path):
    folder = tmp_path / "run"
    with start(folder, "deaf", 7) as child:
        try:
            wait_for(child, "deaf")
            child.send_signal(signal.SIGINT)
            with pytest.raises(subprocess.TimeoutExpired):  # the first is remembered
                child.wait(timeout=1.0)
            for _ in range(3):  # should the first have been slow to arrive, two make one
                child.send_signal(signal.SIGINT)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(timeout=10.0)
                    break
            assert child.returncode == 130
        finally:
            child.kill()
    assert survivor.open_run(folder).step() == 5  # what had been saved before, and nothing since


# ---------------------------------------------------------------- every moment


WRITERS = {run_folder.__file__, checkpoint.__file__, output.__file__}


def files(folder):
    """All that is in a folder: name -> bytes, or None for a folder, which stands before its files.

    With the os module, because it is asked for thousands of times.
    """
    found = {}
    folders = [""]
    while folders:
        name = folders.pop()
        with os.scandir(folder / name) as entries:
            for entry in entries:
                its_name = os.path.join(name, entry.name)
                if entry.is_dir(follow_symlinks=False):
                    found[its_name] = None
                    folders.append(its_name)
                else:
                    with open(entry.path, "rb", buffering=0) as file:
                        found[its_name] = file.read()
    return dict(sorted(found.items()))


def states_of_the_disk(folder, action):
    """Do it, and note every different state of the folder between two lines of run_folder.py and
    checkpoint.py.
    """
    states = [files(folder)]

    def at_line(frame, *_):
        now = files(folder)
        if now != states[-1]:
            states.append(now)
        return at_line

    before = sys.gettrace()
    sys.settrace(lambda frame, *_: at_line if frame.f_code.co_filename in WRITERS else None)
    try:
        action()
    finally:
        sys.settrace(before)
    return states


def put(state, folder):
    for name, content in state.items():
        if content is None:
            (folder / name).mkdir(parents=True)
        else:
            (folder / name).write_bytes(content)


def test_from_every_state_that_the_files_go_through(tmp_path, fresh, monkeypatch):
    """Killed between any two lines: nothing lost, nothing to tidy up by hand, the same end."""
    monkeypatch.setattr(survivor, "ROUNDS", 14)
    variables = fresh.trainer.state()  # they stay the same, and finding them takes half of the time
    monkeypatch.setattr(fresh.trainer, "state", lambda: dict(variables))
    folder = tmp_path / "watched"
    folder.mkdir()
    endings = []

    def whole_run():
        trainer = fresh()
        endings.append(
            Ending(folder, trainer, survivor.play(survivor.open_run(folder), trainer, rounds=14))
        )

    states = states_of_the_disk(folder, whole_run)
    seen = {name for state in states for name in state}
    assert {
        "checkpoints/.step_00000005.npz.0.unfinished",
        ".config.json.0.unfinished",
        "checkpoints/best.npz",
        "hooks.json",
    } <= seen
    assert len(states) > 20
    steps = []
    for i, state in enumerate(states):
        resumed = tmp_path / str(i)
        trainer = fresh()
        resumed.mkdir()
        put(state, resumed)
        run = survivor.open_run(resumed)
        steps.append(run.step())
        rows = survivor.play(run, trainer, rounds=14)
        assert vars(Ending(resumed, trainer, rows)) == vars(endings[0]), f"state {i}: {list(state)}"
    assert steps == sorted(steps)  # a round once saved is never played again
    assert set(steps) == {0, 5, 10, 14}
