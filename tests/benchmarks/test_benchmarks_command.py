"""Numbers that no measurement can have are refused by every command, in one line, before any work."""

import dataclasses
import importlib
import re
import typing

import pytest

from benchmarks import __main__ as listing

REQUIRED = {"compare": ["HEAD", "HEAD"], "export_round": ["--out", "rounds"]}
ABSURD = str(10**22)


def numbers_of(config_class):
    """{field: its type} of all options that take whole numbers or fractions."""
    hints = typing.get_type_hints(config_class)
    return {name: hint for name, hint in hints.items() if re.search(r"\b(int|float)\b", str(hint))}


def options():
    """(command, field, its type) of each option of each command that takes numbers."""
    found = []
    for command in listing.NAMES:
        config_class = importlib.import_module(f"benchmarks.{command}").Config
        for name, hint in numbers_of(config_class).items():
            found.append(pytest.param(command, name, hint, id=f"{command}-{name}"))
    return found


def refused(command, arguments, capsys):
    """The line with which the command ends, with code 2, before it does anything."""
    module = importlib.import_module(f"benchmarks.{command}")
    given = [*REQUIRED.get(command, []), *arguments]
    with pytest.raises(SystemExit) as end:
        module.run(module.Config, lambda config: pytest.fail(f"{config} runs"), "", command, given)
    assert end.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


@pytest.mark.parametrize(("command", "name", "hint"), options())
@pytest.mark.parametrize("number", ["-1", ABSURD])
def test_a_number_out_of_range_is_one_line_that_names_the_option(
    command, name, hint, number, capsys
):
    flag = f"--{name.replace('_', '-')}"
    is_pair = "tuple[int, int]" in str(hint)
    line = refused(command, [flag, *[number] * (2 if is_pair else 1)], capsys)
    assert line.startswith(f"error: {flag} must be ")
    assert ", got " in line


def test_every_command_with_numbers_is_among_them():
    found = {parameter.values[0] for parameter in options()}
    assert found == {*listing.NAMES}


@pytest.mark.parametrize("number", ["1e300", "inf", "nan"])
def test_a_time_without_end_is_refused(number, capsys):
    line = refused("train_step", ["--peak-seconds", number], capsys)
    assert line.startswith("error: --peak-seconds must be a finite number of at most 3600")


def test_the_default_values_are_in_range():
    for command in listing.NAMES:
        config_class = importlib.import_module(f"benchmarks.{command}").Config
        needed = [field for field in dataclasses.fields(config_class) if is_required(field)]
        config_class(**{field.name: field.name for field in needed})


def is_required(field):
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
