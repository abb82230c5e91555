"""The examples in gan_core's docstrings run, and every public class has one."""

import ast
import doctest
import importlib
from pathlib import Path

import pytest

import gan_core

ROOT = Path(gan_core.__file__).resolve().parents[1]
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "gan_core").rglob("*.py")
    if path.stem not in ("__init__", "__main__", "plugin")
)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def slow_if_laws(name):
    """The examples of the laws put whole subjects to them, which takes seconds."""
    marks = pytest.mark.slow if name.startswith("gan_core.testing") else ()
    return pytest.param(name, marks=marks)


@pytest.mark.parametrize("name", [slow_if_laws(name) for name in MODULES])
def test_examples_run(name):
    results = doctest.testmod(importlib.import_module(name), optionflags=FLAGS)
    assert results.failed == 0


def public_classes(text):
    """The classes at a module's top whose names have no underscore, but for those nobody makes."""
    classes = [node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)]
    named = [node for node in classes if not node.name.startswith("_")]
    return [node for node in named if not is_an_error_or_a_protocol(node)]


def is_an_error_or_a_protocol(node):
    bases = [ast.unparse(base) for base in node.bases]
    return any(base.endswith(("Error", "Exception", "Interrupt", "Protocol")) for base in bases)


@pytest.mark.parametrize("name", [name for name in MODULES if "._" not in name])
def test_every_public_class_has_an_example(name):
    text = (ROOT / name.replace(".", "/")).with_suffix(".py").read_text("utf-8")
    without = [
        node.name for node in public_classes(text) if ">>>" not in (ast.get_docstring(node) or "")
    ]
    assert without == []


def public_functions(text):
    """The functions at a module's top without underscore."""
    return [
        node
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]


@pytest.mark.parametrize("name", MODULES)
def test_every_public_function_has_a_docstring_and_complete_types(name):
    text = (ROOT / name.replace(".", "/")).with_suffix(".py").read_text("utf-8")
    for function in public_functions(text):
        arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        untyped = [argument.arg for argument in arguments if argument.annotation is None]
        assert ast.get_docstring(function), function.name
        assert untyped == [], function.name
        assert function.returns is not None, function.name
