"""The command `dcgan`, for whoever has a file dcgan.py of their own in the working folder."""

import configparser
import importlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_the_command_is_the_program():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    name, target = setup["options.entry_points"]["console_scripts"].strip().split(" = ")
    assert name == "dcgan"
    module, function = target.split(":")
    assert callable(getattr(importlib.import_module(module), function))


def test_a_file_of_the_users_that_has_our_name_does_not_stand_in_its_way(tmp_path):
    """What pip writes for a console script puts its own folder first, not the working folder."""
    (tmp_path / "dcgan.py").write_text("raise SystemExit('this is the user s file')\n")
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "dcgan"
    script.write_text(
        f"import sys\nsys.path.append({str(ROOT)!r})\n"
        "from dcgan.__main__ import main\nsys.exit(main())\n"
    )
    done = subprocess.run(
        [sys.executable, str(script), "--help"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "python -m dcgan generate" in done.stdout
