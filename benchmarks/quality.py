"""Time to quality: this project's recipes and others, trained on the same faces for the same time.

    python -m benchmarks.quality --data faces.zip --minutes 10        all contestants, one by one
    python -m benchmarks.quality --only ours-dcgan pytorch            two of them
    python -m benchmarks.quality --minutes 60 --only ours-dcgan@10 pytorch    ours has ten minutes
    python -m benchmarks.quality --out runs/quality-10                again: keeps what is finished

For a user the quality after some time counts, not the time of a round. Every contestant trains with
its own published settings, on the same faces and the same cores, for the same minutes, one at a
time and in its own process. Every few minutes it generates 2,000 faces. That time does not count;
the time for compiling does. When all have trained, one judge measures all faces: the Fréchet
distance, KID, precision and recall on features of an ImageNet network (extra `judge`), and our
distance of pixels.

    ours-dcgan      python -m dcgan train, with learning rates that fall at the end (--fall)
    ours-radford    the same with --network radford: the recipe of Radford et al. 2015
    ours-modern     the same with --network modern
    ours-residual   the same with --network residual
    pytorch         PyTorch's DCGAN example
    tutorial        TensorFlow's DCGAN tutorial, in Keras, with one more doubling for 64 pixels
    lab             a popular course's notebook on anime faces, in Keras

NAME@MINUTES gives one contestant other minutes than the rest. Our own learning rates fall towards
the end of a training (--fall 0: they do not). So ours-dcgan@10 is better after ten minutes than
ours-dcgan is on its way through sixty. The others' rates stay the same, so their longer trainings
contain the shorter ones.

Finished contestants and their faces are kept in the folder OUT. If the command is run again, it
trains only those that have not finished; an interrupted one starts from the beginning. If one
fails, only its own row is missing. A contestant whose start takes longer than its minutes still
trains for one round.
"""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import importlib.util
import io
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks.measure import budget, devices, rows
from benchmarks.measure.command import check_whole_numbers
from gan_core import checks
from gan_core.app.command_line import run

CONTESTANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "ours-dcgan": ("ours_quality", {"network": "dcgan"}),
    "ours-radford": ("ours_quality", {"network": "radford"}),
    "ours-modern": ("ours_quality", {"network": "modern"}),
    "ours-residual": ("ours_quality", {"network": "residual"}),
    "pytorch": ("pytorch_quality", {}),
    "tutorial": ("keras_quality", {"recipe": "tutorial"}),
    "lab": ("keras_quality", {"recipe": "lab"}),
}
"""name -> its module in benchmarks.contestants, and what it is told besides."""
NEEDS = {"pytorch_quality": "torch", "keras_quality": "keras"}
MEASURES = ("Fréchet distance", "KID", "precision", "recall", "distance of pixels", "combined")
TABLE = "quality.csv"
FIGURE = "quality.png"
SETTINGS = "settings.json"


@dataclasses.dataclass(frozen=True)
class Config:
    data: Path | None = None
    """a folder, zip, tar, .npy or .npz of faces; none: faces that a program draws"""
    drawn: int = 8192
    """without data: how many faces are drawn"""
    minutes: float = 10.0
    """minutes of training for each contestant, including compiling; from 0.01 to 1,440"""
    every: float = 2.0
    """minutes of training from one set of generated faces to the next"""
    count: int = 2000
    """faces in a set; they are judged by as many real ones, or by fewer if fewer are held aside"""
    only: tuple[str, ...] = ()
    (
        "ours-dcgan, ours-radford, ours-modern, ours-residual, pytorch, tutorial, lab, or "
        "name@minutes; none: all"
    )
    precision: str = "float32"
    """precision of our own convolutions: float32, tf32 or bfloat16"""
    fall: float = 0.35
    """share of our own trainings, the last part, in which the learning rates fall to 0"""
    seed: int = 0
    """seed of all contestants"""
    out: Path = Path("runs/quality")
    """folder for faces, table and figure"""

    def __post_init__(self):
        check_whole_numbers(self, "drawn", "count", low=100, high=10**7)
        checks.number("Config", "minutes", self.minutes, 0.01, 1440.0)
        checks.number("Config", "every", self.every, 0.01, 1440.0)
        checks.number("Config", "fall", self.fall, 0.0, 1.0)
        checks.one_of("Config", "precision", self.precision, ("float32", "tf32", "bfloat16"))
        checks.integer("Config", "seed", self.seed, 0, 2**31 - 1)
        for entry in self.only:
            name, minutes = named(entry, self.minutes)
            checks.one_of("Config", "only", name, tuple(CONTESTANTS))
            checks.number("Config", f"only: {name}@", minutes, 0.01, 1440.0)


