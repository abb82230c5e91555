"""pytest -p gan_core.testing.plugin --gan-loss my_losses:MINE: run the laws without a test file.

No entry point loads this plugin automatically, because then every pytest run would import
TensorFlow.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gan_core.testing.law import Law, LawBroken
from gan_core.testing.loading import CannotLoad, load
from gan_core.testing.running import LAWS
from gan_core.testing.subjects import kind_of

NAMED = pytest.StashKey[list[tuple[str, Any]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option --gan-loss."""
    parser.getgroup("gan_core").addoption(
        "--gan-loss",
        metavar="MODULE:NAME",
        action="append",
        default=[],
        help="check this GANLoss, testing.Penalty, testing.Layer, ...; may be repeated",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Load the named subjects before anything is collected, so that a mistake is one clear line."""
    named = []
    for where in config.getoption("--gan-loss"):
        try:
            named.append((where, load(where, config.invocation_params.dir)))
        except CannotLoad as error:
            raise pytest.UsageError(f"--gan-loss {error}") from error
    config.stash[NAMED] = named


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Run the laws alone if no file is named."""
    files_named = config.args_source is pytest.Config.ArgsSource.ARGS
    inside = collection_path != config.invocation_params.dir
    if config.stash[NAMED] and inside and not files_named:
        return True
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add one test for each law of each named subject."""
    for where, subject in config.stash[NAMED]:
        for law in LAWS[kind_of("--gan-loss", subject)]:
            item = LawItem.from_parent(session, name=f"{where}::{law.name}")
            item.subject = subject
            item.law = law
            items.append(item)


class LawItem(pytest.Item):
    """The test of one law for one subject."""

    subject: Any
    law: Law

    def runtest(self) -> None:
        """Check the law; a law that is not claimed is skipped."""
        reason = self.law.not_claimed(self.subject)
        if reason:
            pytest.skip(reason)
        self.law(self.subject)

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """The law's message, without a traceback."""
        if isinstance(excinfo.value, LawBroken):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """The heading of a failure."""
        return self.config.invocation_params.dir, None, self.name


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """One line for each law: holds, BROKEN, or not claimed."""
    if not config.stash.get(NAMED, []):
        return
    terminalreporter.section("laws")
    for words, name, reason in sorted(_rows(terminalreporter), key=lambda row: row[1]):
        terminalreporter.write_line(f"{words:12}{name}{reason}")


def _rows(terminalreporter: Any) -> Iterator[tuple[str, str, str]]:
    outcomes = {"passed": "holds", "skipped": "not claimed", "failed": "BROKEN"}
    for outcome, words in outcomes.items():
        for report in terminalreporter.stats.get(outcome, []):
            name = report.nodeid.removeprefix("::")
            if name.count(":") < 3:  # a test of a file
                continue
            reason = ""
            if outcome == "skipped":
                reason = f" ({report.longrepr[2].removeprefix('Skipped: ')})"
            yield words, name, reason
