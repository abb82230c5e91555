"""How a gradient changes the parameters: Adam and plain gradient descent.

An optimizer is made from its hyper-parameters and then *bound* to the variables that it updates.
The trainer binds it to all trainable variables of its network. To freeze a part of a network, bind
the optimizer yourself, to the other variables, before you make the trainer:

    optimizer = Adam(2e-4, beta_1=0.5).bind(generator.layers[-1].trainable_variables)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import tensorflow as tf

from gan_core import checks
from gan_core.optim.schedules import as_schedule

# The least number that is 1 in float32. With such a decay Adam divides by 1 - 1.
ROUNDED_TO_1 = 1.0 - 2.0**-25


def adam_update(
    parameter: Any,
    m: Any,
    v: Any,
    gradient: Any,
    step: int,
    learning_rate: float,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-8,
) -> tuple[Any, Any, Any]:
    """One step of Adam as the paper writes it (Kingma and Ba 2015, Algorithm 1).

        m <- beta_1 m + (1 - beta_1) g               a running mean of the gradient
        v <- beta_2 v + (1 - beta_2) g^2             a running mean of its square
        m^ = m / (1 - beta_1^t),  v^ = v / (1 - beta_2^t)      bias corrections: m and v start at 0
        parameter <- parameter - learning_rate m^ / (sqrt(v^) + epsilon)

    Args:
        parameter, m, v, gradient: arrays of one shape, of NumPy or TensorFlow.
        step: t, the number of this update, counted from 1.
        learning_rate, beta_1, beta_2, epsilon: Adam's hyper-parameters.

    Returns:
        The new parameter, m and v. The arguments are not changed.
    """
    m = beta_1 * m + (1.0 - beta_1) * gradient
    v = beta_2 * v + (1.0 - beta_2) * gradient**2
    m_hat = m / (1.0 - beta_1**step)
    v_hat = v / (1.0 - beta_2**step)
    return parameter - learning_rate * m_hat / (v_hat**0.5 + epsilon), m, v


class Optimizer(tf.Module):
    """The base class of Adam and SGD: learning rate, bound variables, a count of updates.

    Args:
        learning_rate: a number, or a schedule: a function of the round
            (`gan_core.optim.schedules`).

    Attributes:
        bound: the variables that it updates; empty before `bind`.
        updates: how often `apply` has updated them: an int64 variable; None before `bind`.

    Example:
        >>> def rate(step):
        ...     return 1.0 / (1.0 + tf.cast(step, tf.float32))
        >>> optimizer = SGD(rate).bind([tf.Variable(0.0)])
        >>> float(optimizer.learning_rate(3)), len(optimizer.bound), int(optimizer.updates)
        (0.25, 1, 0)
    """

    def __init__(
        self, learning_rate: float | Callable[[Any], tf.Tensor], name: str | None = None
    ) -> None:
        super().__init__(name=name)
        self.schedule = as_schedule(type(self).__name__, learning_rate)
        self.bound: tuple[tf.Variable, ...] = ()
        self.updates: Any = None  # a tf.Variable, once bound

    def bind(self, variables: Sequence[tf.Variable]) -> Optimizer:
        """Choose the variables that this optimizer updates, and create its state for them.

        Args:
            variables: float32 variables, at least one, each once.

        Returns:
            This optimizer.

        Raises:
            ValueError: the list is empty, holds something else, or this optimizer is bound already.
        """
        owner = f"{type(self).__name__}.bind"
        if self.bound:
            checks.fail(
                owner,
                "the optimizer",
                "one that is not bound yet",
                f"one that is bound to {len(self.bound)} variables",
                "Make a new optimizer for each network.",
            )
        _check_variables(owner, variables)
        self.bound = tuple(variables)
        self.updates = tf.Variable(0, dtype=tf.int64, trainable=False, name="updates")
        self._create_state()
        return self

    def learning_rate(self, step: Any) -> tf.Tensor:
        """The learning rate of round `step` (int or integer tensor): a float32 scalar."""
        return self.schedule(step)

    def apply(self, gradients: Iterable[tf.Tensor], step: Any = None) -> None:
        """Make one update: change every bound variable according to its gradient.

        Args:
            gradients: one gradient for each bound variable, in the same order.
            step: the round, for the learning-rate schedule. None: the number of updates made so
                far, for a training loop without rounds.

        Raises:
            ValueError: if the optimizer is not bound, there are too few or too many gradients, or a
                gradient is missing or has another shape; the message names its variable.
        """
        owner = f"{type(self).__name__}.apply"
        if not self.bound:
            checks.fail(
                owner,
                "the optimizer",
                "bound to variables",
                "one that is not",
                "Call bind(variables) first; GANTrainer does so for its two optimizers.",
            )
        gradients = list(gradients)
        if len(gradients) != len(self.bound):
            wanted = f"{len(self.bound)}, one for each variable"
            checks.fail(owner, "gradients", wanted, str(len(gradients)))
        checked = [
            _check_gradient(owner, variable, gradient)
            for variable, gradient in zip(self.bound, gradients, strict=True)
        ]
        self._move(checked, self.learning_rate(self.updates if step is None else step))
        self.updates.assign_add(1)

    def _create_state(self) -> None:
        """Create the variables that this optimizer keeps for each bound variable."""

    def _move(self, gradients: list[tf.Tensor], rate: tf.Tensor) -> None:
        raise NotImplementedError


class SGD(Optimizer):
    """Gradient descent: parameter <- parameter - learning_rate g (Robbins and Monro 1951).

    Args:
        learning_rate: a number or a schedule.

    Example:
        >>> x = tf.Variable(1.0)
        >>> SGD(0.5).bind([x]).apply([tf.constant(1.0)])
        >>> float(x)
        0.5
    """

    def __init__(
        self, learning_rate: float | Callable[[Any], tf.Tensor] = 0.01, *, name: str | None = None
    ) -> None:
        super().__init__(learning_rate, name)

    def _move(self, gradients: list[tf.Tensor], rate: tf.Tensor) -> None:
        for variable, gradient in zip(self.bound, gradients, strict=True):
            variable.assign_sub(rate * gradient)


class Adam(Optimizer):
    """Adam (Kingma and Ba 2015); for GANs usually with beta_1 = 0.5 (Radford et al. 2015).

    The update is that of `adam_update`, computed by TensorFlow's fused kernel for each variable.
    That kernel uses the form which the paper gives just before section 2.1, with the bias
    corrections in the step size:

        parameter <- parameter
            - learning_rate sqrt(1 - beta_2^t) / (1 - beta_1^t)  m / (sqrt(v) + e)

    It equals Algorithm 1 if e = epsilon sqrt(1 - beta_2^t) ("epsilon hat"), which is what this
    class passes to the kernel.

    Args:
        learning_rate: a number or a schedule.
        beta_1: decay of the running mean of the gradient, in [0, 1).
        beta_2: decay of the running mean of its square, in [0, 1).
        epsilon: added to the square root, above 0.

    Example:
        >>> x = tf.Variable([1.0, 1.0])
        >>> Adam(0.25).bind([x]).apply([tf.constant([3.0, -0.1])])
        >>> x.numpy().round(3).tolist()  # the first step has the size of the learning rate
        [0.75, 1.25]
    """

    def __init__(
        self,
        learning_rate: float | Callable[[Any], tf.Tensor] = 1e-3,
        *,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        name: str | None = None,
    ) -> None:
        super().__init__(learning_rate, name)
        self.beta_1 = checks.number("Adam", "beta_1", beta_1, 0.0, below=ROUNDED_TO_1)
        self.beta_2 = checks.number("Adam", "beta_2", beta_2, 0.0, below=ROUNDED_TO_1)
        self.epsilon = checks.number("Adam", "epsilon", epsilon, above=0.0)
        self.m: tuple[tf.Variable, ...] = ()
        self.v: tuple[tf.Variable, ...] = ()

    def _create_state(self) -> None:
        self.m = tuple(_zeros_like(variable, "m") for variable in self.bound)
        self.v = tuple(_zeros_like(variable, "v") for variable in self.bound)

    def _move(self, gradients: list[tf.Tensor], rate: tf.Tensor) -> None:
        t = tf.cast(self.updates + 1, tf.float32)
        beta_1_power = tf.pow(self.beta_1, t)
        beta_2_power = tf.pow(self.beta_2, t)
        epsilon_hat = self.epsilon * tf.sqrt(1.0 - beta_2_power)
        for variable, m, v, gradient in zip(self.bound, self.m, self.v, gradients, strict=True):
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


def _zeros_like(variable: tf.Variable, name: str) -> tf.Variable:
    return tf.Variable(tf.zeros(variable.shape), trainable=False, name=name)


def _check_variables(owner: str, variables: Sequence[tf.Variable]) -> None:
    if not isinstance(variables, list | tuple) or not variables:
        checks.fail(owner, "variables", "a list of at least one tf.Variable", repr(variables))
    for i, variable in enumerate(variables):
        if not isinstance(variable, tf.Variable) or variable.dtype != tf.float32:
            checks.fail(owner, f"variables[{i}]", "a tf.Variable of float32", repr(variable))
        if any(variable is other for other in variables[:i]):
            wanted = "one that is not in the list already"
            checks.fail(owner, f"variables[{i}]", wanted, variable.name)


def _check_gradient(owner: str, variable: tf.Variable, gradient: Any) -> tf.Tensor:
    if gradient is None:
        checks.fail(
            owner,
            f"the gradient of {variable.name} {checks.show_shape(variable.shape)}",
            "a tensor",
            "None",
            "The loss does not depend on this variable.",
        )
    if isinstance(gradient, tf.IndexedSlices):  # the gradient of tf.gather
        gradient = tf.convert_to_tensor(gradient)
    return checks.tensor(owner, f"the gradient of {variable.name}", gradient, variable.shape)
