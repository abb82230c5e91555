"""From a config to a trained generator: data, networks, trainer, and a run that can be resumed.

    trainer, run = train(Config(data=Path("my_faces.zip"), epochs=30))

How to train is defined in `gan_core`; this file only puts the parts together.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import math
import os
import shlex
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from rich.console import Console

from dcgan.config import Config
from dcgan.data import faces, labelling, labels
from dcgan.data.batches import face_batches
from dcgan.epochs import Watch
from dcgan.measures import judges
from dcgan.runs import best, folder, real_faces, starting
from dcgan.runs.networks_of_run import distribution_of, networks_of
from gan_core import augment, checks, files, losses, penalties
from gan_core.app.command_line import say
from gan_core.devices import instructions, replicas, workers
from gan_core.latent import Normal
from gan_core.optim import schedules
from gan_core.optim.optimizers import Adam
from gan_core.runs.interrupts import Interrupted
from gan_core.runs.loop import fit
from gan_core.runs.run_folder import RunFolder
from gan_core.trainer import GANTrainer

AUGMENTATIONS: dict[str, Callable] = {
    "translation": lambda strength: augment.translation(0.125 * strength),
    "colour": lambda strength: augment.colour(strength),
    "cutout": lambda strength: augment.cutout(0.5 * strength),
}
"""Name -> what makes it, of a strength; 1 is that of Zhao et al. 2020."""
FEW_ROUNDS = 20  # in an epoch


def choose_arithmetic(config: Config) -> None:
    """Choose whether the convolutions of this process use TF32; call it at a program's start.

    The switch is TensorFlow's and affects the whole process, so only commands call this. (Unless it
    is called, TensorFlow uses TF32 on a GPU that has it.)
    """
    tf.config.experimental.enable_tensor_float_32_execution(config.precision == "tf32")


def build(
    config: Config,
    strategy=None,
    rounds: int | None = None,
    label_set: labels.LabelSet | None = None,
) -> GANTrainer:
    """Make the networks and the trainer of a config.

    The precision tf32 takes effect only through `choose_arithmetic`, which a program must call.

    Args:
        config: the config.
        strategy: a tf.distribute strategy; None: one device.
        rounds: how many rounds there will be in all, for the learning rates' fall (config.fall);
            None: the rates stay constant.
        label_set: the labels of the faces; None: they have none.

    Returns:
        A trainer that has played no round.
    """
    d_rate = _schedule(config.d_learning_rate, config.fall, rounds)
    g_rate = _schedule(config.g_learning_rate, config.fall, rounds)
    with replicas.scope(strategy):
        generator, discriminator = networks_of(config, label_set)
        betas = {"beta_1": config.beta_1, "beta_2": config.beta_2}
        g_optimizer = Adam(g_rate, **betas).bind(generator.trainable_variables)
        d_optimizer = Adam(d_rate, **betas).bind(discriminator.trainable_variables)
    return GANTrainer(
        generator,
        discriminator,
        latent=Normal(config.latent_dim),
        labels=distribution_of(label_set),
        loss=losses.by_name(config.loss),
        seed=config.seed,
        g_optimizer=g_optimizer,
        d_optimizer=d_optimizer,
        update=config.update,
        mode=config.mode,
        strategy=strategy,
        penalty=_penalties(config),
        augment=_augmentation(config),
        average=_average(config),
    )


def _penalties(config: Config) -> list:
    """R1 and R2, if their strength is not 0."""
    found = []
    if config.gamma:
        found.append(penalties.r1(config.gamma, every=config.penalty_every))
    if config.gamma_fake:
        found.append(penalties.r2(config.gamma_fake, every=config.penalty_every))
    return found


def _augmentation(config: Config):
    """The chosen augmentations in a chain; None if there are none."""
    if not config.augment:
        return None
    strength = config.augment_strength
    return augment.chain(*(AUGMENTATIONS[name](strength) for name in config.augment))


def _average(config: Config):
    """The decay for each round from the average's memory in images; None: no average."""
    if not config.average:
        return None
    return schedules.rising_memory(math.exp(-config.batch_size / config.average))


def _schedule(rate: float, fall: float, rounds: int | None):
    """A learning rate that is constant, or falls to 0 in the last share of the rounds."""
    falling = 0 if rounds is None else round(fall * rounds)
    if not falling:
        return rate
    return schedules.linear_decay(rate, rounds, start=rounds - falling)


