"""Two processes play together; one is killed, and the run goes on as if that had never been.
What TF_CONFIG says.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
from pathlib import Path

import numpy as np
import programs
import pytest

from dcgan import __main__ as program
from gan_core.devices import workers

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
HELPERS = ROOT / "tests" / "helpers"
LONGEST = 240  # seconds that a process may take, on however busy a machine


def free_ports(n):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def start(folder, fate):
    """Both workers, the chief first."""
    cluster = {"worker": [f"127.0.0.1:{port}" for port in free_ports(2)]}
    both = []
    for index in range(2):
        tf_config = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(HELPERS)]),
            "TF_CONFIG": tf_config,
            "CUDA_VISIBLE_DEVICES": "-1",
        }
        both.append(
            programs.start(
                [HELPERS / "worker.py", folder, fate],
                cwd=folder,
                env=environment,
                stdin=subprocess.PIPE,
            )
        )
        end = threading.Timer(LONGEST, both[-1].kill)  # so that a test cannot wait for ever
        end.daemon = True
        end.start()
    return both


def lines(child):
    """What it says from now to its end, and what it says on stderr."""
    said, told = child.communicate()
    return said.splitlines(), told


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """Worker 1 is killed in round 13 of 20; both are started again when the chief has noticed,
    and ended.
    """
    folder = tmp_path_factory.mktemp("workers")
    story = {}
    story["folder"] = folder
    chief, other = start(folder, "killed")
    before = []
    for line in chief.stdout:
        before.append(line.strip())
        if before[-1] == "waiting":
            break
    else:
        pytest.fail(chief.communicate()[1])
    other.kill()
    story["other"] = lines(other)[0]
    assert other.returncode == -signal.SIGKILL
    chief.stdin.write("\n")
    chief.stdin.flush()
    story["log when killed"] = (folder / "killed" / "log.csv").read_text().splitlines()
    after, story["chief told"] = lines(chief)
    story["chief"] = [*before, *after]
    story["chief ended"] = chief.returncode
    again = start(folder, "go on")
    story["again"] = [lines(child) for child in again]
    story["again ended"] = [child.returncode for child in again]
    return story


def state(file):
    with np.load(file) as arrays:
        return {name: arrays[name].tobytes() for name in arrays.files}


def test_the_worker_that_is_left_says_so_and_how_to_go_on(story):
    assert story["chief ended"] == 1
    assert "error: Another worker ended or cannot be reached" in story["chief told"]
    assert "Start all workers again. To resume: say it again" in story["chief told"]
    assert "Traceback" not in story["chief told"]


def test_killed_and_gone_on_with_it_ends_as_in_one_stretch(story):
    folder = story["folder"]
    last = "checkpoints/step_00000020.npz"
    assert state(folder / "killed" / last) == state(folder / "whole" / last)
    assert (
        len(story["log when killed"]) == 13
    )  # a header and 12 rows, of which two are played again
    assert (folder / "killed" / "log.csv").read_text() == (folder / "whole" / "log.csv").read_text()


def test_both_workers_end_with_the_same_numbers(story):
    lines = [*story["chief"], *story["other"]]
    for said, _ in story["again"]:
        lines += said
    ends = [line for line in lines if line.startswith("ended with")]
    assert len(ends) == 4
    assert len(set(ends)) == 1


def test_workers_that_are_not_in_step_are_told_so_before_they_play(story):
    assert story["again ended"] == [2, 2]
    for _, told in story["again"]:
        assert (
            "fit: the rounds that the workers have played must be the same for all, got 20, 0. Give all"
            in told
        )


def test_the_chief_alone_writes_and_each_checkpoint_once(story):
    steps = [f"wrote step_{step:08d}.npz" for step in (5, 10, 15, 20)]
    written = [line for line in story["chief"] if line.startswith("wrote step")]
    assert written == [*steps, *steps[:2]]
    assert [line for line in story["again"][0][0] if line.startswith("wrote")] == [
        "wrote log.csv",
        *steps[2:],
    ]
    for said in (story["other"], story["again"][1][0]):
        assert not [line for line in said if line.startswith("wrote")]


# ---------------------------------------------------------------- TF_CONFIG

TWO = {"worker": ["a:1", "b:2"]}
FIRST = {"type": "worker", "index": 0}


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (None, "the environment variable TF_CONFIG must be set, got nothing"),
        ("", "TF_CONFIG must be set, got nothing"),
        ("{", "TF_CONFIG must be JSON with a cluster and a task, got {."),
        ("[]", "JSON with a cluster and a task, got []"),
        ({"cluster": TWO}, "JSON with a cluster and a task"),
        ({"cluster": [], "task": {}}, "with a cluster and a task"),
        ({"cluster": {"worker": [1]}, "task": FIRST}, "JSON with a cluster and a task"),
        (
            {"cluster": {}, "task": FIRST},
            "cluster must be workers, each with its own HOST:PORT, got {}",
        ),
        ({"cluster": {"worker": ["a", "b:2"]}, "task": FIRST}, "each with its own HOST:PORT"),
        ({"cluster": {"worker": ["a:1", "a:1"]}, "task": FIRST}, "each with its own HOST:PORT"),
        (
            {"cluster": TWO, "task": {**FIRST, "type": "chief"}},
            'task type must be one of worker, got "chief"',
        ),
        (
            {"cluster": TWO, "task": {**FIRST, "index": 2}},
            "worker must be a whole number from 0 to 1, got 2",
        ),
        (
            {"cluster": TWO, "task": {**FIRST, "index": "0"}},
            "worker must be a whole number from 0 to 1, got '0'",
        ),
    ],
)
def test_a_tf_config_that_makes_no_sense_is_one_line_and_code_2(
    monkeypatch, tmp_path, capsys, config, words
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if config is not None:
        monkeypatch.setenv("TF_CONFIG", config if isinstance(config, str) else json.dumps(config))
    with pytest.raises(SystemExit) as end:
        program.main(["train", "--strategy", "multi-worker", "--drawn", "40"])
    told = capsys.readouterr().err
    assert end.value.code == 2
    assert words in told
    assert told.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_good_one_passes():
    workers.check_tf_config(json.dumps({"cluster": TWO, "task": {**FIRST, "index": 1}}))
    workers.check_tf_config(
        json.dumps({"cluster": {"chief": ["[::1]:5"], **TWO}, "task": {**FIRST, "type": "chief"}})
    )


def test_xla_and_a_strategy_do_not_go_together(capsys):
    with pytest.raises(SystemExit):
        program.main(["train", "--strategy", "mirrored", "--mode", "xla"])
    assert (
        "--mode, where there is a strategy, must be one of graph, eager, got 'xla'"
        in capsys.readouterr().err
    )


def test_one_process_is_the_chief_and_alone():
    assert workers.by_name("none") is None
    assert workers.is_chief(None)
    assert workers.is_alone(None)
    workers.wait_for_all(None)
    with pytest.raises(
        ValueError, match="strategy: name must be one of none, mirrored, multi-worker, got 'all'"
    ):
        workers.by_name("all")
