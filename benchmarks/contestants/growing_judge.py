"""A row of `benchmarks.growth`: judging so many faces, by pixels or by features."""

from __future__ import annotations

from typing import Any

from benchmarks.measure import devices, rows
from dcgan.drawn import drawn_faces
from dcgan.measures.features import efficientnet
from dcgan.measures.features.face_judge import FaceJudge
from dcgan.measures.pixel_judge import PixelJudge

NO_FLOOR: dict[str, float] = {}
"""As if the floor had been measured before: it costs one judging more, once a run."""


def measure(options: dict[str, Any]) -> dict[str, Any]:
    """Time and memory of judging n generated faces beside n real ones.

    Args:
        options: judge (pixels or features), value (n), size, windows and device.
    """
    kind = devices.use(options["device"])
    devices.set_precision("float32")  # as in a training by default
    number = options["value"]
    real = drawn_faces.draw(range(number), size=options["size"])
    fake = drawn_faces.draw(range(number, 2 * number), size=options["size"])
    before = devices.memory_in_use(kind)
    if options["judge"] == "features":
        network = efficientnet.load()
        judge = FaceJudge(real, real, network, floor=NO_FLOOR, thorough=False)
    else:
        judge = PixelJudge(real, real, floor=NO_FLOOR)

    def play(count: int) -> None:
        for _ in range(count):
            judge.measure(fake)

    first = rows.timed(play, 1, devices.drain)
    times = rows.windows_that_count(play, devices.drain, options["windows"], rounds=1)
    memory, memory_of = devices.peak_memory(kind)
    return {
        "first_call_seconds": first,
        **times,
        "memory_before_bytes": before,
        "memory_bytes": memory,
        "memory_of": memory_of,
        "machine": devices.machine(options["device"]),
    }


if __name__ == "__main__":
    rows.main(measure)
