"""A pass takes as long as its operations or its bytes, whichever is longer;
a round takes the sum.
"""

import pytest

from benchmarks import train_step
from benchmarks.limits import peaks, roofline
from benchmarks.limits.arithmetic import Work, dcgan_round
from benchmarks.limits.peaks import Peaks
from benchmarks.measure import devices


@pytest.fixture(autouse=True)
def _devices_stay(monkeypatch):
    """Which devices there are is settled before a process computes, and this one has."""
    monkeypatch.setattr(devices, "use", lambda device: "CPU")


def test_the_prediction_is_the_longer_of_the_two_summed():
    work = [
        Work("a", "value", 2, 100, 10),
        Work("a", "gradient with respect to x", 1, 10, 40),
        Work("b", "step", 1, 0, 30),
    ]
    limits = Peaks(
        operations=10.0, bandwidth=2.0
    )  # a value: 10 s or 5 s; its gradient: 1 s or 20 s; b: 0 s or 15 s
    a, b = roofline.predict(work, limits)
    assert (a.layer, a.operations, a.bytes, a.seconds) == ("a", 210, 60, 2 * 10 + 20)
    assert (b.layer, b.operations, b.bytes, b.seconds) == ("b", 0, 30, 15)
    assert (a.intensity, b.intensity) == (3.5, 0.0)
    assert (a.bound_by, b.bound_by) == ("arithmetic", "memory")
    assert roofline.seconds(work, limits) == 55
    assert (
        roofline.predict(work, Peaks(10.0, 1.9))[0].bound_by == "memory"
    )  # 20 s of arithmetic and 21 of memory


def test_no_device_beats_its_peaks():
    work = dcgan_round(128)
    for device in roofline.DEVICES.values():
        for precision in device.operations:
            limits = device.peaks(precision)
            seconds = roofline.seconds(work, limits)
            operations = sum(each.times * each.operations for each in work) / limits.operations
            moved = sum(each.times * each.bytes for each in work) / limits.bandwidth
            assert max(operations, moved) < seconds < operations + moved


def test_large_numbers_of_the_table_are_no_powers_of_ten():
    total = roofline.Prediction("a round", 1_162_400_000_000, 12_345_600_000, 1.5)
    assert roofline._cells(total, "", 3.0) == [
        *("a round", "1,162", "12,346", "94.2"),
        *("", "1,500", "50.0"),
    ]


def test_the_model_is_a_table_of_layers(capsys):
    train_step.main(
        train_step.Config(model="a100", batch_size=(16,), precision=("tf32",), size=32, width=2)
    )
    told = capsys.readouterr().out
    for words in (
        "A100 SXM 80 GB, tf32, 156 TFLOP/s and 2.04 TB/s",
        "G 1 paint_0",
        "D 3 batch_norm_1",
        "G Adam",
        "bound by",
        "memory",
        "images a second at most",
    ):
        assert words in told


def test_the_model_of_this_cpu_is_measured_now(capsys):
    train_step.main(
        train_step.Config(
            model="cpu", batch_size=(4,), size=32, width=2, peak_seconds=1e-3, peak_sizes=(16, 1000)
        )
    )
    assert "this CPU, float32" in capsys.readouterr().out


def test_a_precision_that_the_device_does_not_have_is_a_line_and_alone_an_error(capsys):
    train_step.main(
        train_step.Config(
            model="t4", batch_size=(4,), precision=("float32", "tf32"), size=32, width=2
        )
    )
    told = capsys.readouterr().out
    assert "T4: precision must be one of float32, got 'tf32'." in told
    with pytest.raises(ValueError, match="T4: precision must be one of float32, got 'bfloat16'"):
        train_step.main(train_step.Config(model="t4", precision=("bfloat16",)))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_peaks_are_operations_and_bytes_by_the_time(monkeypatch, precision):
    def half_a_second(operation, seconds, calls):
        operation()
        return 0.5

    monkeypatch.setattr(peaks, "_best", half_a_second)
    assert peaks.measure(precision, sizes=(8, 100)) == Peaks(
        operations=2 * 8**3 / 0.5, bandwidth=3 * 4 * 100 / 0.5
    )


def test_many_calls_share_the_cost_of_draining_the_device(monkeypatch):
    """One addition of a large GPU's takes less than to ask for it and to wait."""
    clock = [0.0]

    def takes(seconds):
        clock[0] += seconds

    monkeypatch.setattr(peaks.time, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(peaks.devices, "drain", lambda: takes(10.0))
    assert peaks._best(lambda: takes(1.0), 100.0) == 11.0
    assert peaks._best(lambda: takes(1.0), 100.0, calls=20) == 1.5
