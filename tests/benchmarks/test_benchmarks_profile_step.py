"""The profile names each pass of the round, counts what `arithmetic` counts, and adds up.
Nothing depends on a time.
"""

import pytest

from benchmarks import profile_step
from benchmarks.limits import arithmetic, peaks
from benchmarks.limits.passes import Row
from benchmarks.measure import rows as measured_rows
from benchmarks.profile_step import Config

pytestmark = pytest.mark.slow

TINY = {"batch_size": 2, "size": 32, "width": 2, "latent_dim": 3, "repeats": 1, "mode": "eager"}


@pytest.fixture
def quick_peaks(monkeypatch):
    monkeypatch.setattr(peaks, "measure", lambda precision, kind: peaks.Peaks(2e9, 1e9))


@pytest.fixture
def windows_of_one_call(monkeypatch):
    """A window has as many calls as take a tenth of a second: here each seems to take that long."""
    timed = measured_rows.timed
    monkeypatch.setattr(measured_rows, "timed", lambda *call: max(0.1, timed(*call)))


@pytest.mark.usefixtures("quick_peaks", "windows_of_one_call")
def test_every_pass_of_the_round_is_timed_and_none_twice():
    found, whole, _ = profile_step.profile(Config(**TINY))
    work = arithmetic.dcgan_round(2, size=32, width=2, latent_dim=3)
    assert sum(row.times * row.operations for row in found) == arithmetic.operations(work)
    assert {(row.layer, row.what) for row in found} == {(each.layer, each.what) for each in work}
    assert len({(row.layer, row.what) for row in found}) == len(found)
    assert sum(row.times for row in found) == sum(each.times for each in work)
    assert all(row.seconds >= 0 for row in found)
    assert whole > 0


def test_shares_and_rates_by_hand(capsys):
    rows = [
        Row("G 0 paint", "product", "value", 2, 0.25, 10**9),
        Row("G Adam", "Adam", "step", 1, 0.1, 0),
    ]
    limits = peaks.Peaks(8e9, 1e9)
    made = profile_step.table(rows, 1.0, limits, "title")
    cells = [list(column.cells) for column in made.columns]
    assert [column[0] for column in cells] == [
        "G 0 paint",
        "value",
        "2",
        "250.00",
        "4",
        "50%",
        "50.0%",
    ]
    assert [column[1] for column in cells] == ["G Adam", "step", "1", "100.00", "", "", "10.0%"]
    assert profile_step.summary(rows, 1.0, limits) == [
        "product 500.0 ms, Adam 100.0 ms; in all 600.0 ms",
        "the whole round 1000.0 ms: 2 GFLOP at 2 GFLOP/s, 25% of the 8 of a large matrix product",
    ]


def test_bad_options_are_one_line(capsys):
    for arguments, words in (
        (["--size", "50"], "size must be one of 32, 64, 96, 128"),
        (["--device", "gpu:77"], "device must be one that TensorFlow sees, got gpu:77"),
    ):
        with pytest.raises(SystemExit) as end:
            profile_step.run(Config, profile_step.main, "", "profile_step", arguments=arguments)
        assert end.value.code == 2
        assert words in capsys.readouterr().err
