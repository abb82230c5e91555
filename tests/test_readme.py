"""What the README says can be typed, works."""

import os
import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def test_the_smallest_program_has_at_most_40_lines_and_learns_the_normal(tmp_path):
    program = next(block for block in blocks("python") if "GANTrainer" in block)
    assert len(program.strip().splitlines()) <= 40
    file = tmp_path / "smallest.py"
    file.write_text(program)
    done = subprocess.run(
        [sys.executable, file],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(README.parent)},
    )
    mean, sd = re.match(r"mean (\S+) and sd (\S+),", done.stdout).groups()
    assert abs(float(mean) - 4.0) < 0.15
    assert abs(float(sd) - 1.25) < 0.15


def test_the_files_it_points_to_exist():
    linked = re.findall(r"\]\(([^)#]+)\)", README.read_text(encoding="utf-8"))
    assert len(linked) > 5
    for link in linked:
        assert link.startswith("http") or (README.parent / link).exists(), link


def test_the_example_of_a_loss_is_one():
    example = next(block for block in blocks("python") if "EXPONENTIAL" in block)
    names = {}
    exec(example, names)
    assert names["EXPONENTIAL"].name == "exponential"