def named(entry: str, minutes: float) -> tuple[str, float]:
    """The contestant and its minutes, as an entry of `only` gives them.

    Args:
        entry: "pytorch", or "pytorch@10" for ten minutes.
        minutes: of an entry that names none.

    Raises:
        ValueError: if what stands behind the @ is no number.
    """
    name, at, text = entry.partition("@")
    if not at:
        return name, minutes
    try:
        return name, float(text)
    except ValueError:
        raise ValueError(
            f"Config: only must be name@minutes, such as pytorch@10, got {entry!r}."
        ) from None


def main(config: Config) -> None:
    """Train who has not finished, then judge everyone."""
    console = rows.console()
    names = config.only or tuple(CONTESTANTS)
    rows.check_writable(config.out / TABLE)
    _check_settings(config)
    _check_folders(config, names)
    devices.use("auto")  # so that this process leaves a GPU's memory to the contestants
    _check_precision_and_judge(config, names)
    faces = _faces(config, console)
    for name in names:
        why_not = _train(name, config, faces, console)
        if why_not:
            rows.say(console, f"{name}: {why_not}")
    measured = _judge(config, faces, console)
    if not measured:
        raise ValueError(f"benchmarks.quality: nobody has shown faces in {config.out}.")
    _write_table(measured, config.out / TABLE)
    from benchmarks import quality_plots

    quality_plots.over_minutes(measured, config.out / FIGURE)
    console.print(best_of_each(measured))
    for line in time_to_beat(measured):
        rows.say(console, line)
    rows.say(console, f"wrote {config.out / TABLE} and {config.out / FIGURE}")


# ---------------------------------------------------------------- checks


def _settings(config: Config) -> dict[str, str]:
    """What decides the faces."""
    decisive = ("data", "drawn", "minutes", "every", "count", "precision", "fall", "seed")
    return {name: str(getattr(config, name)) for name in decisive}


def _check_settings(config: Config) -> None:
    """Check that the folder was not made with other settings.

    Raises:
        ValueError: if it was.
    """
    path = config.out / SETTINGS
    if not path.exists():
        return
    there = json.loads(path.read_text(encoding="utf-8"))
    for name, value in _settings(config).items():
        if there.get(name) != value:
            wanted = f"{there.get(name)}, as in {path}"
            checks.fail("Config", name, wanted, value, "Take another --out for other settings.")


def _check_folders(config: Config, names: Sequence[str]) -> None:
    """Check that what would be deleted, because it is not finished, is a contestant's.

    Raises:
        ValueError: if a contestant's folder holds other files.
    """
    for name in names:
        folder = config.out / name
        if folder.is_dir() and any(folder.iterdir()) and not (folder / budget.LOG).exists():
            wanted = "a folder of this command"
            came = f"{config.out}, where {name} holds other files"
            checks.fail("Config", "out", wanted, came, "Take another --out.")


def _check_precision_and_judge(config: Config, names: Sequence[str]) -> None:
    """Check what would otherwise fail, or be another precision, after hours of training.

    Raises:
        ValueError: if the device lacks the precision, or the judge's network is not installed.
    """
    from dcgan.measures.features import efficientnet

    why_not = devices.why_not(config.precision, devices.find("auto"))
    if why_not is not None:
        raise ValueError(f"benchmarks.quality: {why_not}.")
    minutes = {name: named(name, config.minutes)[1] for name in names}
    if not all(is_finished(config.out / name, minutes[name]) for name in names):
        efficientnet.load()


