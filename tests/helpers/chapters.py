"""What the tests of all chapters ask: is this file a module, a script and a notebook at once?"""

import ast
import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDED = ' tags=["hide-cell"] jupyter={"source_hidden": true}'  # on the page; in a notebook
START = "chapters.start(__name__)"  # does nothing where a chapter is imported
DRAWING = re.compile(r"matplotlib\b|seaborn\b|(gan_core|toy|dcgan)\.\w*plots\b")  # slow to import


def source(module: str) -> str:
    return (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")


def work_at_import(module: str) -> list[str]:
    """The top-level statements that do more than define, and imports of drawing libraries;
    [] is as it should be.

    A constant may be made of literals and of NumPy's zeros; all else belongs in a function or in a
    cell under `if __name__ == "__main__"`.
    """
    found = []
    for node in ast.parse(source(module)).body:
        text = ast.unparse(node)
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names]
            paths = (
                [f"{node.module}.{name}" for name in names]
                if isinstance(node, ast.ImportFrom)
                else names
            )
            found += [text for path in paths if DRAWING.match(path)]
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            found += [
                text
                for part in ast.walk(node)
                if isinstance(part, ast.Call) and ast.unparse(part.func) not in ("np.zeros", "Path")
            ]
        elif isinstance(node, ast.If):
            found += [text] if ast.unparse(node.test) != "__name__ == '__main__'" else []
        elif not (
            text == START
            or isinstance(node, ast.FunctionDef | ast.ClassDef)
            or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        ):
            found.append(text)
    return found


def faults_of_form(module: str) -> list[str]:
    """Whether the cells are those of a notebook and a page: raw Markdown cells, the opening,
    the solutions.
    """
    text, faults = source(module), []
    cells = re.split(r"(?m)^# %%", text)
    if cells[0]:
        faults.append("does not begin with a cell")
    for cell in cells[1:]:
        body = cell.partition("\n")[2].strip()
        if cell.startswith(" [markdown]") and not (
            body.startswith('r"""\n') and body.endswith('"""')
        ):
            faults.append(f'a Markdown cell is not one raw r"""...""": {body[:40]!r}')
        if (
            not cell.startswith(" [markdown]")
            and "__main__" in body
            and not body.startswith("if __name__")
        ):
            faults.append(f"a run cell also defines: {body[:40]!r}")
        if body.startswith("def solution_") != (cell.partition("\n")[0] == FOLDED):
            faults.append(f"a solution that is not folded, or another cell that is: {body[:40]!r}")
    faults += [
        f"the opening lacks {words!r}"
        for words in ("You need", "You get", "New in gan_core", "Run it", "Time")
        if f"**{words}**" not in cells[1]
    ]
    exercises = len(
        re.findall(r"(?m)^\d\. ", text.partition("## Exercises")[2].partition('"""')[0])
    )
    solutions = len(re.findall(r"(?m)^def solution_\d", text))
    if not 2 <= exercises == solutions:
        faults.append(f"{exercises} exercises, {solutions} solutions")
    return faults


def run_as_script(module: str, monkeypatch, *arguments: str) -> dict:
    """What `python -m module arguments` does, in this process. -> the names it leaves."""
    path = ROOT / f"{module.replace('.', '/')}.py"
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setattr("sys.argv", [str(path), *arguments])
    return runpy.run_path(str(path), run_name="__main__")


def line_of_exit_2(module: str, monkeypatch, capsys, *arguments: str) -> str:
    """What the script says of wrong arguments, which must be one line,
    before it ends with code 2.
    """
    with pytest.raises(SystemExit) as stopped:
        run_as_script(module, monkeypatch, *arguments)
    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert said.count("\n") == 1, said
    return said
