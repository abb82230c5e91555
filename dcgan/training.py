"""From a config to a trained generator: data, networks, trainer, and a run folder that can go on.

    trainer, run = train(Config(data=Path("my_faces.zip"), epochs=30))

Nothing about training is here that is not in `gan_core`: this file only puts its parts together.
"""

import dataclasses
import importlib.util
import shlex
import time
from pathlib import Path

import numpy as np
import tensorflow as tf
from rich.console import Console

from dcgan import networks
from dcgan.config import Config, from_json
from dcgan.data import faces
from dcgan.data.batches import face_batches
from dcgan.data.pixels import to_uint8
from dcgan.drawn import drawn_faces
from dcgan.epochs import Watch
from dcgan.measures import distances
from gan_core import augment, checks, losses, penalties, rng
from gan_core.averaging import settling_batches
from gan_core.devices import replicas, workers
from gan_core.latent import Normal
from gan_core.nn.settling import settle
from gan_core.nn.variables import named_variables
from gan_core.optim import schedules
from gan_core.optim.optimizers import Adam
from gan_core.runs import checkpoint
from gan_core.runs.export import export_generator
from gan_core.runs.loop import fit
from gan_core.runs.run_folder import RunFolder
from gan_core.trainer import GANTrainer

MAY_CHANGE = (
    "epochs",
    "fall",  # how long it goes on, and how it ends
    "resume",
    "run",
    "preset",
    "mode",
    "convolution",
    "tensorboard",  # what decides no number
    "strategy",
    "synchronised",
)  # on what devices it goes on
CHECKSUM = "checksum of the faces"
AUGMENTATIONS = {
    "translation": augment.translation,
    "colour": augment.colour,
    "cutout": augment.cutout,
}


def build(config: Config, strategy=None, rounds: int | None = None) -> GANTrainer:
    """The networks of Radford et al. 2015 and the trainer of `gan_core`, as the config says.

    rounds: how many there will be in all, in the last of which the learning rates fall (config.fall); None: they stay.
    """
    options = {
        "size": config.size,
        "width": config.width,
        "seed": config.seed,
        "momentum": config.momentum,
        "epsilon": config.epsilon,
        "synchronised": config.synchronised,
        "convolution": config.convolution,
        "compute_dtype": "bfloat16" if config.precision == "bfloat16" else "float32",
    }
    d_rate, g_rate = config.d_learning_rate, config.g_learning_rate
    if rounds is not None and (falling := round(config.fall * rounds)):
        d_rate, g_rate = (
            schedules.linear_decay(rate, rounds, start=rounds - falling)
            for rate in (d_rate, g_rate)
        )
    tf.config.experimental.enable_tensor_float_32_execution(config.precision == "tf32")
    with replicas.scope(strategy):
        generator = networks.generator(latent_dim=config.latent_dim, **options)
        discriminator = networks.discriminator(**options)
        g_optimizer = Adam(g_rate, beta_1=config.beta_1).bind(generator.trainable_variables)
        d_optimizer = Adam(d_rate, beta_1=config.beta_1).bind(discriminator.trainable_variables)
    return GANTrainer(
        generator,
        discriminator,
        latent=Normal(config.latent_dim),
        loss=losses.by_name(config.loss),
        seed=config.seed,
        g_optimizer=g_optimizer,
        d_optimizer=d_optimizer,
        update=config.update,
        mode=config.mode,
        strategy=strategy,
        penalty=penalties.r1(config.gamma) if config.gamma else None,
        augment=augment.chain(*(AUGMENTATIONS[name]() for name in config.augment))
        if config.augment
        else None,
        average=schedules.rising_memory(config.average) if config.average else None,
    )


