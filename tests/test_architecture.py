"""The house: which room may import which, and what nobody does. Nothing is imported here.

A *room* is a sub-package, or a module that stands beside the sub-packages.
"""

import ast
import functools
import graphlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("gan_core", "toy", "dcgan", "benchmarks", "tests")

# From the ground up. A module may import its own room and the rooms of lower floors, and no others.
# Chapters and commands stand on top: they may import all rooms, and nothing imports them.
FLOORS = {
    "gan_core": (
        ("checks", "protocols", "files"),
        ("rng",),
        ("devices", "optim"),
        ("nn", "losses", "latent", "augment", "averaging", "metrics", "data"),
        ("penalties",),
        ("game",),
        ("_validate",),
        ("trainer",),
        ("runs",),
    ),
    "toy": (
        ("networks", "targets"),
        ("measures",),
        ("figures",),
        ("play",),
    ),
    "dcgan": (
        ("drawn", "architectures"),
        ("data",),
        ("measures",),
        ("latent", "lessons", "networks"),
        ("figures", "config", "conditional_networks"),
        ("runs",),
        ("epochs",),
        ("training",),
        ("generation",),
        ("judge",),
        ("page", "watch"),
    ),
    "benchmarks": (
        ("measure", "step_plots", "quality_plots", "growth_plots", "run_exported"),
        ("limits",),
        ("contestants",),
    ),
}
SOLUTIONS = "solutions"  # of the exercises: they may import all rooms and their chapters
APART = ("app",)  # rooms of gan_core that import nothing of it; nothing below TOP imports them
TOP = ("testing",)  # of gan_core: it has a program, and may import all; only the tests import it
MAY_IMPORT = {
    "gan_core": {"gan_core"},
    "toy": {"gan_core", "toy"},
    "dcgan": {"gan_core", "dcgan"},
    "benchmarks": {"gan_core", "toy", "dcgan", "benchmarks"},
    "tests": {*PACKAGES},
}
COMMANDS = {
    "toy": {"__main__"},
    "dcgan": {"__main__"},
    "benchmarks": {
        "__main__",
        "compare",
        "export_round",
        "generate",
        "growth",
        "input_pipeline",
        "peers",
        "profile_step",
        "quality",
        "toy_step",
        "train_step",
    },
}
CHAPTER = re.compile(r"ch\d\d_\w+")

FILES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
}


@functools.cache
def imports(text):
    """The dotted names of what a file imports, at any depth of its code;
    a relative one begins with a dot.
    """
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            found |= {module} | {f"{module}.{name.name}" for name in node.names}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in (
            "import_module",
            "__import__",
        ):
            found |= {
                a.value
                for a in node.args
                if isinstance(a, ast.Constant) and isinstance(a.value, str)
            }
    return found


def packages(text):
    return {name.split(".")[0] for name in imports(text)}


def rooms_asked(package, text):
    """b of each import of package.b or package.b.c."""
    return {name.split(".")[1] for name in imports(text) if name.startswith(f"{package}.")}


@functools.cache
def names_used(text):
    """Dotted attribute chains in the code, such as tf.random.normal;
    comments and docstrings are no code.
    """
    return {
        ast.unparse(node) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Attribute)
    }


def of(*folders):
    """The names of all files in these packages."""
    return [name for name in FILES if name.split("/")[0] in folders]


def faults(names, faults_of):
    """{name of a file: what is wrong with it}, of the files with which something is."""
    found = {name: faults_of(name) for name in names}
    return {name: wrong for name, wrong in found.items() if wrong}


# ---- who may import whom ----


def room_of(name):
    """gan_core/nn/dense.py -> nn; gan_core/losses.py -> losses;
    gan_core/__init__.py -> __init__.
    """
    return name.split("/")[1].removesuffix(".py")


def is_on_top(package, room):
    """Whether this room is a chapter, a command or a room of solutions:
    it may import all, and nothing imports it.
    """
    on_top = {SOLUTIONS} | COMMANDS.get(package, set())
    return CHAPTER.fullmatch(room) is not None or room in on_top


def rooms_below(package, room):
    """The rooms that a module of this room may import, its own among them."""
    floors = FLOORS[package]
    everything = {other for floor in floors for other in floor}
    if room in APART and package == "gan_core":
        return {room}
    if is_on_top(package, room):
        return everything
    if room in TOP and package == "gan_core":
        return everything | {room, *APART}
    below = {room}
    for floor in floors:
        if room in floor:
            return below
        below |= set(floor)
    raise AssertionError(f"{package}.{room} has no floor")


