"""Faces from a trained generator: z in, uint8 pictures out.

generator = load()                       # the package's own, the one without labels
generator = load("runs/dcgan-1")         # of a run
faces = generator.sample(16, seed=3)     # uint8 [16, 64, 64, 3]
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import logging
import os
import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from dcgan.config import of_run
from dcgan.data import form as forms
from dcgan.data.form import USUAL, Form
from dcgan.data.labels import FILE as FILE_OF_LABELS
from dcgan.data.labels import Asked, LabelSet
from dcgan.data.labels import read as read_labels
from dcgan.data.pixels import to_uint8
from dcgan.generation import pretrained
from gan_core import checks, files, rng
from gan_core.latent import BLOCK, Normal, Rows
from gan_core.latent import block as latent_block

BATCH = 64  # pictures that G makes at a time, always: see Generator


@dataclasses.dataclass(frozen=True)
class Generator:
    """z [n, latent_dim] float32 -> pictures [n, size, size, C] uint8, for any n; C is 3, 1 in grey.

    A conditional generator, one with `labels`, is called with those of each picture as well.

    The network is always called with BATCH of them at once (the last batch is filled up), because
    in a batch of another size sums are added in another order, which may change a pixel by 1 of
    255. So a picture depends only on its own z, bit for bit on the same machine.
    """

    function: Callable
    """z [BATCH, latent_dim] float32, and labels [BATCH, f] int32 if there are any -> uint8
    [BATCH, size, size, C]"""
    latent_dim: int
    size: int
    name: str
    """where it comes from, for people"""
    labels: LabelSet | None = None
    """what it may be asked for; None: nothing"""
    samples: Callable | None = None
    """as function, but for any n and float32 in [-1, 1]: gradients with respect to z pass through
    it; None: it has no such function"""
    form: Form = USUAL
    """what was made of the pictures that it learnt from"""

    def __call__(self, z, labels: np.ndarray | None = None) -> np.ndarray:
        z = checks.tensor("Generator", "z", z, ["n", self.latent_dim], finite=True).numpy()
        labels = self._checked_labels(labels, len(z))
        if len(z) == 0:
            return np.zeros([0, self.size, self.size, self.form.channels], np.uint8)
        inputs = [_filled(z)]
        if labels is not None:
            inputs.append(_filled(labels))
        batches = []
        for i in range(0, len(z), BATCH):
            batch = [tf.constant(array[i : i + BATCH]) for array in inputs]
            batches.append(self.function(*batch).numpy())
        return np.concatenate(batches)[: len(z)]

    def _checked_labels(self, labels: np.ndarray | None, n: int) -> np.ndarray | None:
        """[n, f] int32 where this generator has labels; else None."""
        if self.labels is None and labels is not None:
            checks.fail("Generator", "labels", f"None: {self.name} was trained without", "some")
        if self.labels is None:
            return None
        sizes = self.labels.sizes
        if labels is None:
            came = "None"
            checks.fail("Generator", "labels", f"[n, {len(sizes)}], for {self.name}", came)
        labels = checks.array(
            "Generator", "labels", labels, [n, len(sizes)], dtype=np.int32, at_least=0
        )
        if n and (labels.min() < 0 or (labels >= sizes).any()):
            wanted = f"whole numbers from 0 to below {sizes}"
            checks.fail("Generator", "labels", wanted, f"{labels.min()} to {labels.max()}")
        return labels

    def asked(self, texts: Sequence[str]) -> Asked:
        """What --label asks for; ValueError if this generator does not know it."""
        if texts and self.labels is None:
            checks.fail(
                "generate",
                "label",
                f"left out: {self.name} was trained without labels",
                repr(texts[0]),
                "Train one with them: python -m dcgan train --labels hair,eyes,glasses",
            )
        return {} if self.labels is None else self.labels.asked(texts)

    def z(self, n: int, seed: int = 0) -> np.ndarray:
        """n samples of the prior N(0, I): [n, latent_dim] float32.
        Number i of a seed is the same for every n.
        """
        checks.integer("Generator.z", "n", n, 1)
        return np.concatenate(list(self._blocks_of_z(n, seed)))

    def sample(self, n: int, seed: int = 0, asked: Asked | None = None) -> np.ndarray:
        """n faces: uint8 [n, size, size, C]. Number i of a seed is the same for every n,
        and GANTrainer.sample's.

        Args:
            n: how many.
            seed: the seed of z and the labels.
            asked: values of factors that all faces are to have; the others are drawn as often as
                the data have them.
        """
        return np.concatenate(list(self.blocks(n, seed, asked)))

    def blocks(self, n: int, seed: int = 0, asked: Asked | None = None) -> Iterator[np.ndarray]:
        """`sample`, at most BLOCK faces at a time."""
        checks.integer("Generator.sample", "n", n, 1)
        return (
            self(z, self._block_of_labels(number, len(z), seed, asked))
            for number, z in enumerate(self._blocks_of_z(n, seed))
        )

    def labels_of(self, n: int, seed: int = 0, asked: Asked | None = None) -> np.ndarray | None:
        """The labels of `sample`'s faces: [n, f] int32; None where there are no labels."""
        checks.integer("Generator.labels_of", "n", n, 1)
        if self.labels is None:
            return None
        blocks = [
            self._block_of_labels(start // BLOCK, min(BLOCK, n - start), seed, asked)
            for start in range(0, n, BLOCK)
        ]
        return np.concatenate(blocks)

    def _block_of_labels(
        self, number: int, n: int, seed: int, asked: Asked | None
    ) -> np.ndarray | None:
        """As the trainer draws them."""
        if self.labels is None:
            return None
        labels = Rows(self.labels.rows, self.labels.counts)
        drawn = labels(BLOCK, rng.seed(seed, "sample labels", number)).numpy()[:n]
        return self.labels.with_asked(drawn, asked or {})

    def truncated(self, truncation: float) -> Generator:
        """The generator of truncation * z: G(truncation z) in place of G(z).

        Below 1, faces are more alike; towards 0 all of them become the one face G(0). G was trained
        on norms near sqrt(latent_dim) alone, so they may also be less clear: chapter 10 measures
        it. StyleGAN's truncation trick (Karras et al. 2019) with z for w, whose mean is 0.

        Args:
            truncation: above 0 and at most 1, which is the generator itself.

        Example:
            >>> from dcgan.generation import trained_generator
            >>> calm = trained_generator.load().truncated(0.7)
            >>> calm.sample(2).shape
            (2, 64, 64, 3)
        """
        checks.number("Generator", "truncation", truncation, above=0.0, high=1.0)
        if truncation == 1.0:
            return self
        function = self.function
        samples = self.samples
        return dataclasses.replace(
            self,
            function=lambda z, *labels: function(truncation * z, *labels),
            samples=samples and (lambda z, *labels: samples(truncation * z, *labels)),
            name=f"{self.name} with truncation {truncation:g}",
        )

    def _blocks_of_z(self, n, seed):
        for start in range(0, n, BLOCK):
            yield block_of_z(start // BLOCK, self.latent_dim, seed)[: n - start]


def _filled(array: np.ndarray) -> np.ndarray:
    """With zeros behind, to whole batches."""
    more = np.zeros([-len(array) % BATCH, *array.shape[1:]], array.dtype)
    return np.concatenate([array, more])


def block_of_z(index: int, latent_dim: int, seed: int) -> np.ndarray:
    """Block number `index` of the samples of the prior N(0, I): [BLOCK, latent_dim] float32."""
    return latent_block(Normal(latent_dim), index, seed).numpy()


def of_network(
    network,
    latent_dim: int,
    size: int,
    name: str = "network",
    labels: LabelSet | None = None,
    form: Form = USUAL,
) -> Generator:
    """A Generator of a network z [B, latent_dim] -> [B, size, size, C] float32 in [-1, 1],
    compiled; of a network (z, labels), where labels are given.
    """

    def pictures(*inputs: tf.Tensor) -> tf.Tensor:
        return to_uint8(network(*inputs))

    # A partial object is counted by itself where TensorFlow warns of frequent tracing.
    function = tf.function(functools.partial(pictures), autograph=False)
    return Generator(function, latent_dim, size, name, labels, samples=network, form=form)


def load(run: str | os.PathLike | None = None, *, with_labels: bool = False) -> Generator:
    """The generator of a run.

    A run that is under way, or was killed, has no generator/ yet, or one that is older than its
    best epoch: then it is that of its best epoch so far. A program that wants the same pixels from
    a GPU each time calls `choose_arithmetic` at its start.

    Args:
        run: a run folder (its generator/ alone will do); None: one of the package's own two.
        with_labels: which of these two: the one that was trained with labels, or the other. A run
            has labels or not, whatever is said here.

    Raises:
        ValueError: if there is none, or it cannot be used.
    """
    if run is None:
        network, about, labels = pretrained.load(pretrained.of_kind(with_labels))
        name = pretrained.name_of(labels)
        form = pretrained.form_of(about)
        return of_network(network, about["latent_dim"], about["size"], name, labels, form)
    if _is_under_way(run):
        from dcgan.runs.best import best_generator  # slow to import, and seldom needed

        config = of_run(run)
        network = best_generator(run)
        labels = read_labels(run)
        return of_network(
            network, config.latent_dim, config.size, str(run), labels, form=config.form
        )
    return _of_saved_model(saved_model(run), str(run))


def _is_under_way(run: str | os.PathLike) -> bool:
    """Whether a run has kept a best epoch, but no SavedModel of it: none, or an older one."""
    best = Path(run) / "checkpoints" / "best.npz"
    exported = Path(run) / "generator" / "saved_model.pb"
    if not best.exists():
        return False
    return not exported.exists() or exported.stat().st_mtime < best.stat().st_mtime


def choose_arithmetic() -> None:
    """Have a GPU make the same pixels of the same z in every process: for a program's start.

    A GPU takes whichever algorithm it finds fastest in a process, and each rounds in its own way,
    which may turn a pixel by 1 of 255: it is told to take the same one always. (A CPU does.) This
    holds for the whole process and cannot be taken back, so nothing but a command's start calls it.
    """
    if tf.config.list_physical_devices("GPU"):
        tf.config.experimental.enable_tensor_float_32_execution(False)
        tf.config.experimental.enable_op_determinism()


def check(run) -> None:
    """ValueError if `run` has no generator to load."""
    if not _is_under_way(run):
        saved_model(run)


def saved_model(run) -> Path:
    """The folder of a run's SavedModel; ValueError if there is none."""
    folder = Path(run)
    if not (folder / "saved_model.pb").exists():
        folder = folder / "generator"
    if not (folder / "saved_model.pb").exists() and (Path(run) / "config.json").is_file():
        checks.fail(
            "generator",
            "run",
            "a run with a finished generator/",
            str(run),
            "Training writes it at its end: "
            f"resume it with python -m dcgan train --resume {shlex.quote(str(run))}.",
        )
    if not (folder / "saved_model.pb").exists():
        checks.fail(
            "generator",
            "run",
            "the folder of a run, such as runs/dcgan-1",
            str(run),
            "Without --run the package's own is used.",
        )
    return folder


@contextlib.contextmanager
def _without_needless_warnings() -> Iterator[None]:
    """Hide TensorFlow's warning that gradients will likely fail.

    A SavedModel keeps the first derivatives that layers define themselves, and `samples` needs no
    others. TensorFlow warns of the second ones, once for each filter of G.
    """
    logger = logging.getLogger("absl")  # TensorFlow's

    def is_needed(record: logging.LogRecord) -> bool:
        return "unsaved custom gradients" not in record.getMessage()

    logger.addFilter(is_needed)
    try:
        yield
    finally:
        logger.removeFilter(is_needed)


def _of_saved_model(folder, name) -> Generator:
    """What `gan_core.nn.export` wrote: its signature tells latent_dim, a first call the size."""
    labels = read_labels(folder)
    form = forms.read(folder)
    try:
        with files.named_in_utf8(folder) as place, _without_needless_warnings():
            model = tf.saved_model.load(place)
        inputs = model.signatures["serving_default"].structured_input_signature[1]
        z = inputs["z"]
        tried = [tf.zeros([BATCH, z.shape[1]])]
        if labels is not None:
            tried.append(tf.zeros([BATCH, len(labels.sizes)], tf.int32))
        elif len(inputs) > 1:
            raise ValueError(f"it takes labels, and {FILE_OF_LABELS} is not beside it")
        shape = model(*tried).shape
    except Exception as error:  # a damaged or foreign SavedModel fails in a dozen ways
        first = str(error).partition("\n")[0]
        raise ValueError(
            f"generator: {folder} cannot be used ({first or type(error).__name__}): it must be a "
            "SavedModel z [n, latent_dim] -> images, as training writes it."
        ) from error
    if shape.rank != 4 or shape[1] != shape[2] or shape[3] != form.channels:
        wanted = f"[n, size, size, {form.channels}]"
        checks.fail("generator", f"what {folder} makes", wanted, checks.show_shape(shape))
    samples = getattr(model, "samples", None)
    return Generator(model, z.shape[1], shape[1], name, labels, samples, form)
