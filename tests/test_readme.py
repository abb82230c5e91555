"""What the README says can be typed, works."""

import os
import re
from pathlib import Path

import programs
import pytest

README = Path(__file__).parents[1] / "README.md"


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.slow
def test_the_smallest_program_has_one_import_at_most_20_lines_and_learns_the_normal(tmp_path):
    program = next(block for block in blocks("python") if "GANTrainer" in block)
    lines = program.strip().splitlines()
    assert len(lines) <= 20
    assert [line for line in lines if "import" in line] == ["import gan_core as gan"]
    file = tmp_path / "smallest.py"
    file.write_text(program)
    environment = {**os.environ, "PYTHONPATH": str(README.parent)}
    done = programs.run([file], check=True, env=environment)
    mean, sd = re.match(r"mean (\S+) and sd (\S+),", done.stdout).groups()
    assert abs(float(mean) - 4.0) < 0.15
    assert abs(float(sd) - 1.25) < 0.15


PAGES = [README, README.parent / "CONTRIBUTING.md", *sorted((README.parent / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_files_that_pages_point_to_exist(page):
    linked = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    for link in linked:
        assert link.startswith("http") or (page.parent / link).exists(), link


def test_the_first_example_of_the_faces_page_is_the_recipe_that_was_measured():
    text = (README.parent / "docs" / "faces.md").read_text(encoding="utf-8")
    recipe = r"--epochs (\d+) --fall ([\d.]+)"
    _, measured = text.split("## What the network residual reaches on real faces\n")
    first = re.search(recipe, text).groups()
    assert first == re.search(recipe, measured).groups()
    assert f"`--fall {first[1]}`: both" in text
    assert f"which were 0 after {first[0]} epochs" in text


def test_the_readme_points_to_every_page():
    text = README.read_text(encoding="utf-8")
    for page in PAGES[1:]:
        assert f"({page.relative_to(README.parent).as_posix()})" in text, page.name


def test_the_readme_fits_on_a_screen():
    """What is longer belongs to a page below docs/."""
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 100
