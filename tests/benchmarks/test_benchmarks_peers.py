"""Peers: the same networks in every library, whoever is missing is a row,
and the ratios are what they should be.

No test here depends on a time. A peer whose package is not installed is skipped by name.
"""

import itertools
import json
import math
import subprocess
import types

import numpy as np
import programs
import pytest

from benchmarks import peers
from benchmarks.measure import devices, harness, ratios

pytestmark = pytest.mark.slow

DCGAN = {"step": "dcgan", "size": 32, "width": 4, "latent_dim": 3, "batch_size": 4}
TOY = {"step": "toy", "hidden": 8, "hidden_layers": 3, "batch_size": 16}


# ---- the contestants ----

NAMES = [("dcgan", "ours")] + [
    (step, name)
    for step in ("dcgan", "toy")
    for name in peers.peers_of(step)
    if name != "pytorch-compiled"
]  # which needs a C++ compiler and a minute


@pytest.fixture(scope="module")
def played():
    """What all that can run here did with one round: (step, name) -> result.
    (Our toy round is played in
    test_benchmarks_compare.)"""
    commands = {
        "dcgan": peers.commands(peers.Config(**DCGAN)),
        "toy": peers.commands(peers.Config(**TOY)),
    }
    contestants = {
        f"{step} {name}": commands[step][name] for step, name in NAMES if not peers.missing(name)
    }
    with pytest.MonkeyPatch.context() as patch:
        forks = types.SimpleNamespace(Popen=programs.popen, PIPE=subprocess.PIPE)
        patch.setattr(harness, "subprocess", forks)
        results = harness.in_turn(
            contestants, rounds=1, windows=1, with_facts=True, keep_going=True
        )
    return {tuple(result.name.split()): result for result in results}


@pytest.mark.slow
@pytest.mark.parametrize(("step", "name"), NAMES)
def test_a_contestant_plays_the_same_networks(played, step, name):
    if package := peers.missing(name):
        pytest.skip(f"{name}: {package} is not installed")
    result = played[step, name]
    assert result.failed == ""
    assert result.seconds.shape == (1,)
    assert result.facts["parameters"] == parameters(step)
    assert result.facts["library"]


def parameters(step):
    """[of G, of D]: kernels of 4 x 4 without biases, two numbers a channel for batch norm;
    or four dense layers.
    """
    if step == "toy":
        return [2 * 8 + 2 * 9 * 8 + 9] * 2
    kernels_of_g = [(3, 16), (16, 8), (8, 4), (4, 3)]
    kernels_of_d = [(3, 4), (4, 8), (8, 16), (16, 1)]
    of_g = numbers_in_kernels(kernels_of_g) + 2 * (16 + 8 + 4)
    of_d = numbers_in_kernels(kernels_of_d) + 2 * (8 + 16)
    return [of_g, of_d]


def numbers_in_kernels(channels):
    """How many numbers kernels of 4 x 4 have, from pairs of channels in and out."""
    return 16 * sum(before * after for before, after in channels)


@pytest.mark.parametrize(
    ("options", "one_thread"),
    [
        ({"step": "toy", "hidden": 64}, True),
        ({"step": "toy", "hidden": 65}, False),
        ({"step": "dcgan"}, False),
    ],
)
def test_our_small_networks_compute_in_one_thread(options, one_thread):
    found = peers.environments(peers.Config(**options), ["ours", "keras"])
    assert found["keras"] == peers.ENVIRONMENT
    wanted = {**peers.ENVIRONMENT, **peers.ONE_THREAD} if one_thread else peers.ENVIRONMENT
    assert found["ours"] == wanted


def test_networks_of_another_size_are_refused(monkeypatch):
    ours = stub("ours", [7, 8])
    other = stub("keras", [7, 9])
    monkeypatch.setattr(peers, "commands", lambda config: {"ours": ours, "keras": other})
    monkeypatch.setattr(peers, "missing", lambda name: "")
    with pytest.raises(
        ValueError, match=r"keras's trainable parameters \[G, D\] must be \[7, 8\], got \[7, 9\]"
    ):
        peers.measure(peers.Config(windows=1))


def stub(name, parameters, seconds="1.0", device="cpu"):
    """A contestant that answers at once, with made-up facts and times; `seconds`:
    an expression of the window.
    """
    return [
        "-c",
        f"""
import json, sys
window = 0
for line in sys.stdin:
    if line.strip() == "facts":
        print(json.dumps({{"parameters": {parameters}, "library": "{name} 1.0", "device": "{device}"}}), flush=True)
    else:
        print({seconds}, flush=True)
        window += 1
""",
    ]


