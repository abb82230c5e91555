"""docs/laws.md lists every law as it is, and shows what is printed."""

import re
from pathlib import Path

import pytest
import tensorflow as tf

from gan_core import testing

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "laws.md").read_text("utf-8")
ROWS = [line for line in PAGE.splitlines() if re.match(r"\| \d+ \| `", line)]
LAWS = [law for laws in testing.LAWS.values() for law in laws]


def row_of(law):
    """A law's line in the page."""
    cells = [
        str(law.number),
        f"`{law.name}`",
        law.meaning.replace("|", "\\|"),
        "`" + law.formula.replace("|", "\\|") + "`",
        ", ".join(law.families) or f"every {law.kind}",
        law.likely.replace("|", "\\|"),
    ]
    return f"| {' | '.join(cells)} |"


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_the_page_has_each_law_as_it_is(law):
    assert row_of(law) in ROWS


def test_the_page_has_no_other_laws():
    assert len(ROWS) == len(LAWS)


@pytest.mark.slow
def test_the_students_path_is_what_is_printed():
    """The page's own code is run, and the counterexamples on the page are among what it says."""
    blocks = re.findall(r"```python\n(import tensorflow.*?)```", PAGE, flags=re.S)
    fixed = re.findall(r"```python\n(FIXED = .*?)```", PAGE, flags=re.S)
    scope = {"tf": tf}
    exec(blocks[0] + fixed[0], scope)
    testing.check_loss(scope["FIXED"])
    report = testing.report(scope["FIRST_TRY"])
    table, messages = re.findall(r"```text\n(.*?)```", PAGE, flags=re.S)[:2]
    said = [" ".join(line.split()) for line in report.splitlines()]
    for line in table.splitlines():
        assert " ".join(line.split()) in said, line
    # Which counterexample is smallest may differ between versions of Hypothesis: the law does not.
    for line in messages.splitlines():
        if not line.startswith(("  input:", "  wanted:", "  got:")):
            assert " ".join(line.split()) in said, line
