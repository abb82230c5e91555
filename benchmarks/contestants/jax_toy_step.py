"""The toy round in JAX and Optax, as their users write it.

    scan    `jax.lax.scan` over n rounds, jitted: n rounds in one compiled call
    jit     one round, jitted, called n times from Python

The networks are a list of (weights, bias), as in the JAX tutorial "Training a simple neural
network"; the optimizer is used as in Optax's "Getting started".
"""

import json
import sys

import jax
import jax.numpy as jnp
import optax

from benchmarks.measure import harness


def init(key, sizes):
    keys = jax.random.split(key, len(sizes) - 1)
    return [
        (jax.random.normal(k, (a, b)) * jnp.sqrt(2.0 / (a + b)), jnp.zeros(b))
        for k, a, b in zip(keys, sizes[:-1], sizes[1:], strict=True)
    ]


def mlp(params, x):
    for w, b in params[:-1]:
        x = jax.nn.leaky_relu(x @ w + b, 0.2)
    w, b = params[-1]
    return x @ w + b


def main(hidden: int, batch: int, loop: str) -> None:
    jax.config.update("jax_default_matmul_precision", "float32")  # on a GPU it would be tf32
    sizes = [1, hidden, hidden, 1]
    optimizer = optax.adam(2e-4, b1=0.5)

    def d_loss(d, real, fake):
        return jnp.mean(jax.nn.softplus(-mlp(d, real))) + jnp.mean(jax.nn.softplus(mlp(d, fake)))

    def g_loss(g, d, z):
        return jnp.mean(jax.nn.softplus(-mlp(d, mlp(g, z))))

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

    g, d = init(jax.random.key(0), sizes), init(jax.random.key(1), sizes)
    state = (g, d, optimizer.init(g), optimizer.init(d), jax.random.key(2))
    scan = jax.jit(
        lambda state, rounds: jax.lax.scan(one_round, state, length=rounds), static_argnums=1
    )
    jitted_round = jax.jit(one_round)

    def play(rounds):
        nonlocal state
        if loop == "scan":
            state, rows = scan(state, rounds)
        else:
            for _ in range(rounds):
                state, rows = jitted_round(state, None)
        jax.block_until_ready((state, rows))

    harness.serve(
        play,
        {
            "parameters": [sum(p.size for p in jax.tree.leaves(params)) for params in (g, d)],
            "library": f"JAX {jax.__version__}, Optax {optax.__version__}",
            "device": jax.devices()[0].device_kind,
        },
    )


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
