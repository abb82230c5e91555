"""From a config to a trained generator: data, networks, trainer, and a run that can be resumed.

    trainer, run = train(Config(data=Path("my_faces.zip"), epochs=30))

How to train is defined in `gan_core`; this file only puts the parts together.
"""

from __future__ import annotations

import csv
import dataclasses
import importlib.util
import io
import math
import os
import shlex
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from rich.console import Console

from dcgan import conditional_networks, networks
from dcgan.config import Config, of_run
from dcgan.data import faces, form, labelling, labels
from dcgan.data.batches import face_batches
from dcgan.data.pixels import to_uint8
from dcgan.drawn import drawn_faces
from dcgan.epochs import Watch
from dcgan.measures import distances, judges, real_sets
from gan_core import augment, checks, files, losses, penalties
from gan_core.app.command_line import say
from gan_core.averaging import settling_batches
from gan_core.devices import replicas, workers
from gan_core.latent import Normal, Rows
from gan_core.nn.export import export_generator
from gan_core.nn.settling import settle
from gan_core.nn.variables import named_variables
from gan_core.optim import schedules
from gan_core.optim.optimizers import Adam
from gan_core.runs import checkpoint
from gan_core.runs.interrupts import Interrupted
from gan_core.runs.loop import fit
from gan_core.runs.run_folder import RunFolder
from gan_core.trainer import GANTrainer

RATES = (
    "d_learning_rate",
    "g_learning_rate",
    "gamma",
    "gamma_fake",
)  # options of learning that a resumed run may change
REMEMBERED = ("epochs", "fall", *RATES)  # what the next resumption finds as it was last
MAY_CHANGE = (
    *REMEMBERED,
    "data",  # its checksum may not change
    "cache",
    "resume",
    "from_best",
    "run",
    "preset",
    "mode",  # these decide no number
    "convolution",
    "tensorboard",
    "strategy",  # on which devices
    "synchronised",
    "history",
    "labels",  # the factors and the checksum of the labels may not change
)
CHECKSUM = "checksum of the faces"
FACTORS = "factors"  # a field of config.json: what the labels are, by name
CHECKSUM_OF_LABELS = "checksum of the labels"
AUGMENTATIONS: dict[str, Callable] = {
    "translation": lambda strength: augment.translation(0.125 * strength),
    "colour": lambda strength: augment.colour(strength),
    "cutout": lambda strength: augment.cutout(0.5 * strength),
}
"""Name -> what makes it, of a strength; 1 is that of Zhao et al. 2020."""
FEW_ROUNDS = 20  # in an epoch
NETWORKS = ("generator/", "discriminator/", "average/model/")  # of a checkpoint's names
OF_NETWORKS = ("network", "size", "width", "latent_dim", "minibatch_std", "colours")
SAME_NETWORKS = f"a run of the same {', '.join(OF_NETWORKS[:-1])} and {OF_NETWORKS[-1]}"
LEAVE_OUT = "Leave out these options; then they are that run's."


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
        generator, discriminator = _networks(config, label_set)
        betas = {"beta_1": config.beta_1, "beta_2": config.beta_2}
        g_optimizer = Adam(g_rate, **betas).bind(generator.trainable_variables)
        d_optimizer = Adam(d_rate, **betas).bind(discriminator.trainable_variables)
    return GANTrainer(
        generator,
        discriminator,
        latent=Normal(config.latent_dim),
        labels=_distribution(label_set),
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


def _networks(config: Config, label_set: labels.LabelSet | None, **changes: Any) -> tuple:
    """Both networks; conditional ones if there are labels."""
    if label_set is None:
        return networks.of_config(config, **changes)
    return conditional_networks.of_config(config, label_set.sizes, **changes)


def _distribution(label_set: labels.LabelSet | None) -> Rows | None:
    """The distribution of labels in the data."""
    return None if label_set is None else Rows(label_set.rows, label_set.counts)


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
    data = _faces(config, console)
    labelled = labelling.of_config(config, data.names)
    label_set = None if labelled is None else labelled.labels
    _check_labels_of_start(config, label_set)  # before a folder is made for the new run
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
    run = _run_folder(config, data, labelled)
    with run.held():
        _tell_of_the_data(run, data, labelled, len(held_aside), start, console)
        if config.from_best:
            _back_to_best(run, console)
        over = run.step() // an_epoch
        if over >= config.epochs:
            say(
                f"Its {config.epochs} epochs are over. To continue: --epochs {over + 10}, say.",
                console,
            )
        else:
            _remember(run, config, console)
        trainer = build(config, strategy, rounds, label_set)
        _start_from(config, trainer, run, label_set)
        _keep_the_log_of_other_columns(run, trainer)
        judge = _judge(config, run, data.images, rows, held_aside)
        del data  # the faces are on the device
        say(judge.introduction(), console)
        _tell_of_short_epochs(config, an_epoch, console)
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
            f"--run {shlex.quote(str(run.path))} --count 64 --out faces",
            console,
        )
        workers.wait_for_all(strategy)
        return trainer, run


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


