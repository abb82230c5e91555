"""One row of `benchmarks.toy_step`: a process that plays so many rounds in a compiled call."""

from __future__ import annotations

from typing import Any

from benchmarks.contestants import ours_toy_step
from benchmarks.measure import devices, rows


def measure(options: dict[str, Any]) -> dict[str, Any]:
    """Times of a round.

    A window is some compiled calls, each of `rounds_a_call` rounds and read when it is done.

    Args:
        options: device, hidden, batch, mode, rounds_a_call, windows and calls.

    Returns:
        Seconds of a round, and on what they were measured.
    """
    devices.use(options["device"])
    devices.set_precision("float32")
    rounds_a_call = options["rounds_a_call"]
    trainer, sampler = ours_toy_step.game(options["hidden"], options["batch"], mode=options["mode"])

    def play(calls: int) -> None:
        for _ in range(calls):
            trainer.rounds(sampler, rounds_a_call)

    times = rows.windows(play, devices.drain, options["windows"], options["calls"])
    return {
        **rows.of_one_part(times, rounds_a_call),
        "machine": devices.machine(options["device"]),
    }


if __name__ == "__main__":
    rows.main(measure)
