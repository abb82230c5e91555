"""Two revisions in turn: which code runs, what is said of the numbers, and what is left behind.

No test depends on a time: the contestants here say what their revision's gan_core says they took.
"""

import json
import subprocess
import tempfile
import types
from pathlib import Path

import numpy as np
import programs
import pytest

from benchmarks import compare
from benchmarks.measure import harness

pytestmark = pytest.mark.slow

TELLS = [
    "-c",
    """
import json, pathlib, sys
import gan_core
from benchmarks.measure import harness  # of this tree
window = 0
for line in sys.stdin:
    if line.strip() == "facts":
        print(json.dumps({"from": str(pathlib.Path(gan_core.__file__).resolve().parents[1])}), flush=True)
    else:
        print(gan_core.SECONDS[window] * int(line), flush=True)
        window += 1
""",
]


def git(folder, *arguments):
    options = ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *options, "-C", folder, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path):
    """Two commits, of which the second says 2 where the first says 1,
    and a change that is in neither.
    """
    folder = tmp_path / "repository"
    (folder / "gan_core").mkdir(parents=True)
    git(folder, "init", "-q")
    for tag, second in (("one", 1.0), ("two", 2.0)):
        write(folder, second)
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", f"It takes {second}")
        git(folder, "tag", tag)
    write(folder, 4.0)
    return folder


def write(folder, seconds):
    (folder / "gan_core" / "__init__.py").write_text(f"SECONDS = [50.0, 50.0] + [{seconds}] * 100")


def measured(repository, base, head, windows=6, starts=1):
    with (
        compare.checked_out(base, repository) as (a, _),
        compare.checked_out(head, repository) as (b, _),
    ):
        return compare.compare(
            compare.Contestant(a, TELLS),
            compare.Contestant(b, TELLS),
            rounds=3,
            windows=windows,
            starts=starts,
        )


def test_each_revision_runs_its_own_code(repository):
    found = measured(repository, "one", "two", starts=2)
    np.testing.assert_array_equal(found.base, np.full([2, 6], 1.0))
    np.testing.assert_array_equal(found.head, np.full([2, 6], 2.0))
    assert found.base_first.tolist() == [150.0, 150.0]  # a first call of 3 rounds
    assert found.verdict == "head is slower: it takes 2.000 times as long"
    assert (
        measured(repository, "two", "one").verdict == "head is faster: it takes 0.500 times as long"
    )


def test_equal_revisions_do_not_differ_and_HEAD_is_the_commit(repository):
    found = measured(repository, "HEAD", "two")
    assert found.ratio.of_medians == 1.0
    assert found.verdict == "no difference that this run can see"


def test_a_dot_is_the_working_tree(repository):
    found = measured(repository, "HEAD", ".")
    assert (found.base == 2.0).all()
    assert (found.head == 4.0).all()


def test_five_windows_can_see_nothing(repository):
    assert (
        measured(repository, "one", "two", windows=5).verdict
        == "no difference that this run can see"
    )


def test_nothing_is_left_behind_nor_touched_not_even_by_ctrl_c(repository, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = sorted(tmp_path.iterdir())

    def stopped():
        with compare.checked_out("one", repository) as (folder, name):
            assert (folder / "gan_core" / "__init__.py").exists()
            assert folder.parent == tmp_path
            assert name.endswith("It takes 1.0")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert sorted(tmp_path.iterdir()) == before
    listed = subprocess.run(
        ["git", "-C", repository, "worktree", "list"], capture_output=True, text=True, check=True
    )
    assert len(listed.stdout.splitlines()) == 1
    assert "4.0" in (repository / "gan_core" / "__init__.py").read_text()


def test_code_that_is_not_the_revisions_own_is_refused(tmp_path):
    """As when a folder has no gan_core and the installed one takes its place."""
    (tmp_path / "empty").mkdir()
    other = [
        "-c",
        "import json\ninput()\nprint(json.dumps({'from': 'elsewhere'}), flush=True)\ninput()\n"
        "print(1.0, flush=True)\ninput()\nprint(1.0, flush=True)\ninput()\nprint(1.0, flush=True)",
    ]
    contestant = compare.Contestant(tmp_path / "empty", other)
    with pytest.raises(ValueError, match=r"base's code must be from .*empty, got elsewhere"):
        compare.compare(contestant, contestant, rounds=1, windows=1, starts=1)


@pytest.mark.parametrize(
    ("revision", "words"),
    [
        (
            "nonsense",
            "a revision must be a commit, branch or tag, or . for the working tree, got 'nonsense'",
        ),
        ("--all", "got '--all'"),
        ("", "got ''"),
        ("HEAD:gan_core", "got 'HEAD:gan_core'"),
    ],
)
def test_an_unknown_revision_is_told(repository, revision, words):
    with (
        pytest.raises(ValueError, match="See: git log") as error,
        compare.checked_out(revision, repository),
    ):
        pass
    assert words in str(error.value)


def test_a_revision_without_the_library_and_a_folder_that_is_no_checkout_are_told(
    repository, tmp_path, monkeypatch
):
    git(repository, "rm", "-q", "-f", "-r", "gan_core")
    git(repository, "commit", "-q", "-m", "Nothing", "--allow-empty")
    with (
        pytest.raises(ValueError, match="one that has gan_core, got 'HEAD'"),
        compare.checked_out("HEAD", repository),
    ):
        pass
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "plain").mkdir()
    with (
        pytest.raises(ValueError, match="plain is no git checkout"),
        compare.checked_out("HEAD", tmp_path / "plain"),
    ):
        pass