def test_the_table_the_line_of_json_and_who_is_missing(monkeypatch, tmp_path, capsys):
    """Windows 2, 3 and 4 count: the first call is set apart, the next is warm-up."""
    contestants = {
        "ours": stub("ours", [7, 8], "[9, 9, 1, 2, 3][window]"),
        "keras": stub("keras", [7, 8], "[5, 9, 2, 4, 12][window]"),
        "pytorch": ["-c", "import sys\nsys.exit('no such luck')"],
        "pytorch-best": ["-c", ""],
    }
    monkeypatch.setattr(peers, "commands", lambda config: contestants)
    monkeypatch.setattr(peers, "missing", lambda name: "torch" if name == "pytorch-best" else "")
    peers.main(peers.Config(windows=3, batch_size=8, out=tmp_path / "results"))
    told = capsys.readouterr().out
    assert "pytorch cannot run: no such luck" in told
    assert "not installed" in told
    assert "pytorch-best: there is no torch here. Get it with: pip install -e '.[peers]'" in told
    line = json.loads((tmp_path / "results" / "peers.jsonl").read_text())
    assert line["options"]["batch_size"] == 8
    ours, keras = line["contestants"]
    assert ours["window_seconds"] == [1, 2, 3]
    assert keras["window_seconds"] == [2, 4, 12]
    assert keras["first_call_seconds"] == 5
    assert keras["times_ours"] == 4 / 2
    assert keras["ratio_quartiles"] == [2, 3]  # of 2, 2, 4
    assert "2.00 – 3.00" in told


def test_a_gpu_is_not_held_against_a_cpu(monkeypatch, tmp_path, capsys):
    contestants = {
        "ours": stub("ours", [7, 8]),
        "pytorch": stub("pytorch", [7, 8], device="Tesla T4"),
    }
    monkeypatch.setattr(peers, "commands", lambda config: contestants)
    monkeypatch.setattr(peers, "missing", lambda name: "")
    peers.main(peers.Config(windows=1, out=tmp_path))
    assert "pytorch: pytorch 1.0 sees Tesla T4 and ours cpu; no ratio." in capsys.readouterr().out
    line = json.loads((tmp_path / "peers.jsonl").read_text())
    assert [contestant["name"] for contestant in line["contestants"]] == ["ours"]


@pytest.mark.parametrize(
    ("step", "asked", "device", "rounds"),
    [
        ("toy", None, "cpu", 500),
        ("dcgan", None, "cpu", 1),
        ("dcgan", None, "gpu:0", 100),
        ("dcgan", 3, "gpu:0", 3),
    ],
)
def test_a_window_on_a_gpu_is_longer_than_its_start(step, asked, device, rounds, monkeypatch):
    monkeypatch.setattr(devices, "find", lambda name: device)
    assert devices.rounds_a_window(step, asked) == rounds


def test_if_ours_cannot_run_there_is_nothing_to_compare_with(monkeypatch):
    monkeypatch.setattr(
        peers, "commands", lambda config: {"ours": ["-c", "raise OSError('no disk')"]}
    )
    with pytest.raises(ValueError, match="ours cannot run: OSError: no disk"):
        peers.measure(peers.Config(windows=1))


def test_a_contestant_that_breaks_down_later_keeps_its_reason():
    breaks = [
        "-c",
        "import sys\nprint(1.0, flush=True) if sys.stdin.readline() else 0\nsys.exit('worn out')",
    ]
    steady = stub("steady", [1, 1])
    broken, other = harness.in_turn(
        {"a": breaks, "b": steady}, rounds=1, windows=2, keep_going=True
    )
    assert "a cannot run: worn out" in broken.failed
    assert other.failed == ""
    assert other.seconds.tolist() == [1, 1]


def test_a_contestant_that_drops_out_computes_no_more_while_others_are_measured(tmp_path):
    """It has printed something of its library's, and then plays its round."""
    process = tmp_path / "process"
    prints = (
        f"import os, time; open({str(process)!r}, 'w').write(str(os.getpid())); input(); "
        "print('Welcome', flush=True); time.sleep(60)"
    )
    asks = f"""
import os, sys
for line in sys.stdin:
    try:
        os.kill(int(open({str(process)!r}).read()), 0)
        print(1.0, flush=True)
    except ProcessLookupError:
        print(2.0, flush=True)
"""
    broken, other = harness.in_turn(
        {"a": ["-c", prints], "b": ["-c", asks]}, rounds=1, windows=1, keep_going=True
    )
    assert "its answer was 'Welcome'" in broken.failed
    assert (other.first_call, other.seconds.tolist()) == (2.0, [2.0])