# ---------------------------------------------------------------- training


def _faces(config: Config, console: Any) -> dict[str, Path]:
    """The faces as files in OUT: those to learn from, and two sets of real ones to judge by."""
    from dcgan.data import faces as face_files
    from dcgan.measures import real_sets
    from dcgan.measures.features.face_judge import FEWEST
    from gan_core import files

    found = {name: config.out / f"{name}.npy" for name in ("learnt", "reference", "others")}
    if all(path.exists() for path in found.values()):
        return found
    images = _images(config, console)
    learnt, aside = face_files.split(len(images), config.seed)
    if len(aside) < FEWEST:
        source = "drawn" if config.data is None else "data"
        wanted = f"at least {10 * FEWEST} faces, a tenth of them to judge by"
        checks.fail("Config", source, wanted, f"{len(images)}")
    config.out.mkdir(parents=True, exist_ok=True)
    # Only now, so that data that cannot be read decide nothing; and before the faces.
    files.text_atomically(config.out / SETTINGS, json.dumps(_settings(config), indent=2) + "\n")
    sets = real_sets.choose(images, learnt, aside, n=config.count, seed=config.seed, mirrored=False)
    arrays = {"learnt": images[learnt], "reference": sets.reference, "others": sets.others}
    for name, array in arrays.items():
        files.write_atomically(found[name], _writer(array))
    return found


def _images(config: Config, console: Any) -> Any:
    """All real faces, uint8 [N, 64, 64, 3]."""
    from dcgan.data import faces as face_files
    from dcgan.drawn import drawn_faces

    if config.data is None:
        return drawn_faces.draw(range(config.drawn), seed=config.seed, size=64)
    with checks.renamed("faces.load: source", "Config: data"):
        return face_files.load(config.data, 64, console=console).images


def _writer(array: Any) -> Any:
    import numpy as np

    return lambda opened: np.save(opened, array)


def _train(name: str, config: Config, faces: dict[str, Path], console: Any) -> str:
    """Train one contestant, a name or name@minutes, unless it has finished.

    Returns:
        Why it has no complete training; "" if it has one.
    """
    contestant, minutes = named(name, config.minutes)
    module, own = CONTESTANTS[contestant]
    package = NEEDS.get(module)
    if package is not None and importlib.util.find_spec(package) is None:
        return f"there is no {package} here. Get it with: pip install -e '.[peers]'"
    out = config.out / name
    if is_finished(out, minutes):
        return ""
    if out.exists():
        shutil.rmtree(out)
    out.mkdir(parents=True)
    rows.say(console, f"{name} trains for {minutes:g} minutes")
    options = {
        "faces": str(faces["learnt"]),
        "out": str(out),
        "minutes": minutes,
        "every": config.every,
        "count": config.count,
        "seed": config.seed,
        **own,
    }
    if module == "ours_quality":
        options["precision"] = config.precision
        options["fall"] = config.fall
    command = [sys.executable, "-m", f"benchmarks.contestants.{module}", json.dumps(options)]
    code, _, errors, _ = rows.run(command)
    if code == 0:
        return ""
    last_line_first = "\n".join(reversed(errors.strip().splitlines()))
    reason = rows.what_went_wrong(last_line_first or "it said nothing")
    return f"{rows.end(code)}: {reason['message']}"


def is_finished(out: Path, minutes: float) -> bool:
    """Whether a contestant has trained for all of its minutes."""
    shown = [line for line in budget.lines(out) if "file" in line]
    return bool(shown) and shown[-1]["minutes"] >= round(minutes, budget.DIGITS)


# ---------------------------------------------------------------- judging


