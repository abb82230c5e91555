"""One row of `benchmarks.train_step`: a process that plays rounds of one kind and times them."""

from __future__ import annotations

import gc
from typing import Any

import tensorflow as tf

from benchmarks.limits import arithmetic, peaks, roofline
from benchmarks.measure import devices, ours, rows
from dcgan import training
from dcgan.config import Config
from gan_core import rng
from gan_core.devices import workers

NETWORKS = ("size", "width", "latent_dim")


def measure(options: dict[str, Any]) -> dict[str, Any]:
    """Times, memory, arithmetic and limits of a DCGAN round.

    Args:
        options: device, replicas, size, width, latent_dim, batch_size, precision, mode,
            convolution, windows, rounds, peak_seconds and peak_sizes.
    """
    replicas = options["replicas"]
    kind = devices.use(options["device"], replicas)
    devices.set_precision(options["precision"])
    times = _times(options, workers.mirrored() if replicas > 1 else None)
    memory, memory_of = devices.peak_memory(kind)
    gc.collect()  # the trainer, so that there is room for large matrices
    batch = options["batch_size"]
    precision = options["precision"]
    seconds = times["seconds"]
    one = peaks.measure(precision, kind, options["peak_seconds"], options["peak_sizes"])
    machines = replicas if kind == "GPU" else 1  # the parts of a divided CPU share its cores
    peak = peaks.Peaks(machines * one.operations, machines * one.bandwidth)
    work = arithmetic.dcgan_round(batch, precision, **{name: options[name] for name in NETWORKS})
    operations = arithmetic.operations(work)
    return {
        **times,
        "images_a_second": batch / seconds,
        "gflop_an_image": operations / batch / 1e9,
        "tflops": operations / seconds / 1e12,
        "peak_tflops": peak.operations / 1e12,
        "share_of_peak": operations / seconds / peak.operations,
        "bandwidth_gb_a_second": peak.bandwidth / 1e9,
        "share_of_roofline": roofline.seconds(work, peak) / seconds,
        "memory_bytes": memory,
        "memory_of": memory_of,
        "machine": devices.machine(options["device"]),
    }


def _times(options: dict[str, Any], strategy: tf.distribute.Strategy | None) -> dict[str, Any]:
    """Times of the bare round.

    The batch is made on the device and stays there: what is timed is the round and not feeding,
    for which there is `benchmarks.input_pipeline`. `trainer.rounds` reads the losses once, after
    the window's last round.
    """
    fields = (*NETWORKS, "batch_size", "precision", "mode", "convolution")
    config = Config(**{name: options[name] for name in fields}, **ours.BARE_ROUND)
    trainer = training.build(config, strategy)
    shape = [options["batch_size"], options["size"], options["size"], 3]
    real = rng.uniform(shape, rng.seed(0, "real"), -1.0, 1.0)

    def sampler(index: tf.Tensor) -> tf.Tensor:
        return real

    def play(rounds: int) -> None:
        trainer.rounds(sampler, rounds)

    return rows.windows(play, devices.drain, options["windows"], options["rounds"])


if __name__ == "__main__":
    rows.main(measure)
