"""Results of long measurements: kept in a file, and shown with their standard error."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import filelock
import numpy as np

from gan_core import files


def kept(path: str | os.PathLike, settings: dict[str, Any], measure: Callable[[], Any]) -> Any:
    """The result for these settings: from the file, or measured now and added to the file.

    Several processes may measure for one file at a time: the results of all are kept.

    Args:
        path: a JSON file, which need not exist.
        settings: all that decides the result, as names and values that JSON knows.
        measure: gives the result, which JSON must know too.

    Returns:
        The result.
    """
    path = Path(path)
    key = json.dumps(settings, sort_keys=True)
    results = _read(path)
    if key not in results:
        found = measure()
        path.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(path.with_suffix(".lock")):
            results = {**_read(path), key: found}  # others may have added theirs meanwhile
            files.text_atomically(path, json.dumps(results, indent=1) + "\n")
    return results[key]


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def mean_and_error(values: Sequence[float] | np.ndarray) -> tuple[float, float]:
    """The mean of independent values, and its standard error, sd / sqrt(n).

    Args:
        values: [n] numbers. The error of a single one is not known: nan.
    """
    n = len(values)
    mean = float(np.mean(values))
    if n < 2:
        return mean, math.nan
    return mean, float(np.std(values, ddof=1) / math.sqrt(n))


def with_error(values: Sequence[float] | np.ndarray, sign: bool = False) -> str:
    """Mean and standard error in words: "376 ± 5"; of a single value the value alone.

    Args:
        values: [n] numbers.
        sign: whether to write a plus before what is above 0.
    """
    mean, error = mean_and_error(values)
    words = f"{mean:+.0f}" if sign else f"{mean:.0f}"
    words = words.replace("-", "−")
    if math.isnan(error):
        return words
    return f"{words} ± {error:.0f}"
