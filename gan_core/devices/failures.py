"""Shorten TensorFlow's error of a compiled function to the line that says what was wrong."""

from __future__ import annotations

import re

import tensorflow as tf

# XLA's message about an operation that it does not have; it comes before anything is run.
NOT_IN_XLA = re.compile(r"unsupported operations when trying to compile .* on XLA_\w+: (\w+) \(")
# The beginnings of lines that do not say what was wrong.
NOT_THE_REASON = (
    "Graph execution error",
    "Detected at",
    "Stack trace",
    "File ",
    "<stack",
    "[[",
    "(0)",
    "(1)",
)


def missing_in_xla(error: tf.errors.OpError) -> str:
    """The name of the operation that XLA does not have; "" if the error has another cause."""
    found = NOT_IN_XLA.search(str(error))
    return "" if found is None else found[1]


def reason_of(error: tf.errors.OpError) -> str:
    """The line of an error that says what was wrong; the error's type if there is none."""
    lines = [line.strip() for line in error.message.splitlines()]
    told = [line for line in lines if line and not line.startswith(NOT_THE_REASON)]
    reason = told[0].partition("[[")[0].strip() if told else ""
    return reason or type(error).__name__