def train(
    config: Config, console: Console | None = None, hooks=()
) -> tuple[GANTrainer, RunFolder | None]:
    """Train until config.epochs are over; -> the trainer as it is then, and the run folder.

    The folder then has, besides what `RunFolder` says, a sheet of fixed noise after every epoch
    (samples/), epochs.csv, skipped.txt, curves.png, training.gif, and generator/: the SavedModel of
    the best epoch. Stopped by Ctrl-C it has them too, and goes on with `--resume`.
    With the strategy multi-worker the chief does and says all this; the others play along.
    """
    console = console or Console(stderr=True)
    if config.tensorboard and importlib.util.find_spec("tensorboard") is None:
        raise ValueError(
            "dcgan train: tensorboard must be installed to write its files. Say: pip install tensorboard"
        )
    strategy = workers.by_name(config.strategy)  # before anything is computed
    replicas.check_batch("dcgan train", strategy, config.batch_size)
    start = time.perf_counter()
    data = _faces(config, console)
    rows, held_aside = faces.split(len(data.images), config.seed)
    if len(held_aside) < 2:
        checks.fail(
            "dcgan train",
            "data",
            "at least 20 faces, some of them to judge by",
            f"{len(data.images)}",
        )
    batches = face_batches(
        data.images, config.batch_size, seed=config.seed, flip=config.flip, rows=rows
    )
    an_epoch = len(rows) // config.batch_size
    rounds = config.epochs * an_epoch
    if not workers.is_chief(strategy):
        return _play_along(config, strategy, data, batches, rounds, console)
    run = _run_folder(config, data)
    with run.held():
        data.write_skipped(run.path / "skipped.txt")
        seen = f" (see {run.path / 'skipped.txt'})" if data.skipped else ""
        console.print(
            f"{data.summary()}{seen}; "
            f"{len(held_aside):,} held aside; "
            f"{time.perf_counter() - start:.1f} s. Run folder: {run.path}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
        if (over := run.step() // an_epoch) >= config.epochs:
            console.print(
                f"Its {config.epochs} epochs are over. To go on with it: --epochs {over + 10}, say.",
                highlight=False,
            )
        else:
            run.remember(
                epochs=config.epochs,
                fall=config.fall,
                data=None if config.data is None else str(config.data),
            )
        trainer = build(config, strategy, rounds)
        watch = Watch(run, data.images[held_aside], an_epoch * config.batch_size, config, console)
        del data  # the device has the faces
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
        except (
            BaseException
        ):  # Ctrl-C and a full disk: show what there is, and tell what ended the training
            try:
                _finish(watch, run, config)
            except Exception as error:
                console.print(
                    f"Pictures and generator were not written: {error}",
                    markup=False,
                    highlight=False,
                    soft_wrap=True,
                )
            raise
        if not _finish(watch, run, config):
            raise ValueError(
                f"dcgan train: {run.path} has lost the sheets of its epochs or its best.npz, so there is "
                f"nothing to export. Give it another epoch: --epochs {config.epochs + 1}"
            )
        console.print(
            f"The generator of the best epoch is in {run.generator}. Try: python -m dcgan generate --run "
            f"{shlex.quote(str(run.path))} --count 64 --out faces",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
        workers.wait_for_all(strategy)
        return trainer, run


def _finish(watch: Watch, run: RunFolder, config: Config) -> bool:
    """The curves, the GIF and the SavedModel, if an epoch was finished. -> whether it was"""
    exported = watch.finish() and (run.checkpoints / "best.npz").exists()
    if exported:
        export_generator(best_generator(run.path), config.latent_dim, run.generator, to_uint8)
    return exported


def _play_along(config, strategy, data, batches, rounds, console):
    """What a worker that is not the chief does: the same rounds, from the same checkpoint, and no files."""
    run = None if config.resume is None else _run_folder(config, data)
    trainer = build(config, strategy, rounds)
    fit(trainer, batches, rounds, run=run, console=console)
    workers.wait_for_all(strategy)
    return trainer, run


def held_aside(config: Config) -> tuple[np.ndarray, float]:
    """The real faces by which a run of this config is judged, uint8 [M, S, S, 3], and the distance's floor: that
    of as many real faces which were learnt from, at random (files are often named in the order of years)."""
    data = _faces(config, Console(stderr=True))
    rows, aside = faces.split(len(data.images), config.seed)
    real = data.images[aside]
    learnt = data.images[
        rows[rng.permutation(len(rows), rng.seed(config.seed, "floor")).numpy()[: len(aside)]]
    ]
    return real, distances.patches_and_whole(real, learnt, seed=0)["mean"]


def best_generator(folder) -> tf.Module:
    """The generator of a run's best epoch (checkpoints/best.npz): its average, settled, if it kept one."""
    run = RunFolder.resume(folder)
    file = run.checkpoints / "best.npz"
    if not file.exists():
        raise ValueError(
            f"dcgan: the run {folder} has no {file.name} yet, which is written after the first epoch. "
            f"Go on with it: python -m dcgan train --resume {folder}"
        )
    config = from_json(run.config)
    generator = networks.generator(
        config.size,
        config.width,
        config.latent_dim,
        seed=config.seed,
        momentum=config.momentum,
        epsilon=config.epsilon,
    )
    arrays, _ = checkpoint.read(file)
    prefix = "average/model/" if config.average else "generator/"
    for name, variable in named_variables(generator).items():
        variable.assign(arrays[prefix + name])
    if config.average:
        settle(generator, settling_batches(Normal(config.latent_dim), config.seed))
    return generator


def _faces(config: Config, console) -> faces.Faces:
    if config.data is not None:
        return faces.load(config.data, config.size, console=console)
    with console.status("drawing faces"):
        drawn = drawn_faces.draw(range(config.drawn), seed=config.seed, size=config.size)
    return faces.Faces(drawn, [f"drawn {i}" for i in range(config.drawn)], [])


def _run_folder(config: Config, data: faces.Faces) -> RunFolder:
    """A new run folder, or the one to go on with, which must be of this config and these faces."""
    fields = {**dataclasses.asdict(config), "faces": len(data.images), CHECKSUM: data.checksum()}
    path = config.resume or config.run or _first_free()
    options = {"resume_command": f"python -m dcgan train --resume {shlex.quote(str(path))}"}
    if config.resume is None:
        return RunFolder.create(path, fields, **options)
    if CHECKSUM in RunFolder.resume(path).config:  # the same faces may lie elsewhere now
        return RunFolder.resume(path, fields, may_change=(*MAY_CHANGE, "data"), **options)
    del fields[CHECKSUM]  # earlier versions of this package kept none
    return RunFolder.resume(path, fields, may_change=MAY_CHANGE, **options)


def _first_free() -> Path:
    """The first of runs/dcgan-1, runs/dcgan-2, ... that is not there, made now: another training may want it too."""
    for i in range(1, 10**6):
        path = Path(f"runs/dcgan-{i}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError:  # `RunFolder.create` tells it better
            pass
        return path