def import_faults(package, room, text):
    """What a module of this room imports of its own package and may not."""
    known = (
        {other for floor in FLOORS[package] for other in floor}
        | set(APART)
        | set(TOP)
        | COMMANDS.get(package, set())
        | {SOLUTIONS}
    )
    asked = {
        part for part in rooms_asked(package, text) if part in known or CHAPTER.fullmatch(part)
    }
    if room == SOLUTIONS:
        asked = {part for part in asked if not CHAPTER.fullmatch(part)}
    return asked - rooms_below(package, room)


@pytest.mark.parametrize("package", sorted(FLOORS))
def test_every_room_has_one_floor(package):
    rooms = {room_of(name) for name in FILES if name.startswith(f"{package}/")} - {"__init__"}
    floors = [room for floor in FLOORS[package] for room in floor]
    assert len(floors) == len(set(floors))
    placed = {*floors} | {room for room in rooms if is_on_top(package, room)}
    assert rooms == placed | ({*APART, *TOP} if package == "gan_core" else set())


def test_a_room_imports_only_what_lies_below_it():
    """But for the __init__ of a package, which is a table of contents."""

    def imports_from_above(name):
        return import_faults(name.split("/")[0], room_of(name), FILES[name])

    names = [name for name in of(*FLOORS) if room_of(name) != "__init__"]
    assert faults(names, imports_from_above) == {}


def module_of(name):
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def circle_in(files):
    """A circle of imports among these modules, as a list; [] if there is none."""
    modules = {module_of(name) for name in files}
    graph = {
        module_of(name): imports(text) & modules - {module_of(name)} for name, text in files.items()
    }
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


def test_no_imports_go_round_in_a_circle():
    assert (
        circle_in({name: text for name, text in FILES.items() if not name.endswith("__init__.py")})
        == []
    )


def test_packages_import_downwards():
    def imports_from_above(name):
        ours = packages(FILES[name]) & {*PACKAGES}
        return ours - MAY_IMPORT[name.split("/")[0]]

    assert faults(of(*PACKAGES), imports_from_above) == {}


def test_packages_import_by_full_names():
    def relative_imports(name):
        return [module for module in imports(FILES[name]) if module.startswith(".")]

    assert faults(of(*PACKAGES), relative_imports) == {}


def test_nothing_imports_the_tests():
    """By the package's name or, as the tests do among themselves, by a file's."""
    helpers = {Path(name).stem for name in FILES if name.startswith("tests/helpers/")}

    def tests_imported(name):
        tools = set() if in_testing(name) else {"pytest", "hypothesis"}
        return packages(FILES[name]) & (helpers | {"conftest", "tests"} | tools)

    assert faults(of("gan_core", "toy", "dcgan", "benchmarks"), tests_imported) == {}


def in_testing(name):
    """Whether this file belongs to the laws that users put to subjects of their own."""
    return name.startswith("gan_core/testing/")


def test_only_the_tests_import_the_laws():
    """pytest and hypothesis are an extra: nothing that runs without them may want
    gan_core.testing.
    """

    def laws_imported(name):
        return [module for module in imports(FILES[name]) if module.startswith("gan_core.testing")]

    names = of("gan_core", "toy", "dcgan", "benchmarks")
    assert faults([name for name in names if not in_testing(name)], laws_imported) == {}


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith("__init__.py")])
def test_importing_a_package_imports_none_of_its_files(name):
    """Each __init__ is a table of contents; that of gan_core also finds names when they are used.

    And those of the packages with programs answer Ctrl-C before anything slow is imported.
    """
    assert ast.get_docstring(ast.parse(FILES[name]))
    found = set(imports(without_type_checking(FILES[name])))
    if name in ("dcgan/__init__.py", "toy/__init__.py", "benchmarks/__init__.py"):
        found -= {"gan_core.app", "gan_core.app.stopping"}
    allowed = {"__future__", "importlib", "typing"} if name == "gan_core/__init__.py" else set()
    if name in (
        "gan_core/nn/__init__.py",
        "gan_core/optim/__init__.py",
        "gan_core/runs/__init__.py",
    ):
        assert found == {"functools", "gan_core"}  # finds its files by name
        return
    if name == "gan_core/testing/__init__.py":  # whoever imports it wants the laws
        return
    assert {module.split(".")[0] for module in found} <= allowed


