"""Optimizers with mistakes that people made: name -> (optimizer, law, where from)."""

import tensorflow as tf

from gan_core.testing import Optimizer


class Adam:
    """Adam in plain TensorFlow, with parts that can be wrong."""

    def __init__(self, learning_rate, beta_1=0.5, beta_2=0.999, epsilon=1e-8):
        self.rate = learning_rate
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def bind(self, variables):
        self.variables = list(variables)
        self.m = [tf.Variable(tf.zeros(v.shape)) for v in variables]
        self.v = [tf.Variable(tf.zeros(v.shape)) for v in variables]
        self.updates = tf.Variable(0, dtype=tf.int64)
        return self

    def rate_at(self, step):
        return tf.cast(self.rate(step), tf.float32) if callable(self.rate) else self.rate

    def count(self):
        self.updates.assign_add(1)
        return tf.cast(self.updates, tf.float32)

    def move(self, variable, m, v, gradient, t, rate):
        m.assign(self.beta_1 * m + (1 - self.beta_1) * gradient)
        v.assign(self.beta_2 * v + (1 - self.beta_2) * gradient**2)
        variable.assign_sub(self.step_of(m, v, t, rate))

    def step_of(self, m, v, t, rate):
        m_hat = m / (1 - tf.pow(self.beta_1, t))
        v_hat = v / (1 - tf.pow(self.beta_2, t))
        return rate * m_hat / (tf.sqrt(v_hat) + self.epsilon)

    def apply(self, gradients, step):
        t = self.count()
        for variable, m, v, gradient in zip(self.variables, self.m, self.v, gradients, strict=True):
            self.move(variable, m, v, gradient, t, self.rate_at(step))


class NoBiasCorrection(Adam):
    def step_of(self, m, v, t, rate):
        return rate * m / (tf.sqrt(v) + self.epsilon)


class MultipliedByTheCorrection(Adam):
    def step_of(self, m, v, t, rate):
        m_hat = m * (1 - tf.pow(self.beta_1, t))
        v_hat = v * (1 - tf.pow(self.beta_2, t))
        return rate * m_hat / (tf.sqrt(v_hat) + self.epsilon)


class EpsilonInsideTheRoot(Adam):
    def step_of(self, m, v, t, rate):
        m_hat = m / (1 - tf.pow(self.beta_1, t))
        v_hat = v / (1 - tf.pow(self.beta_2, t))
        return rate * m_hat / tf.sqrt(v_hat + self.epsilon)


class EpsilonBeforeTheCorrection(Adam):
    def step_of(self, m, v, t, rate):
        correction = tf.sqrt(1 - tf.pow(self.beta_2, t)) / (1 - tf.pow(self.beta_1, t))
        return rate * correction * m / (tf.sqrt(v) + self.epsilon)


class NoRoot(Adam):
    def step_of(self, m, v, t, rate):
        m_hat = m / (1 - tf.pow(self.beta_1, t))
        v_hat = v / (1 - tf.pow(self.beta_2, t))
        return rate * m_hat / (v_hat + self.epsilon)


class BackwardBetas(Adam):
    def move(self, variable, m, v, gradient, t, rate):
        m.assign((1 - self.beta_1) * m + self.beta_1 * gradient)
        v.assign((1 - self.beta_2) * v + self.beta_2 * gradient**2)
        variable.assign_sub(self.step_of(m, v, t, rate))


class CountInPython(Adam):
    def bind(self, variables):
        self.steps = 0
        return super().bind(variables)

    def count(self):
        self.steps += 1
        return float(self.steps)


class Uphill(Adam):
    def step_of(self, m, v, t, rate):
        return -super().step_of(m, v, t, rate)


class OwnClock(Adam):
    def apply(self, gradients, step):
        super().apply(gradients, tf.identity(self.updates))


class DecayOfItsOwn(Adam):
    def move(self, variable, m, v, gradient, t, rate):
        super().move(variable, m, v, gradient, t, rate)
        variable.assign(0.99 * variable)


class OneMomentForAll(Adam):
    def apply(self, gradients, step):
        size = tf.linalg.global_norm(gradients)
        super().apply([g / size for g in gradients], step)


class FixedRate(Adam):
    """Its learning rate is a number, and no schedule."""

    def rate_at(self, step):
        return self.rate


def adam(kind, **settings):
    """A subject that claims to be Adam with beta_1 = 0.5."""
    claimed = {"beta_1": 0.5, "epsilon": settings.get("epsilon", 1e-8)}
    return Optimizer(lambda rate: kind(rate, **settings), ("adam",), name="wrong", **claimed)


RIGHT = [adam(Adam), adam(Adam, epsilon=1e-2), adam(FixedRate)]
WRONG = {
    "no bias correction": (
        adam(NoBiasCorrection),
        "first_step_has_the_size_of_the_learning_rate",
        "github.com/BVLC/caffe/issues/4224, oxiglade/mlx-rs #301",
    ),
    "multiplied by the correction": (
        adam(MultipliedByTheCorrection),
        "adam_is_algorithm_1",
        "github.com/karpathy/convnetjs/pull/70",
    ),
    "epsilon inside the root": (
        adam(EpsilonInsideTheRoot, epsilon=1e-2),
        "adam_is_algorithm_1",
        "github.com/keras-team/keras/issues/17391",
    ),
    "epsilon before the correction": (
        adam(EpsilonBeforeTheCorrection, epsilon=1e-2),
        "adam_is_algorithm_1",
        "github.com/tensorflow/tensorflow/issues/35102, karpathy/nanochat #304",
    ),
    "v without its root": (
        adam(NoRoot),
        "rescaled_gradients_take_the_same_steps",
        "one of the codebases read for this project",
    ),
    "betas swapped": (
        adam(Adam, beta_1=0.999, beta_2=0.5),
        "adam_is_algorithm_1",
        "one of the codebases read for this project",
    ),
    "betas counted backwards": (
        adam(BackwardBetas),
        "adam_is_algorithm_1",
        "github.com/mila-iqia/blocks/issues/1159",
    ),
    "steps counted in Python": (
        adam(CountInPython),
        "compiled_steps_equal_eager_ones",
        "a number that a graph fixes when it is traced",
    ),
    "uphill": (adam(Uphill), "first_step_goes_downhill", "assign_add for assign_sub"),
    "a schedule by its own count": (
        adam(OwnClock),
        "schedule_is_asked_for_the_round",
        "several steps of D in a round, each of which moves the schedule",
    ),
    "a decay that nobody asked for": (
        adam(DecayOfItsOwn),
        "learning_rate_0_moves_nothing",
        "weight decay outside of the learning rate",
    ),
    "one norm for all variables": (
        adam(OneMomentForAll),
        "variables_move_by_themselves",
        "a clip by the global norm inside of the optimizer",
    ),
}