def train(
    config: Config, console: Console | None = None, hooks: Sequence = ()
) -> tuple[GANTrainer, RunFolder | None]:
    """Train until config.epochs are over.

    Besides the files of `RunFolder`, the folder then has a sheet of fixed noise for every epoch
    (samples/), epochs.csv, skipped.txt, curves.png, training.gif, and generator/: the SavedModel of
    the best epoch. It has them too if the training is stopped by Ctrl-C or an error; it can then be
    resumed with `--resume`. With the strategy multi-worker only the chief writes and prints.

    Args:
        config: the config of the run.
        console: where messages are printed.
        hooks: further hooks for `gan_core.runs.loop.fit`.

    Returns:
        The trainer after the training, and the run folder.

    Raises:
        ValueError: if the data, or the run to resume, do not fit the config.
    """
    console = console or Console(stderr=True)
    _check_options(config)
    strategy = workers.by_name(config.strategy)  # before anything is computed
    _check_batch_and_folder(config, strategy)
    config = _with_absolute_paths(config)
    start = time.perf_counter()
    data = real_faces.load(config, console)
    labelled = labelling.of_config(config, data.names)
    label_set = None if labelled is None else labelled.labels
    starting.check_labels(config, label_set)  # before a folder is made for the new run
    rows, held_aside = labelling.divide(len(data.images), config.seed, labelled)
    _check_numbers(config, len(rows), len(held_aside))
    batches = face_batches(
        data.images,
        config.batch_size,
        seed=config.seed,
        flip=config.flip,
        rows=rows,
        labels=None if labelled is None else labelled.rows,
    )
    an_epoch = config.repeat * (len(rows) // config.batch_size)
    rounds = config.epochs * an_epoch
    if not workers.is_chief(strategy):
        return _play_along(config, strategy, data, labelled, batches, rounds, console)
    run = folder.create_or_resume(config, data, labelled)
    with run.held():
        _tell_of_the_data(run, data, labelled, len(held_aside), start, console)
        if config.from_best:
            folder.back_to_best(run, console)
        over = run.step() // an_epoch
        if over >= config.epochs:
            say(
                f"Its {config.epochs} epochs are over. To continue: --epochs {over + 10}, say.",
                console,
            )
        else:
            folder.remember(run, config, console)
        trainer = build(config, strategy, rounds, label_set)
        starting.start_from(config, trainer, run)
        folder.keep_the_log_of_other_columns(run, trainer)
        judge = _judge(config, run, data.images, rows, held_aside)
        del data  # the faces are on the device
        say(judge.introduction(), console)
        _hints(config, an_epoch, console)
        images_an_epoch = an_epoch * config.batch_size
        watch = Watch(run, judge, images_an_epoch, config, console, label_set)
        try:
            fit(
                trainer,
                batches,
                rounds,
                run=run,
                log_every=max(1, min(10, an_epoch)),
                checkpoint_every=an_epoch,
                hooks=[*watch.hooks(an_epoch), *hooks],
                console=console,
            )
        except Interrupted:  # its message says what was saved, and where
            _finish(watch, run, config, console)
            raise
        except BaseException:  # such as a full disk: the results so far are still shown
            _finish(watch, run, config, console)
            _say_what_is_safe(run, console)
            raise
        if not _finish(watch, run, config, console):
            raise ValueError(
                f"dcgan train: {run.path} has no generator to export: its best.npz is lost, or "
                "the lines above say what was wrong. If the disk is full make room, and train "
                f"another epoch: --epochs {config.epochs + 1}"
            )
        say(
            f"The generator of the best epoch is in {run.generator}. Try: python -m dcgan generate "
            f"--run {shlex.quote(str(run.path))} --count 64 --out generated{_example(label_set)}",
            console,
        )
        workers.wait_for_all(strategy)
        return trainer, run


def _example(label_set: labels.LabelSet | None) -> str:
    """An option that asks for a label: the last value of the first factor."""
    if label_set is None:
        return ""
    name, values = next(iter(label_set.factors.items()))
    return f" --label {shlex.quote(f'{name}={values[-1]}')}"


def _check_batch_and_folder(config: Config, strategy: Any) -> None:
    """Check that all devices can share a batch, and that the chief can make a new run's folder."""
    replicas.check_batch("dcgan train", strategy, config.batch_size)
    if config.run is None or config.resume is not None or not workers.is_chief(strategy):
        return
    with checks.renamed("RunFolder.create:", "Config: run"):
        RunFolder.check_new(config.run)


def _check_numbers(config: Config, learnt: int, held_aside: int) -> None:
    """Check that there are enough faces to judge by, and for a batch."""
    kind = "faces" if config.labels is None else "faces with labels"
    judges.check_number(config.judge, held_aside, learnt + held_aside, kind)
    if learnt < config.batch_size:
        checks.fail(
            "Config",
            "batch_size",
            f"at most the number of {kind} without the {held_aside:,} held aside, {learnt:,}",
            f"{config.batch_size:,}",
            "Take smaller batches, or more faces.",
        )


def _tell_of_the_data(
    run: RunFolder,
    data: faces.Faces,
    labelled: labels.Labelled | None,
    held_aside: int,
    start: float,
    console: Console,
) -> None:
    """Print a line on the faces and one on their labels; write skipped.txt and labels.json."""
    data.write_skipped(run.path / "skipped.txt")
    seen = f" (see {run.path / 'skipped.txt'})" if data.skipped else ""
    say(
        f"{data.summary()}{seen}; {held_aside:,} held aside; "
        f"{time.perf_counter() - start:.1f} s. Run folder: {run.path}",
        console,
    )
    if labelled is not None:
        labels.write(run.path, labelled.labels)
        say(labelled.summary(), console)


def _hints(config: Config, an_epoch: int, console: Console) -> None:
    """What would make this training faster."""
    _tell_of_short_epochs(config, an_epoch, console)
    _tell_of_slow_bfloat16(config, console)


def _tell_of_short_epochs(config: Config, an_epoch: int, console: Console) -> None:
    """Name --repeat to whoever starts a run on few faces; who has given it knows it."""
    if an_epoch >= FEW_ROUNDS or config.repeat > 1 or config.resume is not None:
        return
    repeat = math.ceil(100 / an_epoch)
    say(
        f"An epoch has only {an_epoch} rounds, and after each come judging and a checkpoint. "
        f"To spend the time on training: --repeat {repeat}. See docs/faces.md, Few faces.",
        console,
    )


def _tell_of_slow_bfloat16(config: Config, console: Console) -> None:
    """Say so if bfloat16 makes the training slower on this CPU."""
    if config.precision == "bfloat16" and instructions.bfloat16_is_slow():
        say(
            "This CPU has no instructions for bfloat16, so --precision float32 is faster here.",
            console,
        )


def _judge(
    config: Config, run: RunFolder, images: np.ndarray, learnt: np.ndarray, aside: np.ndarray
) -> judges.Judge:
    """The judge of the run's epochs, with held-out faces; its floor is kept in the run folder."""
    sets = real_faces.sets_of(config, images, learnt, aside)
    return judges.make(config.judge, sets, run.path)


def _check_options(config: Config) -> None:
    """Check what can be told before the faces are read."""
    _check_tensorboard(config)
    judges.check(config.judge)
    starting.check_networks(config)


def _check_tensorboard(config: Config) -> None:
    """Check that TensorBoard's event files can be written, if they are wanted."""
    if not config.tensorboard:
        return
    if importlib.util.find_spec("tensorboard") is None:
        raise ValueError(
            "dcgan train: tensorboard must be installed to write its files. "
            "Type: pip install tensorboard"
        )
    path = config.resume or config.run
    if path is not None and not files.is_utf8(path):
        came = f"{path}, whose name is not UTF-8"
        checks.fail("dcgan train", "the run folder of tensorboard", "one that it can open", came)


def _with_absolute_paths(config: Config) -> Config:
    """Make the paths absolute, so that a run resumed from another folder finds its data."""
    changes = {}
    for name in ("data", "cache", "start_from"):
        path = getattr(config, name)
        if path is not None:
            changes[name] = Path(os.path.abspath(os.path.expanduser(path)))
    if config.data is not None and config.labels not in (None, labelling.FOLDERS):
        with checks.renamed("faces.load: source", "Config: data"):
            faces.check_exists(changes["data"])  # else it would be told that there is no CSV file
        changes["labels"] = os.path.abspath(labelling.table(config.labels, changes["data"]))
    return dataclasses.replace(config, **changes)


def _finish(watch: Watch, run: RunFolder, config: Config, console: Console) -> bool:
    """Write the SavedModel, the curves and the GIF, each even if another fails; return whether
    there is a SavedModel.
    """
    if not (run.checkpoints / "best.npz").exists():
        return False
    exported = _attempt("The generator was", lambda: best.export(run, config), console)
    _attempt("The pictures were", watch.finish, console)
    return exported


def _attempt(what: str, function: Callable[[], object], console: Console) -> bool:
    """Call function; if it fails print why, so that the other steps at the end still run."""
    try:
        function()
    except Exception as error:
        say(f"{what} not written: {error}", console)
        return False
    return True


def _say_what_is_safe(run: RunFolder, console: Console) -> None:
    """Print what a training that ended early has saved, and how to resume it."""
    latest = run.latest()
    if latest is None:
        say(f"Nothing was trained yet in {run.path}.", console)
        return
    safe = [f"the checkpoint of round {run.step():,}, {latest}"]
    if (run.generator / "saved_model.pb").exists():
        safe.append(f"the generator of the best epoch, {run.generator}")
    say(f"Safe on disk: {'; '.join(safe)}. To resume: {run.resume_command}", console)


def _play_along(config, strategy, data, labelled, batches, rounds, console):
    """The training of a worker other than the chief: the same rounds, without writing files."""
    run = None if config.resume is None else folder.create_or_resume(config, data, labelled)
    label_set = None if labelled is None else labelled.labels
    trainer = build(config, strategy, rounds, label_set)
    starting.start_from(config, trainer, run)
    fit(trainer, batches, rounds, run=run, console=console)
    workers.wait_for_all(strategy)
    return trainer, run
