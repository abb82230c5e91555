"""The chapters as notebooks: percent files of `toy` and `dcgan`, made ready for a reader.

A chapter is a module, so the cells that run something stand below `if __name__ == "__main__":`. In
a notebook that line says nothing, and is taken off. So is the reading of the command line: a
notebook has none.
"""

from __future__ import annotations

import ast
import dataclasses
import re
import textwrap
from pathlib import Path

import jupytext
import nbformat

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("toy", "dcgan")
GUARD = 'if __name__ == "__main__":'
START = "chapters.start(__name__"
IMPORT_OF_START = "from gan_core.app import chapters"

# Configurations small enough for a check. They show that every cell runs, not what it shows.
SMALL = {
    "ch01": "samples=2_000, rounds=20",
    "ch02": "steps=30",
    "ch03": "steps=30, batch=64, seeds=2",
    "ch04": "steps=30, head_start=10, batch=32, hidden=8, seeds=2",
    "ch05": "steps=20, critic_steps=10, batch=32, hidden=8, d_steps=2, seeds=2",
    "ch06": "steps=10, batch=32, width=8, bits=2, mode='graph'",
    "ch07": "count=200, size=32, batch=64",
    "ch08": "size=32, width=8, batch=8, draws=2",
    "ch09": "drawn=300, judged=16, width=2, epochs=1, rounds=2, mode='eager'",
    "ch10": "faces=50, samples=200, edited=16, pictures=1, descent_steps=5, taught=200, steps=5",
    "ch11": "samples=20, counted=50, taught=200, steps=5",
    "ch12": "images=64, batch=16, width=4, latent_dim=8, drawn=64, looks=2, samples=40, "
    "taught=200, classifier_steps=5",
    "ch13": "plane_rounds=3, seeds=1, faces=128, width=2, rounds=3, short_rounds=3, batch=8, "
    "counted=64, classifier_steps=2, mode='eager'",
}
WHOLE_IN_A_CHECK = ("ch01", "ch02")  # run with their own configuration, which takes seconds


@dataclasses.dataclass(frozen=True)
class Chapter:
    """One chapter."""

    path: Path
    number: int
    title: str

    @property
    def name(self) -> str:
        """The page's name: ch01."""
        return f"ch{self.number:02d}"

    @property
    def module(self) -> str:
        """What `python -m` runs."""
        return f"{self.package}.{self.path.stem}"

    @property
    def package(self) -> str:
        """toy or dcgan."""
        return self.path.parent.name

    @property
    def solutions(self) -> Path:
        """The module of its solutions, which may not exist."""
        return self.path.parent / "solutions" / f"{self.name}.py"


def all_chapters() -> list[Chapter]:
    """In the order of the book."""
    found = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).glob("ch[0-9][0-9]_*.py")):
            heading = re.search(r"(?m)^# (\d+)\. (.+)$", path.read_text(encoding="utf-8"))
            if heading is None:
                raise ValueError(f"docs.book: {path} has no heading such as '# 3. One Gaussian'.")
            found.append(Chapter(path, int(heading[1]), heading[2]))
    return sorted(found, key=lambda chapter: chapter.number)


def is_small(chapter: Chapter) -> bool:
    """Whether a check runs this chapter with its small configuration."""
    return chapter.name not in WHOLE_IN_A_CHECK


def notebook(chapter: Chapter, small: bool = False) -> nbformat.NotebookNode:
    """A chapter as a notebook that runs from top to bottom.

    Args:
        chapter: which.
        small: whether to run it with its small configuration.
    """
    book = jupytext.read(chapter.path, fmt="py:percent")
    arguments = SMALL.get(chapter.name, "") if small else ""
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.source = code_for_a_reader(cell.source, arguments)
        else:
            cell.source = markdown_of(cell.source)
    book.cells = [cell for cell in book.cells if cell.source.strip()]
    book.cells.insert(1, _start(small))
    book.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    return book


def _start(small: bool) -> nbformat.NotebookNode:
    """The cell that starts TensorFlow without its messages; pages leave it out.

    The few training steps of a small configuration take less time than compiling them would.
    """
    source = f"{IMPORT_OF_START}\n\n{START})  # TensorFlow starts without messages of its own"
    if small:
        source += "\n\nimport tensorflow as tf\n\ntf.config.run_functions_eagerly(True)"
    cell = nbformat.v4.new_code_cell(source)
    cell.metadata["tags"] = ["remove-cell"]
    return cell


def markdown_of(source: str) -> str:
    """The text of a Markdown cell that is written as r\"\"\"...\"\"\"."""
    text = source.strip()
    for opening in ('r"""', '"""'):
        if text.startswith(opening) and text.endswith('"""'):
            return text[len(opening) : -3].strip()
    return text


def code_for_a_reader(source: str, arguments: str = "") -> str:
    """A code cell without what only a module or a script needs.

    Args:
        source: the cell.
        arguments: of the chapter's Config, such as "samples=100".
    """
    lines = [line for line in source.splitlines() if not line.startswith(START)]
    source = "\n".join(line for line in lines if line.strip() != IMPORT_OF_START)
    source = source.strip("\n")
    if source.startswith(GUARD):
        source = textwrap.dedent(source.removeprefix(GUARD).strip("\n"))
    return _without_command_line(source, arguments)


def _without_command_line(source: str, arguments: str) -> str:
    """`config = command_line.read(Config, ...)` becomes `config = Config()`.

    `run(Config, main, ...)` becomes `main(Config())`.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a cell with a magic command
        return source
    config = f"Config({arguments})"
    lines = source.splitlines()
    for node in reversed(tree.body):
        call = getattr(node, "value", None)
        if not isinstance(call, ast.Call) or not call.args:
            continue
        if ast.unparse(call.args[0]) != "Config":
            continue
        function = ast.unparse(call.func).removeprefix("command_line.")
        if function == "read" and isinstance(node, ast.Assign):
            new = f"{ast.unparse(node.targets[0])} = {config}"
        elif function == "run":
            new = f"{ast.unparse(call.args[1])}({config})"
        else:
            continue
        lines[node.lineno - 1 : node.end_lineno] = [new]
    return "\n".join(lines)