def test_starts_that_disagree_are_no_difference():
    base = np.ones([4, 10])
    head = np.array([[1.2] * 10, [1.2] * 10, [1.2] * 10, [0.9] * 10])
    first = np.ones(4)
    found = compare.Comparison(base, head, first, first)
    assert found.ratio.differs
    assert found.by_start == pytest.approx([1.2, 1.2, 1.2, 0.9])
    assert found.verdict == "no difference that this run can see"
    assert (
        compare.Comparison(base[:2], head[:2], first[:2], first[:2]).verdict
        == "head is slower: it takes 1.200 times as long"
    )


@pytest.mark.parametrize(
    ("starts", "against", "agreed"),
    [
        (5, 1, False),
        (6, 0, True),
        (6, 1, False),
        (8, 1, False),
        (9, 1, True),
        (10, 2, False),
        (12, 2, True),
    ],
)
def test_of_nine_starts_one_may_come_out_otherwise(starts, against, agreed):
    """Were all to agree, more starts would see less: one of ten is beyond 1 by chance though the
    code is 2 % faster.
    """
    base = np.ones([starts, 10])
    first = np.ones(starts)
    head = np.full([starts, 10], 0.98)
    head[:against] = 1.001
    assert compare.Comparison(base, head, first, first).verdict == (
        "head is faster: it takes 0.980 times as long"
        if agreed
        else "no difference that this run can see"
    )


def test_the_toy_round_of_the_working_tree_beside_itself(monkeypatch):
    """The contestant that is really used, at a size at which it costs little, in forks."""

    def fork(command, *, env, **options):
        del env["TF_FORCE_GPU_ALLOW_GROWTH"]  # only a new Python would read it
        return programs.popen(command, env=env, **options)

    forks = types.SimpleNamespace(Popen=fork, PIPE=subprocess.PIPE)
    monkeypatch.setattr(harness, "subprocess", forks)
    config = compare.Config(".", ".", step="toy", batch_size=4, hidden=2, mode="eager")
    contestant = compare.Contestant(compare.ROOT, compare.command(config))
    found = compare.compare(contestant, contestant, 1, 1, 1)
    assert found.base.shape == found.head.shape == (1, 1)
    told = compare.lines(found)
    assert "median of 1 x 1 windows" in told[0]
    assert "95 % interval none (it takes 6 windows)" in told[2]
    assert told[-1] == "no difference that this run can see"


def test_only_options_that_are_given_are_passed_on():
    """A revision from before an option was there can then still be measured."""

    def options(**given):
        module, text = compare.command(compare.Config("a", "b", **given))[1:]
        return module, json.loads(text)

    assert options() == (
        "benchmarks.contestants.ours_dcgan_step",
        {"batch": 128, "size": 64, "width": 64, "latent_dim": 100},
    )
    assert options(step="toy", mode="xla") == (
        "benchmarks.contestants.ours_toy_step",
        {"batch": 128, "hidden": 32, "mode": "xla"},
    )


# ---- each revision is asked through its own contestant, wherever it lay ----

