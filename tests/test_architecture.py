"""The house: which file may import which, how long a file may be, and what nobody does. Nothing is imported here."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("gan_core", "toy", "dcgan", "benchmarks", "tests")

# A file of gan_core may import the files before it in this list, and no others: those of the lower
# floors and those that stand before it on its own. So there is no cycle, and an order to read them in.
FLOORS = (
    ("checks", "rng", "variables", "compiling"),
    ("initializers", "losses", "latent", "schedules", "activations", "data", "metrics"),
    ("replicas", "dense", "subpixel", "winograd", "convolution", "conv", "batch_norm", "sequential", "optimizers",
     "penalties", "averaging", "augment", "game", "players"),
    ("trainer",),
    ("checkpoint", "run_folder", "export", "workers", "loop"),
)
LEAVES = ("plots", "command_line")  # import nothing of gan_core, and nothing of gan_core imports them
MOST_LINES = 299

MAY_IMPORT = {"gan_core": {"gan_core"}, "toy": {"gan_core", "toy"}, "dcgan": {"gan_core", "dcgan"},
              "benchmarks": {"gan_core", "toy", "dcgan", "benchmarks"}, "tests": {*PACKAGES}}

FILES = {str(path.relative_to(ROOT)): path.read_text("utf-8")
         for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))}
CHAPTER = re.compile(r"ch\d\d_\w+")


def imports(text):
    """The dotted names of what a file imports, at any depth of its code; a relative one begins with a dot."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            found |= {module} | {f"{module}.{name.name}" for name in node.names}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("import_module", "__import__"):
            found |= {a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)}
    return found


def packages(text):
    return {name.split(".")[0] for name in imports(text)}


def parts_of(package, text):
    """b of each import of package.b."""
    return {name.split(".")[1] for name in imports(text) if name.startswith(f"{package}.")}


def names_used(text):
    """Dotted attribute chains in the code, such as tf.random.normal; comments and docstrings are no code."""
    return {ast.unparse(node) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Attribute)}


def of(*folders):
    return pytest.mark.parametrize("name", [name for name in FILES if name.split("/")[0] in folders])


# ---- who may import whom ----

ORDER = [name for floor in FLOORS for name in floor]


def core_faults(name, text):
    """What this file of gan_core imports of it and may not."""
    asked = {part for part in parts_of("gan_core", text) if part in {*ORDER, *LEAVES}}
    return asked - set(ORDER[:ORDER.index(name)] if name in ORDER else ())


def test_every_file_of_gan_core_has_its_place():
    present = {name.removeprefix("gan_core/").removesuffix(".py") for name in FILES if name.startswith("gan_core/")}
    assert len(ORDER) == len(set(ORDER))
    assert present - {"__init__"} == {*ORDER, *LEAVES}


@of("gan_core")
def test_gan_core_imports_only_what_stands_before(name):
    assert core_faults(name.removeprefix("gan_core/").removesuffix(".py"), FILES[name]) == set()


@of(*PACKAGES)
def test_packages_import_downwards_and_by_full_names(name):
    ours = packages(FILES[name]) & {*PACKAGES}
    assert ours <= MAY_IMPORT[name.split("/")[0]]
    assert not [module for module in imports(FILES[name]) if module.startswith(".")]


@of("toy", "dcgan")
def test_chapters_import_no_chapter(name):
    if CHAPTER.fullmatch(Path(name).stem):
        parts = parts_of("toy", FILES[name]) | parts_of("dcgan", FILES[name])
        assert not [part for part in parts if CHAPTER.fullmatch(part)]


@of("gan_core", "toy", "dcgan", "benchmarks")
def test_nothing_imports_the_tests(name):
    """By the package's name or, as the tests do among themselves, by a file's."""
    own = {Path(other).stem for other in FILES if other.startswith("tests/")}
    assert not packages(FILES[name]) & (own | {"tests", "conftest", "pytest", "hypothesis"})


@pytest.mark.parametrize("package", ["gan_core", "toy", "dcgan"])
def test_importing_a_package_imports_none_of_its_files(package):
    """__init__ is a docstring: the table of contents."""
    init = FILES.get(f"{package}/__init__.py")
    if init is None:
        pytest.skip(f"{package} is not here yet")
    assert ast.get_docstring(ast.parse(init))
    assert imports(init) == set()


