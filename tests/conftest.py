"""What all tests share: the option --loss, Hypothesis's profiles, the report on a loss of your own.

    pytest tests/gan_core/test_loss_laws.py --loss my_module:MY_LOSS

runs the laws on the GANLoss that `my_module.py`, in the current directory or installed, calls MY_LOSS.
"""

import os

import hypothesis
import pytest
from own_loss import OWN_LOSS, load_loss

os.environ["CUDA_VISIBLE_DEVICES"] = (
    "-1"  # every test is of numbers, and a GPU rounds otherwise from run to run
)

hypothesis.settings.register_profile("dev", deadline=None, max_examples=25)
hypothesis.settings.register_profile("ci", deadline=None, max_examples=25, derandomize=True)
# By --hypothesis-profile: many examples; few, and no search for the smallest one that fails.
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=1000)
hypothesis.settings.register_profile(
    "quick",
    deadline=None,
    max_examples=10,
    derandomize=True,
    database=None,
    phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "dev")

pytest.register_assert_rewrite(
    "loss_laws_of_families", "chapters"
)  # they assert, in files not named test_


def pytest_addoption(parser):
    parser.addoption(
        "--loss",
        metavar="MODULE:NAME",
        help="run tests/gan_core/test_loss_laws.py on this GANLoss in place of gan_core's six",
    )


def pytest_configure(config):
    """Find the loss before anything is collected, so that a slip of the pen is one clear line."""
    config.addinivalue_line(
        "markers", "claimed_by(*names): a law that only the losses of these names claim"
    )
    config.addinivalue_line("markers", "slow: takes ten seconds or more")
    where = config.getoption("--loss")
    config.stash[OWN_LOSS] = (
        load_loss(where, config.invocation_params.dir) if where is not None else None
    )


def pytest_terminal_summary(terminalreporter, config):
    """With --loss: one line for each law, whether it holds."""
    loss = config.stash[OWN_LOSS]
    if loss is None:
        return
    rows = {}
    for outcome, words in (("passed", "holds"), ("skipped", "not claimed"), ("failed", "FAILS")):
        for report in terminalreporter.stats.get(outcome, []):
            name = report.nodeid.rpartition("::")[2].partition("[")[0]
            if name.startswith("test_law_"):
                reason = (
                    report.longrepr[2].removeprefix("Skipped: ") if outcome == "skipped" else ""
                )
                rows[name] = (words, name.removeprefix("test_").replace("_", " "), reason)
    terminalreporter.section(f'{config.getoption("--loss")}, the loss named "{loss.name}"')
    for words, law, reason in (rows[name] for name in sorted(rows)):
        terminalreporter.write_line(f"{words:12}{law}{f' ({reason})' if reason else ''}")
