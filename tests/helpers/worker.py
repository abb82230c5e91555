"""The program of which test_workers.py starts two: python worker.py FOLDER FATE.
TF_CONFIG tells which it is.

killed    they play a run to its end, and another one in which the chief waits, at STEP,
for a line to read
go on     they resume that other run; then the chief resumes it once more,
and the other worker begins anew
"""

import hashlib
import sys
from pathlib import Path

from gan_core.app import command_line
from gan_core.devices import workers

STRATEGY = workers.multi_worker()  # before the imports below: they may compute something

import tiny  # noqa: E402

from gan_core import files  # noqa: E402
from gan_core.runs.loop import every, fit  # noqa: E402
from gan_core.runs.run_folder import RunFolder  # noqa: E402

ROUNDS = 20
STEP = 12
CHECKPOINTS = 5
CHIEF = workers.is_chief(STRATEGY)


def say(*words):
    print(*words, flush=True)


def say_what_is_written():
    write = files.write_atomically

    def spoken(path, content):
        say("wrote", path.name)
        write(path, content)

    files.write_atomically = spoken


def wait(_, row):
    if row["step"] == STEP:
        say("waiting")
        sys.stdin.readline()


def play(trainer, run, hooks=()):
    fit(
        trainer,
        tiny.SAMPLER,
        ROUNDS,
        run=run,
        log_every=1,
        checkpoint_every=CHECKPOINTS,
        hooks=hooks,
    )
    say("ended with", hashlib.sha256(repr(tiny.values(trainer)).encode()).hexdigest())


def new(path):
    return RunFolder.create(path, resume_command="say it again") if CHIEF else None


def main(folder, fate):
    say_what_is_written()
    with STRATEGY.scope():
        fresh = tiny.Fresh(tiny.make_trainer(strategy=STRATEGY))
    if fate == "killed":
        play(fresh(), new(folder / "whole"))
        play(fresh(), new(folder / "killed"), [every(1, wait)])
    else:
        play(fresh(), RunFolder.resume(folder / "killed"))
        play(fresh(), RunFolder.resume(folder / "killed") if CHIEF else None)


if __name__ == "__main__":
    with command_line.errors_in_one_line():
        main(Path(sys.argv[1]), sys.argv[2])