def test_every_second_turn_goes_back(tmp_path):
    log = tmp_path / "log"
    writer = "import sys\nfor line in sys.stdin:\n    open({!r}, 'a').write({!r})\n    print(1.0, flush=True)"
    contestants = {name: ["-c", writer.format(str(log), name)] for name in "ab"}
    harness.in_turn(contestants, rounds=1, windows=3, back_and_forth=True)
    assert (
        log.read_text() == "ab" + "ab" + "ba" + "ab" + "ba"
    )  # first calls, warm-up, three windows


def test_all_have_started_before_the_first_one_compiles(tmp_path):
    """Facts are told by who has started. Otherwise the first call of one is timed while others
    still import their libraries.
    """
    log = tmp_path / "log"
    writer = """import sys
for line in sys.stdin:
    asked = 'facts ' if line.strip() == 'facts' else 'call '
    open({!r}, 'a').write({!r} + asked)
    print('{{}}' if asked == 'facts ' else 1.0, flush=True)"""
    contestants = {name: ["-c", writer.format(str(log), f"{name} ")] for name in "ab"}
    harness.in_turn(contestants, rounds=1, windows=1, with_facts=True)
    assert log.read_text().startswith("a facts b facts a call b call ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["--only", "theano"],
            "only must be one of keras, pytorch, pytorch-best, pytorch-compiled, got 'theano'",
        ),
        (
            ["--only", "jax-scan"],
            "only must be one of keras, pytorch, pytorch-best, pytorch-compiled, got 'jax-scan'",
        ),
        (["--size", "50"], "size must be one of 32, 64, 96, 128, got 50"),
        (["--windows", "0"], "--windows must be a whole number from 1 to 1000000, got 0"),
        (["--step", "toy", "--convolution", "native"], "--convolution is for --step dcgan"),
    ],
)
def test_bad_options_are_one_line_and_exit_2(arguments, words, capsys):
    with pytest.raises(SystemExit) as end:
        peers.run(peers.Config, peers.main, "", "peers", arguments=arguments)
    assert end.value.code == 2
    told = capsys.readouterr().err
    assert words in told
    assert len(told.strip().splitlines()) == 1


# ---- ratios ----


def test_a_ratio_by_hand():
    found = ratios.ratio([2, 4, 12, 8, 10], [1, 2, 3, 2, 5])  # paired: 2, 2, 4, 4, 2
    assert found.of_medians == 8 / 2
    assert found.quartiles == (2, 4)
    assert found.interval == (0, math.inf)
    assert not found.differs


def test_six_windows_are_the_fewest_that_can_differ():
    """The median is outside [smallest, largest] with a probability of 2 / 2^n:
    6.2 % of 5 windows, 3.1 % of 6.
    """
    assert ratios.median_interval([2.0, 1.1, 3.0, 1.2, 5.0]) == (0, math.inf)
    assert ratios.median_interval([2.0, 1.1, 3.0, 1.2, 5.0, 4.0]) == (1.1, 5.0)


def test_the_interval_of_twenty_is_from_the_6th_to_the_15th():
    """Conover 1999, table A3: P(Bin(20, 1/2) <= 5) = 0.0207, P(... <= 6) = 0.0577."""
    values = np.random.default_rng(0).permutation(np.arange(1.0, 21.0))
    assert ratios.median_interval(values) == (6.0, 15.0)
    assert ratios.median_interval(values, confidence=0.99) == (4.0, 17.0)


def test_the_interval_holds_the_median_as_often_as_it_says():
    """Every way in which 8 values can fall on the two sides of the median,
    each as likely as the others.
    """
    inside = 0
    for signs in itertools.product([-1.0, 1.0], repeat=8):
        low, high = ratios.median_interval([sign * (1 + i) for i, sign in enumerate(signs)])
        inside += low <= 0.0 <= high
    assert (
        inside / 2**8 == 1 - 2 / 2**8
    )  # the exact level of 8; one value further in, it would be 93 %


def test_slow_weather_cancels_and_a_wild_window_moves_nothing():
    weather = np.array([1.0, 3.0, 1.5, 9.0, 1.0, 2.0, 1.2, 4.0])
    wild = np.array([1, 1, 1, 50, 1, 1, 1, 1])
    found = ratios.ratio(1.25 * weather * wild, weather)
    assert found.quartiles == pytest.approx((1.25, 1.25))
    assert found.interval == pytest.approx(
        (1.25, 62.5)
    )  # 8 windows: from the smallest to the largest
    assert ratios.ratio(
        np.tile(1.25 * weather * wild, 2), np.tile(weather, 2)
    ).interval == pytest.approx((1.25, 1.25))
