"""The page of a chapter's solutions: each one folded, with its explanation and its code."""

from __future__ import annotations

import ast
import inspect
import textwrap

from docs.book.chapters import Chapter


def page(chapter: Chapter) -> str:
    """Markdown of the page; the explanations are the functions' docstrings."""
    source = chapter.solutions.read_text(encoding="utf-8")
    tree = ast.parse(source)
    opening = (
        f"# Solutions of chapter {chapter.number}\n\n"
        f"They belong to chapter {chapter.number} and are the functions of "
        f"`{chapter.package}/solutions/{chapter.name}.py`, which the tests run.\n"
    )
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    parts = [_folded(node, source) for node in functions if node.name.startswith("exercise_")]
    return "\n".join([opening, *parts])


def _folded(node: ast.FunctionDef, source: str) -> str:
    number = node.name.removeprefix("exercise_").replace("_", " ")
    text = inspect.cleandoc(ast.get_docstring(node) or "")
    explanation = text.partition("\nArgs:")[0].partition("\nReturns:")[0].strip()
    code = _without_docstring(node, source)
    return (
        f"## Exercise {number}\n\n<details><summary>Show the solution</summary>\n\n"
        f"{explanation}\n\n```python\n{code}\n```\n\n</details>\n"
    )


def _without_docstring(node: ast.FunctionDef, source: str) -> str:
    lines = source.splitlines()
    first = node.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    body_start = first.end_lineno if is_docstring else first.lineno - 1
    head = lines[node.lineno - 1 : first.lineno - 1]
    body = lines[body_start : node.end_lineno]
    return textwrap.dedent("\n".join([*head, *body])).strip("\n")