def _judge(
    config: Config, run: RunFolder, images: np.ndarray, learnt: np.ndarray, aside: np.ndarray
) -> judges.Judge:
    """The judge of the run's epochs, with held-out faces; its floor is kept in the run folder."""
    sets = _real_sets(config, images, learnt, aside)
    return judges.make(config.judge, sets, run.path)


def _real_sets(
    config: Config, images: np.ndarray, learnt: np.ndarray, aside: np.ndarray
) -> real_sets.RealSets:
    return real_sets.choose(
        images,
        learnt,
        aside,
        n=judges.MOST[config.judge],
        seed=config.seed,
        mirrored=config.flip,
    )


def _check_options(config: Config) -> None:
    """Check what can be told before the faces are read."""
    _check_tensorboard(config)
    judges.check(config.judge)
    _check_networks_of_start(config)


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
        changes["labels"] = os.path.abspath(labelling.table(config.labels, changes["data"]))
    return dataclasses.replace(config, **changes)


def _finish(watch: Watch, run: RunFolder, config: Config, console: Console) -> bool:
    """Write the SavedModel, the curves and the GIF, each even if another fails; return whether
    there is a SavedModel.
    """
    if not (run.checkpoints / "best.npz").exists():
        return False
    exported = _attempt("The generator was", lambda: _export(run, config), console)
    _attempt("The pictures were", watch.finish, console)
    return exported


def _export(run: RunFolder, config: Config) -> None:
    label_set = labels.read(run.path)
    spec = None
    also = {form.FILE: config.form.to_json()}
    if label_set is not None:
        spec = tf.TensorSpec([len(label_set.sizes)], tf.int32)
        also[labels.FILE] = label_set.to_json()
    generator = best_generator(run.path)
    export_generator(generator, config.latent_dim, run.generator, to_uint8, labels=spec, also=also)


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
    run = None if config.resume is None else _run_folder(config, data, labelled)
    label_set = None if labelled is None else labelled.labels
    trainer = build(config, strategy, rounds, label_set)
    _start_from(config, trainer, run, label_set)
    fit(trainer, batches, rounds, run=run, console=console)
    workers.wait_for_all(strategy)
    return trainer, run


# ---------------------------------------------------------------- resuming and starting from a run


def _remember(run: RunFolder, config: Config, console: Console) -> None:
    """Write changed options to config.json, and the changes to its `history`."""
    new = {name: getattr(config, name) for name in REMEMBERED}
    changed = {name: [run.config.get(name), new[name]] for name in RATES}
    changed = {name: pair for name, pair in changed.items() if pair[0] != pair[1]}
    history = list(run.config.get("history", []))
    if changed or config.from_best:
        event: dict[str, Any] = {"round": run.step(), **changed}
        if config.from_best:
            event["from"] = "best.npz"
        history.append(event)
    data = None if config.data is None else str(config.data)
    cache = None if config.cache is None else str(config.cache)
    run.remember(**new, data=data, cache=cache, labels=config.labels, history=history)
    if changed:
        words = [f"{name} was {old} and is now {now}" for name, (old, now) in changed.items()]
        say(f"From round {run.step():,} on: {'; '.join(words)} (see config.json).", console)


def _back_to_best(run: RunFolder, console: Console) -> None:
    """Make the best epoch the newest checkpoint, and delete those after it."""
    best = run.checkpoints / "best.npz"
    if not best.exists():
        checks.fail(
            "dcgan train",
            "from_best",
            f"of a run that has a {best}",
            "none",
            "It is written after the first epoch.",
        )
    step = int(checkpoint.read_note(best)["step"])
    later = [file for file in run.checkpoints.glob("step_*.npz") if _round_of(file) > step]

    def copy(file) -> None:
        with open(best, "rb") as source:
            shutil.copyfileobj(source, file)

    files.write_atomically(run.checkpoints / f"step_{step:08d}.npz", copy)
    for file in sorted(later):
        file.unlink()
    say(f"Back at the best epoch, round {step:,}.", console)