def without_type_checking(text):
    """The code that runs: without what stands under `if TYPE_CHECKING`."""
    tree = ast.parse(text)
    tree.body = [
        node
        for node in tree.body
        if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    ]
    return ast.unparse(tree)


def test_only_plots_draws():
    def draws_with(name):
        return packages(FILES[name]) & {"matplotlib", "seaborn", "PIL", "pylab"}

    assert faults(of("gan_core"), draws_with).keys() == {"gan_core/app/plots.py"}


# ---- what nobody does ----


def broken_help(text):
    """The help texts with a line break of their own, of the classes that hold a program's options."""
    broken = []
    for config in ast.walk(ast.parse(text)):
        options = ("Config", "Generate", "Walk", "Judge")
        if isinstance(config, ast.ClassDef) and config.name in options:
            help_texts = [
                node.value.value
                for node in config.body[1:]
                if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            ]
            broken += [text for text in help_texts if "\n" in text]
    return broken


def test_help_is_broken_at_the_windows_edge_alone():
    """tyro keeps a line break of a field's docstring; two strings in brackets, one below the other,
    have none.
    """
    assert faults(of("toy", "dcgan", "benchmarks"), lambda name: broken_help(FILES[name])) == {}


def test_a_line_break_in_a_help_text_is_found():
    field = "    a: int = 1\n    {}\n"
    one_line = 'class Config:\n    "What it is of."\n' + field.format('("one "\n     "line")')
    assert broken_help(one_line) == []
    two_lines = one_line + field.format('"""two\n    lines"""')
    assert broken_help(two_lines) == ["two\n    lines"]


def test_randomness_comes_from_rng_alone():
    """TensorFlow's own stateless_normal gives other numbers under XLA,
    and tf.random.normal other ones each time.
    """

    def wild(name):
        if "random" not in FILES[name]:
            return []
        used = names_used(FILES[name])
        return [one for one in used if re.match(r"(tf|tensorflow)\.random\.", one)]

    found = faults(of(*PACKAGES), wild)
    others = [name for name in found if not name.startswith("benchmarks/contestants/keras_")]
    assert others == ["gan_core/rng.py"], found


OF_PICKLE = {"pickle", "cPickle", "dill", "joblib", "cloudpickle", "shelve", "marshal"}


def pickling(text):
    """The modules in this code that pickle, and the `allow_pickle` that are not False."""
    allowed = []
    if "allow_pickle" in text:
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                allowed.append(ast.unparse(node.value))
    return [*(packages(text) & OF_PICKLE), *(value for value in allowed if value != "False")]


def test_nothing_is_pickled():
    """But by tests, which may make a pickle to see it refused."""
    names = of("gan_core", "toy", "dcgan", "benchmarks")
    assert faults(names, lambda name: pickling(FILES[name])) == {}


def test_a_pickle_is_found():
    for bad in ("import pickle", "from joblib import dump", "np.load(f, allow_pickle=True)"):
        assert pickling(bad), bad
    assert pickling("import pickletools\nnp.load(f, allow_pickle=False)") == []


def test_one_file_lists_the_instructions_of_a_pickle_and_carries_out_its_own_few():
    """pickletools only lists them; PyTorch's weight files are read so, and nothing else is."""
    names = of("gan_core", "toy", "dcgan", "benchmarks")
    lists = [name for name in names if "pickletools" in packages(FILES[name])]
    assert lists == ["dcgan/measures/features/state_dict.py"]


SYSTEM = ("tmp", "home", "root", "work", "mnt", "var", "opt", "Users", "content", "kaggle")
MACHINE_PATH = re.compile(rf"(?<![\w./~:-])(/({'|'.join(SYSTEM)})/\w|[A-Z]:\\\\?\w)")


def texts():
    """All that is read by people or run: code, documents, settings."""
    kinds = {".py", ".md", ".cfg", ".toml", ".yml", ".yaml", ".txt", ".json", ".sh", ""}
    folders = (*PACKAGES, "docs", ".ci")
    inside = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    return [
        path
        for path in [*inside, *ROOT.glob("*")]
        if path.is_file()
        and path.suffix in kinds
        and "__pycache__" not in path.parts
        and path.name != ".git"
    ]


