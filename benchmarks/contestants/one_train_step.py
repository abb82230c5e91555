"""One row of `benchmarks.train_step`: a process that plays rounds of one kind and tells how long they take."""

import gc

from benchmarks.limits import arithmetic, peaks, roofline
from benchmarks.measure import devices, rows
from dcgan import training
from dcgan.config import Config
from gan_core import rng
from gan_core.devices import workers

NETWORKS = ("size", "width", "latent_dim")


def measure(options: dict) -> dict:
    """Times, memory, arithmetic and limits of the round that options describes."""
    replicas = options["replicas"]
    kind = devices.use(options["device"], replicas)
    times = _times(options, workers.mirrored() if replicas > 1 else None)
    memory, memory_of = devices.peak_memory(kind)
    gc.collect()  # the trainer, so that there is room for large matrices
    batch, precision, taken = options["batch_size"], options["precision"], times["seconds"]
    peak = peaks.measure(precision, kind, options["peak_seconds"], options["peak_sizes"])
    machines = replicas if kind == "GPU" else 1  # the parts of a divided CPU share its cores
    peak = peaks.Peaks(machines * peak.operations, machines * peak.bandwidth)
    work = arithmetic.dcgan_round(batch, precision, **{name: options[name] for name in NETWORKS})
    operations = arithmetic.operations(work)
    return {
        **times,
        "images_a_second": batch / taken,
        "gflop_an_image": operations / batch / 1e9,
        "tflops": operations / taken / 1e12,
        "peak_tflops": peak.operations / 1e12,
        "share_of_peak": operations / taken / peak.operations,
        "bandwidth_gb_a_second": peak.bandwidth / 1e9,
        "share_of_roofline": roofline.seconds(work, peak) / taken,
        "memory_bytes": memory,
        "memory_of": memory_of,
        "machine": devices.machine(options["device"]),
    }


def _times(options: dict, strategy) -> dict:
    """The batch is made on the device and stays there: what is timed is the round, not feeding
    (`benchmarks.input_pipeline`). `trainer.rounds` reads the losses once, after the window's last round."""
    trainer = training.build(
        Config(
            **{
                name: options[name]
                for name in (*NETWORKS, "batch_size", "precision", "mode", "convolution")
            },
            average=0.0,
            augment=(),
            gamma=0.0,
        ),
        strategy,
    )  # the bare round: what is compared with this has none of them
    real = rng.uniform(
        [options["batch_size"], options["size"], options["size"], 3], rng.seed(0, "real"), -1.0, 1.0
    )

    def sampler(index):
        return real

    return rows.windows(
        lambda rounds: trainer.rounds(sampler, rounds),
        devices.drain,
        options["windows"],
        options["rounds"],
    )


if __name__ == "__main__":
    rows.main(measure)