def _round_of(file: Path) -> int:
    number = file.stem.removeprefix("step_")
    return int(number) if number.isdigit() else -1


def _start_from(
    config: Config,
    trainer: GANTrainer,
    run: RunFolder | None,
    label_set: labels.LabelSet | None,
) -> None:
    """Set a new run's networks, and their average, to those of another run's best epoch."""
    if config.start_from is None or (run is not None and run.latest() is not None):
        return
    file = Path(config.start_from) / "checkpoints" / "best.npz"
    if not file.exists():
        checks.fail("Config", "start_from", "a run with a best epoch", str(config.start_from))
    arrays, _ = checkpoint.read(file)
    for name, variable in trainer.state().items():
        if not name.startswith(NETWORKS):
            continue
        there = name
        if there not in arrays:  # a run that kept no average
            there = name.replace("average/model/", "generator/")
        array = arrays.get(there)
        if array is None or array.shape != tuple(variable.shape):
            checks.fail("Config", "start_from", SAME_NETWORKS, str(config.start_from), LEAVE_OUT)
        variable.assign(array)


def _check_networks_of_start(config: Config) -> None:
    """Check that a new run has the networks of the run that it starts from."""
    if config.start_from is None or config.resume is not None:
        return
    there = of_run(config.start_from)
    other = [
        f"{name} {getattr(there, name)} and not {getattr(config, name)}"
        for name in OF_NETWORKS
        if getattr(there, name) != getattr(config, name)
    ]
    if other:
        came = f"{config.start_from}, which has {', '.join(other)}"
        checks.fail("Config", "start_from", SAME_NETWORKS, came, LEAVE_OUT)


def _check_labels_of_start(config: Config, label_set: labels.LabelSet | None) -> None:
    """Check that both runs have the same labels: networks know only the labels of their run."""
    if config.start_from is None or config.resume is not None:
        return
    there = labels.read(config.start_from)
    if _identity(there) == _identity(label_set):
        return
    wanted = f"a run with the labels of this one: {_in_words(label_set)}"
    came = f"{config.start_from}, which has {_in_words(there)}"
    checks.fail("Config", "start_from", wanted, came, "Start a new run without it.")


def _identity(label_set: labels.LabelSet | None) -> list:
    """Factors and values in order; the networks' embedding tables depend on the order."""
    return [] if label_set is None else list(label_set.identity().items())


def _in_words(label_set: labels.LabelSet | None) -> str:
    if label_set is None:
        return "none"
    factors = label_set.identity().items()
    return "; ".join(f"{name} ({', '.join(values[:20])})" for name, values in factors)