OLD_CONTESTANT = """
import json, pathlib, sys
import gan_core
from gan_core.dense import NAME  # where it was before the move

for line in sys.stdin:
    if line.strip() == "facts":
        folder = str(pathlib.Path(gan_core.__file__).resolve().parents[1])
        print(json.dumps({"from": folder}), flush=True)
    else:
        print(SECONDS * int(line), flush=True)
"""


@pytest.fixture
def moved(tmp_path):
    """A repository whose second commit moved the layers, and the contestant with them."""
    folder = tmp_path / "moved"
    old = {
        "gan_core/__init__.py": "",
        "gan_core/dense.py": "NAME = 1",
        "benchmarks/__init__.py": "",
        "benchmarks/ours_toy_step.py": OLD_CONTESTANT.replace("SECONDS", "1.0"),
    }
    new = {
        "gan_core/__init__.py": "",
        "gan_core/nn/dense.py": "NAME = 1",
        "benchmarks/__init__.py": "",
        "benchmarks/contestants/ours_toy_step.py": OLD_CONTESTANT.replace(
            "gan_core.dense", "gan_core.nn.dense"
        ).replace("SECONDS", "3.0"),
    }
    folder.mkdir()
    git(folder, "init", "-q")
    for tag, files in (("before", old), ("after", new)):
        git(folder, "rm", "-q", "-r", "--ignore-unmatch", ".")
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", tag)
        git(folder, "tag", tag)
    return folder


def test_a_revision_from_before_the_move_is_asked_through_its_own_contestant(moved):
    config = compare.Config("before", "after", step="toy")
    with (
        compare.checked_out("before", moved) as (before, _),
        compare.checked_out("after", moved) as (after, _),
    ):
        assert compare.contestant_in(before, "toy") == "benchmarks.ours_toy_step"
        assert compare.contestant_in(after, "toy") == "benchmarks.contestants.ours_toy_step"
        found = compare.compare(
            compare.Contestant(before, compare.command(config, before)),
            compare.Contestant(after, compare.command(config, after)),
            rounds=2,
            windows=6,
            starts=1,
        )
    np.testing.assert_array_equal(found.base, np.full([1, 6], 1.0))
    np.testing.assert_array_equal(found.head, np.full([1, 6], 3.0))


def test_a_revision_without_benchmarks_is_asked_through_this_trees_contestant(repository):
    with compare.checked_out("one", repository) as (folder, _):
        assert not (folder / "benchmarks").exists()
        module = compare.command(compare.Config("one", "two"), folder)[1]
    assert module == "benchmarks.contestants.ours_dcgan_step"


def test_this_tree_has_a_contestant_where_it_is_looked_for_first():
    for step in ("dcgan", "toy"):
        newest = compare.CONTESTANTS[0].format(step=step)
        assert (compare.ROOT / newest.replace(".", "/")).with_suffix(".py").exists()
        assert compare.contestant_in(compare.ROOT, step) == newest


def test_a_contestant_that_does_not_say_whose_code_it_runs_is_refused(tmp_path):
    silent = [
        "-c",
        "import sys\nfor line in sys.stdin:\n"
        "    print('{}' if line.strip() == 'facts' else 1.0, flush=True)",
    ]
    contestant = compare.Contestant(tmp_path, silent)
    with pytest.raises(ValueError, match=r"base's code must be from .*does not say"):
        compare.compare(contestant, contestant, rounds=1, windows=1, starts=1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["HEAD", "nonsense"], "got 'nonsense'"),
        (["HEAD", "HEAD", "--windows", "0"], "windows must be"),
        (["HEAD", "HEAD", "--step", "toy", "--convolution", "native"], "for --step dcgan"),
        (["HEAD"], "Missing from compare: HEAD"),
    ],
)
def test_bad_arguments_are_one_line_and_exit_2(arguments, words, capsys, repository, monkeypatch):
    checked_out = compare.checked_out
    monkeypatch.setattr(
        compare, "checked_out", lambda revision: checked_out(revision, Path(repository))
    )
    with pytest.raises(SystemExit) as end:
        compare.run(compare.Config, compare.main, "", "compare", arguments=arguments)
    assert end.value.code == 2
    told = capsys.readouterr().err
    assert words in told
    assert len(told.strip().splitlines()) == 1
