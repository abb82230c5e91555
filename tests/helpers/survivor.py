"""The program that test_survival.py kills: python survivor.py FOLDER FATE STEP.

It plays a run in FOLDER, new or resumed, and says aloud where it is. What befalls it at STEP:

    half-written   half a checkpoint's bytes are on the disk, and there it stands still
    unhooked       the checkpoint of STEP is saved, its hooks are not called, and it stands still
    killed         it says every round from STEP on, and stands still 15 rounds later
    ctrl-c         it gets one SIGINT
    terminated     it gets one SIGTERM
    deaf           it is busy in a compiled call that never ends
"""

import io
import json
import os
import signal
import sys
import threading
from pathlib import Path

import tensorflow as tf
import tiny

from gan_core.app import command_line, stopping
from gan_core.runs import checkpoint
from gan_core.runs.loop import every, fit
from gan_core.runs.run_folder import RunFolder

ROUNDS = 60
CONFIG = {"rounds": ROUNDS, "hidden": 3}
PERIODS = {"log_every": 3, "checkpoint_every": 5}


def open_run(folder):
    """What a program does that may have been killed before."""
    way_on = {"resume_command": f"python survivor.py {folder}"}
    if (Path(folder) / "config.json").exists():
        return RunFolder.resume(folder, CONFIG, **way_on)
    return RunFolder.create(folder, CONFIG, **way_on)


def save_best(run):
    """A hook that keeps the best of a measure which goes down and up."""

    def hook(trainer, row):
        run.save_best(trainer.state(), row["step"], (row["step"] * 7) % 11)

    return every(4, hook)


def keep_row(run):
    """A hook of every round that has a checkpoint; it keeps the row that it was called with."""

    def hook(_, row):
        (run.samples / f"{row['step']}.json").write_text(json.dumps(row))

    return every(PERIODS["checkpoint_every"], hook)


def play(run, trainer, hooks=(), rounds=ROUNDS):
    hooks = [save_best(run), keep_row(run), *hooks]
    return fit(trainer, tiny.SAMPLER, rounds, run=run, hooks=hooks, **PERIODS)


def stand_still(word):
    print(word, flush=True)
    threading.Event().wait()


def half_written(step):
    savez = checkpoint._savez

    def half(file, arrays):
        if int(arrays["variables/step"]) != step:
            return savez(file, arrays)
        whole = io.BytesIO()
        savez(whole, arrays)
        file.write(whole.getvalue()[: len(whole.getvalue()) // 2])
        file.flush()
        stand_still("half-written")

    checkpoint._savez = half


def saved_without_hooks(step):
    save = RunFolder.save

    def and_stop(run, state, at):
        save(run, state, at)
        if at == step:
            stand_still("unhooked")

    RunFolder.save = and_stop


def busy_for_ever():
    print("deaf", flush=True)
    tf.function(lambda: tf.while_loop(lambda i: i >= 0, lambda i: [i * 0], [0]), autograph=False)()


def main(folder, fate, step):
    def hook(_, row):
        if fate == "killed" and row["step"] >= step:
            print(row["step"], flush=True)
            if row["step"] == step + 15:
                stand_still("waiting")
        if fate == "ctrl-c" and row["step"] == step:
            os.kill(os.getpid(), signal.SIGINT)
        if fate == "terminated" and row["step"] == step:
            os.kill(os.getpid(), signal.SIGTERM)
        if fate == "deaf" and row["step"] == step:
            busy_for_ever()

    if fate == "half-written":
        half_written(step)
    if fate == "unhooked":
        saved_without_hooks(step)
    play(open_run(folder), tiny.make_trainer(), [every(1, hook)])


if __name__ == "__main__":
    with stopping.second_ctrl_c_ends_at_once(), command_line.errors_in_one_line():
        main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
