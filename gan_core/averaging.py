"""A second generator that is the running average of the first."""

import copy
from collections.abc import Iterator

import tensorflow as tf

from gan_core import checks, rng


class ExponentialMovingAverage(tf.Module):
    """average <- decay average + (1 - decay) model, after every round.

    The players of a game circle around its equilibrium; the average of the circle is nearer to
    it than any point on it (Yazıcı et al. 2019). `model` is a copy of the averaged network, with
    variables of its own, started equal: use it for samples. All its floating variables are averaged,
    others copied. For batch norm's moving mean and variance that is a guess: what averaged weights compute is
    not the average of what the weights computed. Measure them before use and before export, as
    GANTrainer.sample does for itself: settling.settle(average.model, settling_z(latent, seed)).

    decay 0.999 remembers about the last 1,000 rounds. It may be a schedule: with a fixed decay the
    start, which is noise, is remembered as well (`schedules.rising_memory`).
    """

    def __init__(self, model: tf.Module, decay, name=None):
        super().__init__(name=name)
        if not callable(decay):
            checks.number("ExponentialMovingAverage", "decay", decay, 0.0, below=1.0)
        self.decay = decay
        self.model = copy.deepcopy(model)
        pairs = tuple(zip(self.model.variables, model.variables, strict=True))
        # In a function, which tf.Module does not look into: the source's variables are not ours.
        self._pairs = lambda: pairs

    def update(self, step=0) -> None:
        """Take one step toward the model's present values. step: how many rounds were played before this one."""
        decay = self.decay(step) if callable(self.decay) else self.decay
        for average, variable in self._pairs():
            if variable.dtype.is_floating:
                average.assign_sub((1.0 - decay) * (average - variable))
            else:  # a counter, say
                average.assign(variable)


def settling_z(latent, seed: int) -> Iterator[tf.Tensor]:
    """What an averaged generator's batch norm is settled by (`settling.settle`): 1,024 z, the same for a seed."""
    return (latent(256, rng.seed(seed, "settle", i)) for i in range(4))
