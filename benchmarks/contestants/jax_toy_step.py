"""The toy round in JAX and Optax, as their users write it.

    scan    `jax.lax.scan` over n rounds, jitted: n rounds in one compiled call
    jit     one round, jitted, called n times from Python

The networks are a list of (weights, bias), as in the JAX tutorial "Training a simple neural
network"; the optimizer is used as in Optax's "Getting started".
"""

from __future__ import annotations

import json
import sys

import jax
import jax.numpy as jnp
import optax

from benchmarks.measure import harness

Params = list[tuple[jax.Array, jax.Array]]


def init(key: jax.Array, sizes: list[int]) -> Params:
    """Weights ~ N(0, 2 / (in + out)) and biases 0 of every layer."""
    keys = jax.random.split(key, len(sizes) - 1)
    params = []
    for layer_key, fan_in, fan_out in zip(keys, sizes[:-1], sizes[1:], strict=True):
        weights = jax.random.normal(layer_key, (fan_in, fan_out))
        weights = weights * jnp.sqrt(2.0 / (fan_in + fan_out))
        params.append((weights, jnp.zeros(fan_out)))
    return params


def mlp(params: Params, x: jax.Array) -> jax.Array:
    """x [B, in] -> [B, out], with leaky ReLU between the layers."""
    for weights, bias in params[:-1]:
        x = jax.nn.leaky_relu(x @ weights + bias, 0.2)
    weights, bias = params[-1]
    return x @ weights + bias


def d_loss(d: Params, real: jax.Array, fake: jax.Array) -> jax.Array:
    """The discriminator's loss."""
    on_real = jnp.mean(jax.nn.softplus(-mlp(d, real)))
    on_fake = jnp.mean(jax.nn.softplus(mlp(d, fake)))
    return on_real + on_fake


def g_loss(g: Params, d: Params, z: jax.Array) -> jax.Array:
    """The generator's non-saturating loss."""
    return jnp.mean(jax.nn.softplus(-mlp(d, mlp(g, z))))


def main(hidden: int, hidden_layers: int, batch: int, loop: str) -> None:
    """Play rounds for the harness.

    Args:
        hidden: units in each hidden layer.
        hidden_layers: hidden layers of each network.
        batch: samples in a batch.
        loop: "scan" or "jit".
    """
    jax.config.update("jax_default_matmul_precision", "float32")  # on a GPU it would be tf32
    sizes = [1, *[hidden] * hidden_layers, 1]
    optimizer = optax.adam(2e-4, b1=0.5)

    def one_round(state, _):
        g, d, g_state, d_state, key = state
        key, real_key, z_key = jax.random.split(key, 3)
        real = 4.0 + 1.25 * jax.random.normal(real_key, (batch, 1))
        z = jax.random.normal(z_key, (batch, 1))

        d_value, gradients = jax.value_and_grad(d_loss)(d, real, mlp(g, z))
        updates, d_state = optimizer.update(gradients, d_state)
        d = optax.apply_updates(d, updates)

        g_value, gradients = jax.value_and_grad(g_loss)(g, d, z)
        updates, g_state = optimizer.update(gradients, g_state)
        g = optax.apply_updates(g, updates)
        return (g, d, g_state, d_state, key), (d_value, g_value)

    def many_rounds(state, rounds):
        return jax.lax.scan(one_round, state, length=rounds)

    g = init(jax.random.key(0), sizes)
    d = init(jax.random.key(1), sizes)
    state = (g, d, optimizer.init(g), optimizer.init(d), jax.random.key(2))
    scan = jax.jit(many_rounds, static_argnums=1)
    jitted_round = jax.jit(one_round)

    def play(rounds: int) -> None:
        nonlocal state
        if loop == "scan":
            state, rows = scan(state, rounds)
        else:
            for _ in range(rounds):
                state, rows = jitted_round(state, None)
        jax.block_until_ready((state, rows))

    parameters = []
    for network in (g, d):
        parameters.append(sum(leaf.size for leaf in jax.tree.leaves(network)))
    facts = {
        "parameters": parameters,
        "library": f"JAX {jax.__version__}, Optax {optax.__version__}",
        "device": jax.devices()[0].device_kind,
    }
    harness.serve(play, facts)


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
