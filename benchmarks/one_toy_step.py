"""One row of `benchmarks.toy_step`: a process that plays rounds of a small GAN, so many in a compiled call."""

from benchmarks import devices, rows
from gan_core import rng
from gan_core.data import stream
from gan_core.latent import Normal
from gan_core.optimizers import Adam
from gan_core.trainer import GANTrainer
from toy.networks import mlp


def measure(options: dict) -> dict:
    """Times of a round. A window is some compiled calls, each of `rounds_a_call` rounds and read when it is done."""
    devices.use(options["device"])
    hidden, batch, rounds_a_call = options["hidden"], options["batch"], options["rounds_a_call"]
    generator = mlp([1, hidden, hidden, 1], seed=0, name="G")
    discriminator = mlp([1, hidden, hidden, 1], seed=0, name="D")
    trainer = GANTrainer(
        generator, discriminator, latent=Normal(1), mode=options["mode"],
        g_optimizer=Adam(generator.trainable_variables, 2e-4, beta_1=0.5),
        d_optimizer=Adam(discriminator.trainable_variables, 2e-4, beta_1=0.5))
    sampler = stream(lambda n, seed: 4.0 + 1.25 * rng.normal([n, 1], seed), batch)

    def play(calls):
        for _ in range(calls):
            trainer.rounds(sampler, rounds_a_call)

    times = rows.windows(play, devices.drain, options["windows"], options["calls"])
    low, high = times["quartiles"]
    return {**times, "seconds": times["seconds"] / rounds_a_call,
            "quartiles": [low / rounds_a_call, high / rounds_a_call],
            "rounds_a_window": times["rounds_a_window"] * rounds_a_call,
            "machine": devices.machine(options["device"])}


if __name__ == "__main__":
    rows.main(measure)
