"""The reference of gan_core: a page for each room, from the docstrings."""

from __future__ import annotations

import ast
from pathlib import Path

from docs.book.chapters import ROOT

GAME = (
    "losses",
    "penalties",
    "latent",
    "augment",
    "averaging",
    "game",
    "trainer",
    "data",
    "metrics",
    "rng",
    "protocols",
    "files",
)
ROOMS = ("nn", "optim", "runs", "devices", "testing", "app")


def write_pages(folder: Path) -> list[str]:
    """Write the pages. -> their names"""
    names = [_write(folder, "api_game", "gan_core: the game", [f"gan_core.{one}" for one in GAME])]
    for room in ROOMS:
        modules = [_module(path) for path in sorted((ROOT / "gan_core" / room).rglob("*.py"))]
        modules = [name for name in modules if not name.rpartition(".")[2].startswith("_")]
        names.append(_write(folder, f"api_{room}", f"gan_core.{room}", modules))
    return names


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def _write(folder: Path, name: str, title: str, modules: list[str]) -> str:
    line = "=" * len(title)
    blocks = [f"{title}\n{line}\n"]
    for module in modules:
        if _defines_something(module):
            under = "-" * len(module)
            blocks.append(f"{module}\n{under}\n\n.. automodule:: {module}\n   :members:\n")
    (folder / f"{name}.rst").write_text("\n".join(blocks), encoding="utf-8", newline="\n")
    return name


def _defines_something(module: str) -> bool:
    path = ROOT.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(
        isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        for node in tree.body
    )