def _keep_the_log_of_other_columns(run: RunFolder, trainer: GANTrainer) -> None:
    """Start a new log.csv if a new or removed penalty changes its columns; keep the old one too."""
    names = ["step", *trainer.row_names]
    if not run.log_file.exists():
        return
    with open(run.log_file, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if set(reader.fieldnames or names) ^ set(names) != {"penalty"}:
            return
        rows = list(reader)
    old = run.log_file.with_name(f"log_until_round_{run.step()}.csv")
    files.write_atomically(old, lambda file: file.write(run.log_file.read_bytes()))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="nan", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    files.text_atomically(run.log_file, text.getvalue())


# ---------------------------------------------------------------- faces and generators of a run


def held_aside(config: Config) -> tuple[np.ndarray, float]:
    """The held-out real faces by which a run of this config is judged, and the distance's floor.

    Args:
        config: the run's config.

    Returns:
        uint8 [M, S, S, C], and their distance to the same number of training faces.
    """
    images, rows, aside = divided_faces(config)
    sets = _real_sets(config, images, rows, aside)
    floor = distances.patches_and_whole(sets.reference, sets.others, seed=0)["mean"]
    return sets.reference, floor


def divided_faces(
    config: Config, console: Console | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The real faces of a run of this config, and how they are divided.

    Args:
        config: the run's config.
        console: where progress is shown.

    Returns:
        All faces, uint8 [N, S, S, C]; the indices of the training faces, and of the held-out ones.
    """
    data = _faces(config, console or Console(stderr=True))
    labelled = labelling.of_config(config, data.names)
    rows, aside = labelling.divide(len(data.images), config.seed, labelled)
    return data.images, rows, aside


def best_generator(folder: str | os.PathLike) -> tf.Module:
    """The generator of a run's best epoch (checkpoints/best.npz): its settled average, if any.

    Args:
        folder: the run folder.

    Raises:
        ValueError: if it has no best epoch yet.
    """
    run = RunFolder.resume(folder)
    file = run.checkpoints / "best.npz"
    if not file.exists():
        raise ValueError(
            f"dcgan: the run {folder} has no {file.name} yet, "
            "which is written after the first epoch. "
            f"Resume it: python -m dcgan train --resume {folder}"
        )
    arrays, _ = checkpoint.read(file)
    return generator_of(of_run(folder), labels.read(folder), arrays)


def generator_of(
    config: Config, label_set: labels.LabelSet | None, arrays: dict[str, np.ndarray]
) -> tf.Module:
    """The generator of a checkpoint: its settled average, if the run keeps an average.

    Args:
        config: the run's config.
        label_set: the labels of the faces; None: they have none.
        arrays: the arrays from `checkpoint.read`.
    """
    generator, _ = _networks(config, label_set, compute_dtype="float32", synchronised=False)
    prefix = "average/model/" if config.average else "generator/"
    for name, variable in named_variables(generator).items():
        variable.assign(arrays[prefix + name])
    if config.average:
        latent = Normal(config.latent_dim)
        settle(generator, settling_batches(latent, config.seed, _distribution(label_set)))
    return generator


def _faces(config: Config, console: Console) -> faces.Faces:
    if config.data is not None:
        cache = faces.CACHE if config.cache is None else config.cache
        with checks.renamed("faces.load: source", "Config: data"):
            return faces.load(
                config.data, config.size, form=config.form, cache=cache, console=console
            )
    _check_memory(config)
    with console.status("drawing faces"):
        drawn = drawn_faces.draw(range(config.drawn), seed=config.seed, size=config.size)
    names = [f"drawn {i}" for i in range(config.drawn)]
    return faces.Faces(form.in_colours(drawn, config.colours), names, [], form=config.form)


def _check_memory(config: Config) -> None:
    """Check that drawn faces fit into the memory, of which TensorFlow makes a copy."""
    most = int(faces.free_memory() / (2 * 3 * config.size**2))
    if config.drawn > most:
        wanted = f"at most {most:,}, as many faces of {config.size} pixels as the memory holds"
        checks.fail("Config", "drawn", wanted, f"{config.drawn:,}")


def _run_folder(
    config: Config, data: faces.Faces, labelled: labels.Labelled | None = None
) -> RunFolder:
    """A new run folder, or the one to resume, which must have this config and these faces."""
    fields = {
        **dataclasses.asdict(config),
        "faces": len(data.images),
        CHECKSUM: data.checksum(),
        "history": [],
    }
    if labelled is not None:
        fields[FACTORS] = labelled.labels.identity()
        fields[CHECKSUM_OF_LABELS] = labelled.checksum()
    path = config.resume or config.run or _first_free()
    options = {"resume_command": f"python -m dcgan train --resume {shlex.quote(str(path))}"}
    if config.resume is None:
        with checks.renamed("RunFolder.create:", "Config: run"):
            return RunFolder.create(path, fields, **options)
    there = RunFolder.resume(path).config
    of_run(path)  # reports a config that was edited wrongly in one line
    if there["judge"] != config.judge:
        checks.fail(
            "dcgan train",
            "judge",
            f"{there['judge']}, by which this run's best epoch was chosen",
            config.judge,
            "Figures of two judges cannot be compared. For the other judge, a new run: "
            f"python -m dcgan train --start-from {shlex.quote(str(path))} --judge {config.judge}",
        )
    try:
        with checks.renamed("RunFolder.resume:", "Config: resume"):
            run = RunFolder.resume(path, fields, may_change=MAY_CHANGE, **options)
    except ValueError as error:
        if there.get(CHECKSUM) == fields[CHECKSUM]:
            raise
        words = str(error).rstrip(". ")
        raise ValueError(
            f"{words}. For other faces, a new run that starts from this one's networks: "
            f"python -m dcgan train --start-from {shlex.quote(str(path))} --data FACES"
        ) from None
    run.config = there  # with its history, and the rates that it had
    return run


def _first_free() -> Path:
    """The first of runs/dcgan-1, runs/dcgan-2, ... that does not exist.

    It is made at once, so that another training does not choose it too.
    """
    for i in range(1, 10**6):
        path = Path(f"runs/dcgan-{i}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError:  # `RunFolder.create` reports it better
            pass
        return path
