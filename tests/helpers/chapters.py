"""What the tests of all chapters ask: is this file a module, a script and a notebook at once?"""

import ast
import importlib
import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDED = ' tags=["hide-cell"] jupyter={"source_hidden": true}'  # on the page; in a notebook
START = "chapters.start(__name__"  # does nothing where a chapter is imported
DRAWING = re.compile(r"matplotlib\b|seaborn\b|(gan_core|toy|dcgan)\.\w*plots\b")  # slow to import
OPENING = ("You need", "You will learn", "New in gan_core", "Run it", "Time")
OLD_OPENING = ("You need", "You get", "New in gan_core", "Run it", "Time")
LAST_SECTIONS = ("Summary", "Exercises", "Further reading")


def source(module: str) -> str:
    return (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")


def work_at_import(module: str) -> list[str]:
    """The top-level statements that do more than define; [] is as it should be.

    A constant may be made of literals and of NumPy's zeros; all else belongs in a function or in a
    cell under `if __name__ == "__main__"`. A chapter of the old form imports no drawing library
    either; one of the new form imports what it uses at its top, where readers expect it.
    """
    imports_drawing = solutions_file(module).exists()
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
            if not imports_drawing:
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
            text.startswith(START)
            or isinstance(node, ast.FunctionDef | ast.ClassDef)
            or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        ):
            found.append(text)
    return found


def solutions_file(module: str) -> Path:
    """toy.ch01_the_game -> toy/solutions/ch01.py. A chapter of the old form has none."""
    package, name = module.split(".")
    return ROOT / package / "solutions" / f"{name[:4]}.py"


def faults_of_form(module: str) -> list[str]:
    """Whether the chapter is built like the others; [] is as it should be.

    A chapter has the new form if it has a module of solutions, and else the old one, with its
    solutions in the file.
    """
    text = source(module)
    faults = faults_of_cells(text)
    solutions = solutions_file(module)
    if not solutions.exists():
        return faults + faults_of_old_form(text)
    number = int(module.split(".")[1][2:4])
    faults += missing_rows(text, OPENING)
    faults += faults_of_sections(text, number)
    faults += faults_of_numbering(text, number)
    return faults + faults_of_exercises(text, solutions.read_text(encoding="utf-8"))


def faults_of_cells(text: str) -> list[str]:
    """Markdown cells are raw strings, and a cell that runs something defines nothing."""
    faults = []
    before, *cells = re.split(r"(?m)^# %%", text)
    if before:
        faults.append("does not begin with a cell")
    for cell in cells:
        body = cell.partition("\n")[2].strip()
        if cell.startswith(" [markdown]"):
            if not (body.startswith('r"""\n') and body.endswith('"""')):
                faults.append(f'a Markdown cell is not one raw r"""...""": {body[:40]!r}')
        elif "__main__" in body and not body.startswith("if __name__"):
            faults.append(f"a run cell also defines: {body[:40]!r}")
    return faults


def missing_rows(text: str, rows: tuple[str, ...]) -> list[str]:
    """The rows that the table of the first cell lacks."""
    opening = re.split(r"(?m)^# %%", text)[1]
    return [f"the opening lacks {row!r}" for row in rows if f"**{row}**" not in opening]


def faults_of_sections(text: str, number: int) -> list[str]:
    """The question first; sections 3.1, 3.2 and so on; summary, exercises, further reading last."""
    titles = re.findall(r"(?m)^## (.+)$", text)
    faults = []
    if not titles[0].startswith("The question"):
        faults.append(f"the first section is no question: {titles[0]!r}")
    if tuple(titles[-3:]) != LAST_SECTIONS:
        faults.append(f"the last sections are {titles[-3:]}")
    for i, title in enumerate(titles[1:-3], start=1):
        if not title.startswith(f"{number}.{i} "):
            faults.append(f"section {number}.{i} has the title {title!r}")
    return faults


def faults_of_numbering(text: str, number: int) -> list[str]:
    """Captions count figures and tables from 1, and equations have tags (3.1), (3.2) and so on.

    What the text refers to must exist in this chapter.
    """
    faults = []
    for kind in ("Figure", "Table"):
        captions = re.findall(rf'caption=f?"{kind} ([\d.]+)\. ', text)
        wanted = [f"{number}.{i}" for i in range(1, len(captions) + 1)]
        if captions != wanted:
            faults.append(f"{kind} captions are numbered {captions}")
        named = set(re.findall(rf"{kind} ({number}\.\d+)", text))
        faults += [f"{kind} {missing} has no caption" for missing in sorted(named - set(wanted))]
    tags = re.findall(r"\\tag\{([\d.]+)\}", text)
    if tags != [f"{number}.{i}" for i in range(1, len(tags) + 1)]:
        faults.append(f"equations are numbered {tags}")
    named = set(re.findall(rf"equations? \(({number}\.\d+)\)", text))
    faults += [f"equation ({missing}) has no tag" for missing in sorted(named - set(tags))]
    return faults


def faults_of_exercises(text: str, solutions: str) -> list[str]:
    """Five to eight exercises with stars, and a solution with a docstring for each."""
    section = text.partition("## Exercises")[2].partition("## Further")[0]
    exercises = re.findall(r"(?m)^(\d)\. (★{1,3}) ", section)
    faults = []
    if not 5 <= len(exercises) <= 8:
        faults.append(f"{len(exercises)} exercises")
    stars = [len(star) for _, star in exercises]
    if stars != sorted(stars) or not {1, 2, 3} <= set(stars):
        faults.append(f"exercises have {stars} stars")
    wanted = [f"exercise_{number}" for number, _ in exercises]
    functions = [
        node
        for node in ast.parse(solutions).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("exercise_")
    ]
    names = [node.name for node in functions]
    if names != wanted:
        faults.append(f"solutions are {names}")
    faults += [f"{node.name} explains nothing" for node in functions if not ast.get_docstring(node)]
    if "def solution_" in text:
        faults.append("a solution stands in the chapter")
    return faults


def faults_of_old_form(text: str) -> list[str]:
    """The opening, and folded solutions in the file, one for each exercise."""
    faults = missing_rows(text, OLD_OPENING)
    for cell in re.split(r"(?m)^# %%", text)[1:]:
        head, _, body = cell.partition("\n")
        body = body.strip()
        if body.startswith("def solution_") != (head == FOLDED):
            faults.append(f"a solution that is not folded, or another cell that is: {body[:40]!r}")
    section = text.partition("## Exercises")[2].partition('"""')[0]
    exercises = len(re.findall(r"(?m)^\d\. ", section))
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


def run_from_cell(module: str, words: str, names: dict) -> None:
    """The chapter as a script, from the run cell that has these words in it to its end.

    Args:
        module: of the chapter.
        words: what only this cell says.
        names: what the cells before it would have left, besides what the module defines.
    """
    path = ROOT / f"{module.replace('.', '/')}.py"
    cells = re.split(r"(?m)^# %%", source(module))
    (first,) = [number for number, cell in enumerate(cells) if words in cell]
    before = "".join(cells[:first]).count("\n")
    text = "\n" * before + "# %%" + "# %%".join(cells[first:])
    defined = vars(importlib.import_module(module))
    exec(compile(text, str(path), "exec"), {**defined, **names, "__name__": "__main__"})


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
