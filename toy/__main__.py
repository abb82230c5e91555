"""python -m toy: the chapters, with one line each."""

import ast
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text


def chapters(folder: Path) -> list[tuple[str, str]]:
    """(module name, first line of its docstring) of every chapter, in order; nothing is imported."""
    found = []
    for file in sorted(folder.glob("ch[0-9][0-9]_*.py")):
        docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
        found.append((f"{folder.name}.{file.stem}", docstring.split("\n")[0].lstrip("# ").strip()))
    return found


def main() -> None:
    table = Table("run it", "what it is about", title="Chapters on distributions that can be written down")
    for module, line in chapters(Path(__file__).parent):
        table.add_row(Text(f"python -m {module}"), Text(line))
    console = Console()
    console.print(table)
    console.print("Each takes --help, and writes its figures below runs/.", highlight=False)


if __name__ == "__main__":
    main()