def _judge(config: Config, faces: dict[str, Path], console: Any) -> list[dict[str, Any]]:
    """The measures of all faces in OUT, in the order of the minutes; each is measured once."""
    import numpy as np

    from dcgan.measures import judges
    from dcgan.measures.real_sets import RealSets
    from gan_core import files

    waiting = []
    measured = []
    for name in everyone_in(config.out):
        for line in budget.lines(config.out / name):
            if "file" not in line:
                continue
            path = config.out / name / line["file"]
            kept = path.with_suffix(".json")
            row = {"contestant": name, **line}
            if kept.exists():
                measured.append({**row, **json.loads(kept.read_text(encoding="utf-8"))})
            else:
                waiting.append((row, path, kept))
    if waiting:
        sets = RealSets(np.load(faces["reference"]), np.load(faces["others"]))
        judge = judges.make("features", sets, config.out, seed=config.seed)
        for row, path, kept in waiting:
            images = np.load(path)["images"][: judge.generated]
            measures = judge.measure(images)
            measures["combined"] = judge.combined(measures)
            files.text_atomically(kept, json.dumps(measures) + "\n")
            measured.append({**row, **measures})
    measured.sort(key=lambda row: row["minutes"])
    return measured


def everyone_in(out: Path) -> list[str]:
    """Who has a folder in OUT, in the order of `CONTESTANTS`, fewest minutes first."""
    order = list(CONTESTANTS)
    found = []
    for log in out.glob(f"*/{budget.LOG}"):
        with contextlib.suppress(ValueError):  # a folder that somebody has put aside: pytorch@old
            name, minutes = named(log.parent.name, float("inf"))
            if name in order:
                found.append((order.index(name), minutes, log.parent.name))
    return [name for _, _, name in sorted(found)]


def _write_table(measured: list[dict[str, Any]], path: Path) -> None:
    """A line for each set of faces."""
    from gan_core import files

    columns = ["contestant", "minutes", "rounds", "images", *MEASURES]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(measured)
    files.text_atomically(path, text.getvalue())


def best_of(measured: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """A contestant's faces with the smallest Fréchet distance."""
    own = [row for row in measured if row["contestant"] == name]
    return min(own, key=lambda row: row["Fréchet distance"])


def best_of_each(measured: list[dict[str, Any]]) -> Table:
    """The best faces of every contestant, best contestant first."""
    table = Table(title="The best faces of each contestant, by Fréchet distance")
    for name in ("contestant", "minutes", "images", *MEASURES):
        table.add_column(name, justify="right")
    names = dict.fromkeys(row["contestant"] for row in measured)
    best = [best_of(measured, name) for name in names]
    for row in sorted(best, key=lambda row: row["Fréchet distance"]):
        cells = [row["contestant"], f"{row['minutes']:.1f}", f"{row['images']:,}"]
        for name in MEASURES:
            digits = 1 if name in ("Fréchet distance", "distance of pixels") else 2
            cells.append(f"{row[name]:.{digits}f}")
        table.add_row(*cells)
    return table


def time_to_beat(measured: list[dict[str, Any]], ours: str = "ours-dcgan") -> list[str]:
    """For everyone else, after how many minutes ours is as good as it ever was.

    Where ours has trained several times, for different minutes, each training has its own lines.
    """
    names = list(dict.fromkeys(row["contestant"] for row in measured))
    trainings = [name for name in names if name.partition("@")[0] == ours]
    found = []
    for training in trainings:
        others = [name for name in names if name not in trainings]
        found.extend(_when_it_beats(measured, training, others))
    return found


def _when_it_beats(measured: list[dict[str, Any]], ours: str, others: list[str]) -> list[str]:
    """A line for each of the others."""
    own = [row for row in measured if row["contestant"] == ours]
    found = []
    for name in others:
        best = best_of(measured, name)
        distance = best["Fréchet distance"]
        target = f"{name}'s best, {distance:.1f} after {best['minutes']:.1f} minutes"
        reached = [row["minutes"] for row in own if row["Fréchet distance"] <= distance]
        if reached:
            found.append(f"{ours} reaches {target}, after {min(reached):.1f}")
        else:
            found.append(f"{ours} does not reach {target}")
    return found


if __name__ == "__main__":
    run(Config, main, __doc__.split("\n")[0], "python -m benchmarks.quality")
