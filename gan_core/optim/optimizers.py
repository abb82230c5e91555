"""How a gradient changes the parameters: Adam and plain gradient descent.

An optimizer is born with the variables it moves, so that its own state exists from the start,
and `apply(gradients)` moves them, one gradient for each variable, in the same order.
"""

import tensorflow as tf

from gan_core import checks
from gan_core.optim.schedules import as_schedule


def adam_update(
    parameter, m, v, gradient, step, learning_rate, beta_1=0.9, beta_2=0.999, epsilon=1e-8
):
    """One step of Adam, as the paper writes it (Kingma and Ba 2015, Algorithm 1):

        m <- beta_1 m + (1 - beta_1) g               a running mean of the gradient
        v <- beta_2 v + (1 - beta_2) g^2             ... and of its square
        m^ = m / (1 - beta_1^t),  v^ = v / (1 - beta_2^t)      both started at 0: undo that
        parameter <- parameter - learning_rate m^ / (sqrt(v^) + epsilon)

    All arrays of one shape; step t counts from 1. -> (parameter, m, v), nothing is changed.
    """
    m = beta_1 * m + (1.0 - beta_1) * gradient
    v = beta_2 * v + (1.0 - beta_2) * gradient**2
    m_hat = m / (1.0 - beta_1**step)
    v_hat = v / (1.0 - beta_2**step)
    return parameter - learning_rate * m_hat / (v_hat**0.5 + epsilon), m, v


class Optimizer(tf.Module):
    """What Adam and SGD share: the variables, the learning rate's schedule, the count of steps."""

    def __init__(self, variables, learning_rate, name=None):
        super().__init__(name=name)
        owner = type(self).__name__
        if not isinstance(variables, list | tuple) or not variables:
            checks.fail(owner, "variables", "a list of at least one tf.Variable", repr(variables))
        for i, variable in enumerate(variables):
            if not isinstance(variable, tf.Variable) or variable.dtype != tf.float32:
                checks.fail(owner, f"variables[{i}]", "a tf.Variable of float32", repr(variable))
            if any(variable is other for other in variables[:i]):
                checks.fail(
                    owner, f"variables[{i}]", "one that is not in the list before", variable.name
                )
        self.variables_moved = tuple(variables)
        self.schedule = as_schedule(owner, learning_rate)
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False, name="step")

    def learning_rate(self) -> tf.Tensor:
        """The learning rate of the next step, a float32 scalar."""
        return tf.cast(self.schedule(self.step), tf.float32)

    def apply(self, gradients) -> None:
        """Move every variable by its gradient. A missing one is refused by its variable's name."""
        owner, gradients = f"{type(self).__name__}.apply", list(gradients)
        if len(gradients) != len(self.variables_moved):
            checks.fail(
                owner,
                "gradients",
                f"{len(self.variables_moved)}, one for each variable",
                str(len(gradients)),
            )
        for i, (variable, gradient) in enumerate(zip(self.variables_moved, gradients, strict=True)):
            if gradient is None:
                checks.fail(
                    owner,
                    f"the gradient of {variable.name} {checks.show_shape(variable.shape)}",
                    "a tensor",
                    "None",
                    "The loss does not depend on this variable.",
                )
            if isinstance(gradient, tf.IndexedSlices):  # what tf.gather's gradient is
                gradient = tf.convert_to_tensor(gradient)
            gradients[i] = checks.tensor(
                owner, f"the gradient of {variable.name}", gradient, variable.shape
            )
        self._move(gradients)
        self.step.assign_add(1)


class SGD(Optimizer):
    """Gradient descent: parameter <- parameter - learning_rate g (Robbins and Monro 1951)."""

    def __init__(self, variables, learning_rate=0.01, name=None):
        super().__init__(variables, learning_rate, name)

    def _move(self, gradients):
        rate = self.learning_rate()
        for variable, gradient in zip(self.variables_moved, gradients, strict=True):
            variable.assign_sub(rate * gradient)


class Adam(Optimizer):
    """Adam (Kingma and Ba 2015); for GANs usually with beta_1 = 0.5 (Radford et al. 2015).

    The update is `adam_update`'s, made by TensorFlow's one fused kernel a variable. That kernel
    writes the paper's line before section 2.1, with the bias corrections in the step size:

        parameter <- parameter - learning_rate sqrt(1 - beta_2^t) / (1 - beta_1^t)  m / (sqrt(v) + e)

    which is Algorithm 1 only if e = epsilon sqrt(1 - beta_2^t) ("epsilon hat"); so that is passed.
    """

    def __init__(
        self,
        variables,
        learning_rate=1e-3,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        name=None,
    ):
        super().__init__(variables, learning_rate, name)
        self.beta_1 = checks.number("Adam", "beta_1", beta_1, 0.0, below=1.0)
        self.beta_2 = checks.number("Adam", "beta_2", beta_2, 0.0, below=1.0)
        self.epsilon = checks.number("Adam", "epsilon", epsilon, above=0.0)
        self.m = tuple(
            tf.Variable(tf.zeros(v.shape), trainable=False, name="m") for v in self.variables_moved
        )
        self.v = tuple(
            tf.Variable(tf.zeros(v.shape), trainable=False, name="v") for v in self.variables_moved
        )

    def _move(self, gradients):
        t = tf.cast(self.step + 1, tf.float32)
        beta_1_power, beta_2_power = tf.pow(self.beta_1, t), tf.pow(self.beta_2, t)
        rate, epsilon_hat = self.learning_rate(), self.epsilon * tf.sqrt(1.0 - beta_2_power)
        for variable, m, v, gradient in zip(
            self.variables_moved, self.m, self.v, gradients, strict=True
        ):
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=m.handle,
                v=v.handle,
                grad=gradient,
                lr=rate,
                epsilon=epsilon_hat,
                beta1=self.beta_1,
                beta2=self.beta_2,
                beta1_power=beta_1_power,
                beta2_power=beta_2_power,
            )