def test_no_file_names_a_place_on_one_machine():
    found = {
        str(path.relative_to(ROOT)): match.group()
        for path in texts()
        if (match := MACHINE_PATH.search(path.read_text("utf-8", errors="replace")))
    }
    assert found == {}


# ---- the searches themselves find what they look for ----


@pytest.mark.parametrize(
    ("package", "room", "code", "faults"),
    [
        ("gan_core", "rng", "from gan_core import checks", set()),
        ("gan_core", "checks", "from gan_core import rng", {"rng"}),
        ("gan_core", "nn", "def f():\n    from gan_core.trainer import GANTrainer", {"trainer"}),
        ("gan_core", "nn", "import gan_core.nn.conv", set()),
        ("gan_core", "optim", "import gan_core.nn.conv as c", {"nn"}),
        ("gan_core", "game", "from gan_core.app.plots import REAL", {"app"}),
        ("gan_core", "app", "from gan_core import checks", {"checks"}),
        (
            "gan_core",
            "losses",
            "import importlib\nimportlib.import_module('gan_core.runs.loop')",
            {"runs"},
        ),
        ("dcgan", "data", "from dcgan import training", {"training"}),
        ("dcgan", "training", "from dcgan.data import faces", set()),
        ("dcgan", "ch09_training", "from dcgan import ch07_faces", {"ch07_faces"}),
        (
            "benchmarks",
            "measure",
            "from benchmarks.contestants import ours_toy_step",
            {"contestants"},
        ),
    ],
)
def test_an_import_upwards_is_found(package, room, code, faults):
    assert import_faults(package, room, code) == faults


def test_a_circle_is_found():
    files = {
        "gan_core/nn/dense.py": "from gan_core.nn import conv",
        "gan_core/nn/conv.py": "from gan_core.nn.dense import Dense",
        "gan_core/rng.py": "from gan_core.nn.conv import Conv2D",
    }
    assert set(circle_in(files)) == {"gan_core.nn.dense", "gan_core.nn.conv"}


def test_places_on_one_machine_are_found_and_others_are_not():
    for bad in ("'/" + "tmp/x'", "(/" + "home/me/data", '"C:' + '\\\\data"', "=/" + "work/main"):
        assert MACHINE_PATH.search(bad), bad
    for good in (
        "runs/tmp/x",
        "https://a.b/home/me",
        "layers/0/kernel",
        "a /= b",
        "and/or",
        "x: [B]",
    ):
        assert not MACHINE_PATH.search(good), good


def test_chains_and_imports_are_read_from_code_alone():
    code = '"""tf.random.normal in words"""\nimport a.b as c\nfrom d import e\nx = tf.random.normal([2])  # import f'
    assert imports(code) == {"a.b", "d", "d.e"}
    assert "tf.random.normal" in names_used(code)
    assert names_used('"""tf.random.normal"""') == set()


TEXT_METHODS = ("read_text", "write_text")


def texts_without_encoding(text):
    """Calls that open a text in the system's own encoding, which on Windows is seldom UTF-8."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        method = isinstance(node.func, ast.Attribute) and node.func.attr in TEXT_METHODS
        opened = isinstance(node.func, ast.Name) and node.func.id == "open"
        if opened:
            given = [*node.args[1:2], keywords.get("mode")]
            modes = [mode.value for mode in given if isinstance(mode, ast.Constant)]
            opened = "b" not in (modes or ["r"])[0]
        if (method or opened) and "encoding" not in keywords:
            found.append(ast.unparse(node))
    return found


def test_text_files_are_opened_with_an_encoding():
    names = of("gan_core", "toy", "dcgan", "benchmarks")
    assert faults(names, lambda name: texts_without_encoding(FILES[name])) == {}


def test_a_text_in_the_systems_own_encoding_is_found():
    for bad in ("open(f)", "open(f, 'a')", "open(f, mode='w')", "f.read_text()", "f.write_text(t)"):
        assert texts_without_encoding(bad) == [bad]
    for good in ("open(f, 'rb')", "open(f, encoding='utf-8')", "f.read_text(encoding='utf-8')"):
        assert texts_without_encoding(good) == []