@of("gan_core")
def test_only_plots_draws(name):
    draws = packages(FILES[name]) & {"matplotlib", "seaborn", "PIL", "pylab"}
    assert not draws or name == "gan_core/plots.py"


# ---- what nobody does ----

@of(*PACKAGES)
def test_files_are_short(name):
    assert len(FILES[name].splitlines()) <= MOST_LINES


@of("toy", "dcgan", "benchmarks")
def test_help_is_broken_at_the_windows_edge_alone(name):
    """tyro keeps a line break of a field's docstring; two strings in brackets, one below the other, have none."""
    for config in ast.walk(ast.parse(FILES[name])):
        if isinstance(config, ast.ClassDef) and config.name in ("Config", "Generate", "Walk"):
            help_texts = [node.value.value for node in config.body[1:]
                          if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)]
            assert [text for text in help_texts if "\n" in text] == []


@of(*PACKAGES)
def test_randomness_comes_from_rng_alone(name):
    """TensorFlow's own stateless_normal gives other numbers under XLA, and tf.random.normal other ones each time."""
    wild = {used for used in names_used(FILES[name]) if re.match(r"(tf|tensorflow)\.random\.", used)}
    assert not wild or name == "gan_core/rng.py" or name.startswith("benchmarks/peers/")


@of("gan_core", "toy", "dcgan", "benchmarks")  # tests may make a pickle, to see it refused
def test_nothing_is_pickled(name):
    assert not packages(FILES[name]) & {"pickle", "cPickle", "dill", "joblib", "cloudpickle", "shelve", "marshal"}
    for node in ast.walk(ast.parse(FILES[name])):
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            assert ast.unparse(node.value) == "False"


SYSTEM = ("tmp", "home", "root", "work", "mnt", "var", "opt", "Users", "content", "kaggle")
MACHINE_PATH = re.compile(rf"(?<![\w./~:-])(/({'|'.join(SYSTEM)})/\w|[A-Z]:\\\\?\w)")


def texts():
    """All that is read by people or run: code, documents, settings."""
    kinds = {".py", ".md", ".cfg", ".toml", ".yml", ".yaml", ".txt", ".json", ".sh", ""}
    folders = (*PACKAGES, "docs", ".ci")
    inside = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    return [path for path in [*inside, *ROOT.glob("*")]
            if path.is_file() and path.suffix in kinds and "__pycache__" not in path.parts and path.name != ".git"]


def test_no_file_names_a_place_on_one_machine():
    found = {str(path.relative_to(ROOT)): match.group() for path in texts()
             if (match := MACHINE_PATH.search(path.read_text("utf-8", errors="replace")))}
    assert found == {}


# ---- the searches themselves find what they look for ----

@pytest.mark.parametrize(("name", "code", "faults"), [
    ("rng", "from gan_core import checks", set()), ("checks", "from gan_core import rng", {"rng"}),
    ("dense", "def f():\n    from gan_core.trainer import GANTrainer", {"trainer"}),
    ("conv", "import gan_core.convolution", set()), ("convolution", "import gan_core.conv as c", {"conv"}),
    ("game", "from gan_core.plots import REAL", {"plots"}), ("plots", "from gan_core import checks", {"checks"}),
    ("loop", "from gan_core.command_line import run", {"command_line"}),
    ("losses", "import importlib\nimportlib.import_module('gan_core.loop')", {"loop"}),
])
def test_an_import_upwards_is_found(name, code, faults):
    assert core_faults(name, code) == faults


def test_places_on_one_machine_are_found_and_others_are_not():
    for bad in ("'/" + "tmp/x'", "(/" + "home/me/data", '"C:' + '\\\\data"', "=/" + "work/main"):
        assert MACHINE_PATH.search(bad), bad
    for good in ("runs/tmp/x", "https://a.b/home/me", "layers/0/kernel", "a /= b", "and/or", "x: [B]"):
        assert not MACHINE_PATH.search(good), good


def test_chains_and_imports_are_read_from_code_alone():
    code = '"""tf.random.normal in words"""\nimport a.b as c\nfrom d import e\nx = tf.random.normal([2])  # import f'
    assert imports(code) == {"a.b", "d", "d.e"}
    assert "tf.random.normal" in names_used(code)
    assert names_used('"""tf.random.normal"""') == set()
