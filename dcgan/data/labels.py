"""The labels of a data set, and the labels that a conditional generator can be asked for.

    factors     hair: black brown blond ...      glasses: no yes
    a label     one value of each factor, such as hair=blue, glasses=yes

Labels come from drawn faces (`dcgan.data.labels_drawn`), from the folders in which pictures lie
(`labels_folders`) or from a CSV file (`labels_csv`). A `LabelSet` holds what training and
generation need to know about them; it is saved as labels.json, in the run folder and beside the
generator.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
import os
import shlex
import unicodedata
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gan_core import checks, files

FILE = "labels.json"
MOST_VALUES = 1000  # the largest number of values of a factor
RARE = 10  # fewer pictures than this are too few to learn a value from
SHOWN = 12  # values of a factor that a line lists
DENIALS = ("no", "none", "false", "0")  # whoever says glasses=no wants none
WITHOUT = -1  # in place of a value, where a picture has none

Asked = dict[str, str]
"""factor -> value"""


@dataclasses.dataclass(frozen=True)
class LabelSet:
    """Factors, their values, and how often each combination of values is found in the data.

    Raises:
        ValueError: if the combinations do not fit the factors.
    """

    kind: str
    """drawn, folders or csv"""
    factors: dict[str, tuple[str, ...]]
    """name -> its values, in the order of their numbers"""
    rows: np.ndarray
    """[k, f] int32: the combinations that there are, as numbers of values"""
    counts: np.ndarray
    """[k] int64: in how many pictures each is found"""

    def __post_init__(self) -> None:
        rows = checks.array("LabelSet", "rows", self.rows, ["k", len(self.factors)], dtype=np.int32)
        counts = checks.array("LabelSet", "counts", self.counts, [len(rows)], dtype=np.int64)
        for column, (name, values) in zip(rows.T, self.factors.items(), strict=True):
            if column.min() < 0 or column.max() >= len(values):
                wanted = f"from 0 to {len(values) - 1} in the column of {name}"
                checks.fail("LabelSet", "rows", wanted, f"{column.min()} to {column.max()}")
        object.__setattr__(self, "rows", rows)
        object.__setattr__(self, "counts", counts)
        object.__setattr__(self, "_ends", np.cumsum(counts))

    @classmethod
    def of_rows(cls, kind: str, factors: Mapping[str, Sequence[str]], rows: np.ndarray) -> LabelSet:
        """The set of pictures with these labels, [n, f]."""
        distinct, counts = np.unique(rows, axis=0, return_counts=True)
        named = {name: tuple(values) for name, values in factors.items()}
        return cls(kind, named, distinct, counts)

    @property
    def sizes(self) -> list[int]:
        """How many values each factor has."""
        return [len(values) for values in self.factors.values()]

    def value_counts(self) -> dict[str, list[int]]:
        """How many pictures have each value of each factor."""
        found = {}
        for column, (name, values) in zip(self.rows.T, self.factors.items(), strict=True):
            counted = np.bincount(column, weights=self.counts, minlength=len(values))
            found[name] = counted.astype(int).tolist()
        return found

    def summary(self) -> str:
        """One line: factors, values, how many pictures have each, and which are rare."""
        parts = []
        rare = []
        for name, counts in self.value_counts().items():
            values = self.factors[name]
            order = sorted(range(len(values)), key=lambda i: -counts[i])
            told = [f"{values[i]} {counts[i]:,}" for i in order[:SHOWN]]
            if len(order) > SHOWN:
                told.append(f"and {len(order) - SHOWN:,} more")
            parts.append(f"{name} ({', '.join(told)})")
            rare += [f"{name}={values[i]} ({counts[i]})" for i in order if counts[i] < RARE]
        line = f"labels: {'; '.join(parts)}"
        if rare:
            more = "" if len(rare) <= SHOWN else f" and {len(rare) - SHOWN:,} more"
            line += f". Rare, fewer than {RARE} pictures: {', '.join(rare[:SHOWN])}{more}"
        return line

    # ------------------------------------------------------------ what is asked for

    def asked(self, texts: Sequence[str]) -> Asked:
        """Read labels such as those of `--label hair=blue --label glasses=yes`.

        Capital and small letters are the same unless two names differ only by them; _ and - count
        as a space, and so do several spaces. Composed and decomposed letters are the same.

        Args:
            texts: each FACTOR=VALUE.

        Raises:
            ValueError: if a factor or value does not exist (the message has the nearest names), or
                if a factor has two values.
        """
        found: Asked = {}
        for text in texts:
            name, equals, value = text.partition("=")
            if not equals or not name.strip() or not value.strip():
                wanted = "FACTOR=VALUE, such as " + self._example()
                checks.fail("generate", "label", wanted, repr(text), self._factors_of(text))
            hint = "" if _plain(value) in DENIALS else self._factors_of(name)
            name = _nearest("label", "one of the factors", name.strip(), self.factors, hint)
            value = _nearest(
                "label", f"one of the values of {name}", value.strip(), self.factors[name]
            )
            if found.get(name, value) != value:
                came = f"{found[name]} and {value}"
                checks.fail("generate", "label", f"one value of {name}", came)
            found[name] = value
        return found

    def _factors_of(self, value: str) -> str:
        """What to say if a value is named in place of its factor; "" if nothing has this value."""
        found = [
            (name, f"--label {shlex.quote(f'{name}={one}')}")
            for name, values in self.factors.items()
            for one in values
            if _plain(one) == _plain(value)
        ]
        if not found:
            return ""
        names = " and of ".join(name for name, _ in found)
        options = " or ".join(option for _, option in found)
        return f"It is a value of {names}: {options}."

    def _example(self) -> str:
        name, values = next(iter(self.factors.items()))
        return f"{name}={values[0]}"

    def with_asked(self, rows: np.ndarray, asked: Asked) -> np.ndarray:
        """Labels [n, f] in which the values asked for replace the old ones."""
        changed = np.array(rows, np.int32)
        for column, (name, values) in enumerate(self.factors.items()):
            if name in asked:
                changed[:, column] = values.index(asked[name])
        return changed

    def pictures_with(self, asked: Asked) -> int:
        """How many pictures have all values asked for."""
        fits = np.ones(len(self.rows), bool)
        for column, (name, values) in enumerate(self.factors.items()):
            if name in asked:
                fits &= self.rows[:, column] == values.index(asked[name])
        return int(self.counts[fits].sum())

    def of_ids(self, ids: Sequence[str], seed: int) -> np.ndarray:
        """A label for each id, with the data's own frequencies: a function of (id, seed) alone.

        Args:
            ids: n texts.
            seed: a different seed gives every id a different label.

        Returns:
            [n, f] int32.
        """
        ends: np.ndarray = self._ends
        places = [_number(one, seed) % int(ends[-1]) for one in ids]
        return self.rows[np.searchsorted(ends, places, side="right")]

    def words(self, row: Sequence[int]) -> list[str]:
        """The values of one label, in words."""
        return [values[i] for i, values in zip(row, self.factors.values(), strict=True)]

    # ------------------------------------------------------------ kept in a file

    def identity(self) -> dict[str, Any]:
        """The part that must be the same in a resumed run, or in one that starts from another."""
        return {name: list(values) for name, values in self.factors.items()}

    def to_json(self) -> str:
        """labels.json."""
        combinations = np.concatenate([self.counts[:, None], self.rows], axis=1).tolist()
        lines = ",\n  ".join(json.dumps(one) for one in combinations)
        head = json.dumps({"kind": self.kind, "factors": self.identity()}, ensure_ascii=False)
        return (
            f'{head[:-1]},\n "combinations, each with its number of pictures first": [\n  {lines}\n'
            "]}\n"
        )

    @classmethod
    def from_json(cls, text: str) -> LabelSet:
        """What `to_json` wrote; ValueError for anything else."""
        fields = json.loads(text)
        combinations = np.array(
            fields["combinations, each with its number of pictures first"], np.int64
        )
        factors = {str(name): tuple(values) for name, values in fields["factors"].items()}
        return cls(fields["kind"], factors, combinations[:, 1:], combinations[:, 0])


@dataclasses.dataclass(frozen=True)
class Labelled:
    """The labels of some pictures."""

    labels: LabelSet
    """of those that have one"""
    rows: np.ndarray
    """[n, f] int32, of all pictures; WITHOUT where one has none"""
    remarks: tuple[str, ...] = ()
    """what is odd about them, each in a few words"""

    @property
    def kept(self) -> np.ndarray:
        """The numbers of the pictures that have a label, ascending."""
        return np.flatnonzero((self.rows != WITHOUT).all(axis=1))

    def checksum(self) -> str:
        """CRC-32 of all labels, in hexadecimal: a resumed run must find those it began with."""
        return f"{zlib.crc32(np.ascontiguousarray(self.rows, np.int32)):08x}"

    def summary(self) -> str:
        """One line: what there is, and what is odd."""
        return "; ".join([self.labels.summary(), *self.remarks])


def labelled(
    kind: str,
    factors: Mapping[str, Sequence[str]],
    rows: np.ndarray,
    remarks: Sequence[str] = (),
) -> Labelled:
    """The labels of pictures, checked.

    Args:
        kind: drawn, folders or csv.
        factors: name -> its values.
        rows: [n, f], WITHOUT where a picture has none.
        remarks: what is odd.

    Raises:
        ValueError: if no picture has a label, or a factor has one value or too many.
    """
    rows = np.asarray(rows, np.int32)
    kept = rows[(rows != WITHOUT).all(axis=1)]
    if not len(kept):
        checks.fail("labels", "the data", "pictures with labels", "none that has all of them")
    used = {}
    columns = []
    for column, (name, values) in zip(kept.T, factors.items(), strict=True):
        seen = np.unique(column)
        _check_number(name, [values[i] for i in seen])
        used[name] = tuple(values[i] for i in seen)
        columns.append(_renumbered(rows[:, len(columns)], seen, len(values)))
    renumbered = np.stack(columns, axis=1)
    whole = renumbered[(renumbered != WITHOUT).all(axis=1)]
    return Labelled(LabelSet.of_rows(kind, used, whole), renumbered, tuple(remarks))


def read(folder: str | os.PathLike) -> LabelSet | None:
    """The labels of a run folder or of an exported generator; None: it was trained without.

    Raises:
        ValueError: if labels.json is damaged.
    """
    file = Path(folder) / FILE
    if not file.exists():
        return None
    try:
        return LabelSet.from_json(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        words = str(error).splitlines() or [type(error).__name__]
        raise ValueError(
            f"labels: {file} cannot be read ({words[0]}). Put back the file that training wrote."
        ) from error


def write(folder: str | os.PathLike, labels: LabelSet) -> None:
    """Put labels.json into a folder."""
    files.text_atomically(Path(folder) / FILE, labels.to_json())


def counted(count: int, noun: str) -> str:
    """1 picture, 2 pictures."""
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun}s"


def _renumbered(column: np.ndarray, seen: np.ndarray, count: int) -> np.ndarray:
    """Number the values again without those that no kept picture has."""
    numbers = np.full(count + 1, WITHOUT, np.int32)  # the last one is for WITHOUT
    numbers[seen] = np.arange(len(seen))
    return numbers[column]


def _check_number(name: str, values: Sequence[str]) -> None:
    if len(values) == 1:
        checks.fail(
            "labels",
            f"the factor {name!r}",
            "of at least two values",
            f"{values[0]!r} alone",
            "There is nothing to ask for: leave it out.",
        )
    if len(values) > MOST_VALUES:
        checks.fail(
            "labels",
            f"the factor {name!r}",
            f"of at most {MOST_VALUES:,} values",
            f"{len(values):,}",
            "Are they names or numbers of single pictures? Leave it out.",
        )


def _nearest(
    argument: str, wanted: str, text: str, names: Sequence[str] | Mapping, hint: str = ""
) -> str:
    """The name that is meant; ValueError with the hint, or the nearest names, if there is none."""
    names = list(names)
    if text in names:
        return text
    plain = [name for name in names if _plain(name) == _plain(text)]
    if len(plain) == 1:
        return plain[0]
    near = {_plain(name): name for name in names}
    close = [near[one] for one in difflib.get_close_matches(_plain(text), near, 3, 0.5)]
    way_out = hint or (f"Did you mean {' or '.join(close)}?" if close else "")
    shown = ", ".join(names[:SHOWN])
    if len(names) > SHOWN:
        shown += f" and {len(names) - SHOWN:,} more"
    checks.fail("generate", argument, f"{wanted} ({shown})", repr(text), way_out)


def _plain(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)  # as the values are kept
    return " ".join(composed.casefold().replace("_", " ").replace("-", " ").split())


def _number(one: str, seed: int) -> int:
    digest = hashlib.blake2b(f"{seed}/{one}".encode(), digest_size=16, person=b"label").digest()
    return int.from_bytes(digest, "little")
