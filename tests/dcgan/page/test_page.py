"""The page in a browser: the same z and faces as TensorFlow, nothing from the network, its buttons."""

import json
import re
from pathlib import Path

import browser
import numpy as np
import pytest
import tensorflow as tf

from dcgan import conditional_networks, networks
from dcgan.data.labels import LabelSet
from dcgan.data.pixels import to_uint8
from dcgan.generation import avatars, pretrained, trained_generator
from dcgan.page import build, layers, sliders
from dcgan.page.command import Page
from gan_core.app import command_line
from gan_core.nn.conv import Conv2D
from gan_core.nn.sequential import Sequential

WebDriverWait = pytest.importorskip("selenium.webdriver.support.wait").WebDriverWait

pytestmark = pytest.mark.slow

IDS = [f"player {i}" for i in range(996)] + ["", "ä ö 漢字", "x" * 400, "a/b:c&d=e#f"]


def document(subject, **options):
    sizes = None if subject.labels is None else subject.labels.sizes
    described = layers.describe(subject.network, subject.latent_dim, sizes)
    directions = sliders.of_activations(subject.network, subject.latent_dim, 4)
    return build.document(Page(**options), subject, described, directions)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """The page of the package's generator without labels, with directions of its first layer."""
    path = tmp_path_factory.mktemp("page") / "faces.html"
    path.write_text(document(build.load(None), title="<Faces> & more"), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def page(file):
    with browser.chromium() as driver:
        driver.get(file.as_uri())
        yield driver


def face_of(page):
    return page.execute_script("return document.getElementById('face').toDataURL()")


def state(page):
    return page.execute_script("return faces.state()")


def click(page, name):
    page.execute_script(f"document.getElementById('{name}').click()")


def set_value(page, name, value, *events):
    page.execute_script(
        "const input = document.getElementById(arguments[0]); input.value = arguments[1];"
        "for (const name of arguments[2]) input.dispatchEvent(new Event(name, {bubbles: true}));",
        name,
        value,
        events,
    )


def test_z_of_a_thousand_ids_is_that_of_generate_to_the_byte(page):
    made = page.execute_script(
        "return arguments[0].map((id) => Array.from(faces.latentOfId(id)))", IDS
    )
    np.testing.assert_array_equal(np.float32(made), avatars.latents(IDS, 100))


def test_a_hundred_faces_differ_by_at_most_one_grey_level(page):
    z = avatars.latents(IDS[:100], 100)
    made = page.execute_script(
        "return arguments[0].map((id) => Array.from(faces.makeFace(faces.latentOfId(id), 1)))",
        IDS[:100],
    )
    made = np.array(made, np.uint8).reshape(-1, 64, 64, 3)
    expected = trained_generator.load()(z)
    assert np.abs(made.astype(int) - expected).max() <= 1
    assert expected.std() > 30.0


def faces_in_a_browser(subject, ids, folder, label="[]"):
    """What the page makes of the ids: a row of numbers for each; label is JavaScript."""
    path = folder / "p.html"
    path.write_text(document(subject), encoding="utf-8")
    with browser.chromium() as driver:
        driver.get(path.as_uri())
        made = driver.execute_script(
            "return arguments[0].map((id) => "
            f"Array.from(faces.makeFace(faces.latentOfId(id), 1, {label})))",
            ids,
        )
        assert browser.errors(driver) == []
    return np.array(made)


def test_other_layers_and_sizes_too(tmp_path):
    """Biases, a 3 x 3 convolution at the end, leaky ReLU: what `describe` may meet."""
    network = networks.generator(32, 2, 7, seed=1)
    for variable in network.trainable_variables:
        if variable.shape.rank > 1:
            variable.assign(variable * 20.0)
    last = Conv2D(3, 3, 3, seed=5)
    last.bias.assign([0.1, -0.2, 0.3])
    network = Sequential([*network.layers, lambda x: tf.nn.leaky_relu(x, 0.3), last, tf.tanh])
    made = faces_in_a_browser(build.Subject(network, 7, 32, False, "x"), IDS[:5], tmp_path)
    expected = to_uint8(network(avatars.latents(IDS[:5], 7))).numpy()
    # Kernels in half precision: two grey levels.
    assert np.abs(made.reshape(expected.shape) - expected.astype(int)).max() <= 2
    assert expected.std() > 20.0


def test_a_filtered_generator_differs_by_at_most_one_grey_level(tmp_path):
    """Kernels are half precision's, so that only the filters could differ."""
    network = networks.generator(32, 2, 7, network="dcgan", filtered=True, seed=1)
    for variable in network.trainable_variables:
        if variable.shape.rank > 1:
            larger = variable * (60.0 if variable.shape[3] == 16 else 20.0)
            variable.assign(tf.cast(tf.cast(larger, tf.float16), tf.float32))
    made = faces_in_a_browser(build.Subject(network, 7, 32, False, "x"), IDS[:20], tmp_path)
    expected = to_uint8(network(avatars.latents(IDS[:20], 7))).numpy().astype(int)
    assert np.abs(made.reshape(expected.shape) - expected).max() <= 1
    assert expected.std() > 20.0


@pytest.mark.parametrize("name", ["modern", "residual", "styled"])
@pytest.mark.parametrize("known", [None, True], ids=["without labels", "with labels"])
def test_a_hundred_faces_of_other_networks_differ_by_at_most_one_grey_level(name, known, tmp_path):
    """Blocks, filtered upsampling, leaky ReLU, a dense layer, the coarse colour of residual, and
    the styles of dcgan; kernels are half precision's."""
    known = known and known_labels()
    subject = build.Subject(learnt_generator(name, known), 7, 32, False, "x", known)
    label = "[]" if known is None else "faces.labelOfId(id)"
    made = faces_in_a_browser(subject, IDS[:100], tmp_path, label)
    generator = trained_generator.of_network(subject.network, 7, 32, "x", known)
    labels = [] if known is None else [known.of_ids(IDS[:100], 0)]
    expected = generator(avatars.latents(IDS[:100], 7), *labels).astype(int)
    assert np.abs(made.reshape(expected.shape) - expected).max() <= 1
    assert expected.std() > 30.0
    grey = np.mean((expected > 5) & (expected < 250))
    assert grey > 0.95  # what tanh has not driven to black or white


def learnt_generator(name, known):
    """One that has learnt something: no kernel is 0, as the blocks' last ones are at the start."""
    options = {"size": 32, "width": 3, "latent_dim": 7, "seed": 1}
    if name == "styled":
        name = "dcgan"
        options["styled"] = True
    if known is None:
        network, _ = networks.make(name, **options)
    else:
        network, _ = conditional_networks.make(known.sizes, name, **options)
    rng = np.random.default_rng(0)
    for variable in network.trainable_variables:
        values = rng.normal(size=variable.shape)
        if variable.shape.rank == 1:
            values *= 0.1
        elif "labels" not in variable.name:
            values /= np.sqrt(np.prod(variable.shape[:-1]))
        variable.assign(np.float16(values).astype(np.float32))
    return network


def test_a_face_is_made_in_a_twentieth_of_a_second(page):
    """The quickest of a hundred: the others share the processor with what else runs here."""
    assert min(page.execute_script("return faces.timesOfFaces(100)")) < 50.0


def test_nothing_is_asked_of_the_network_and_nothing_fails(file, page):
    assert browser.requests(page) <= {file.as_uri(), *_with_states(page)}
    assert browser.errors(page) == []
    assert not re.search(r"https?://", file.read_text(encoding="utf-8"))


def _with_states(page):
    return {page.current_url}


def test_it_is_small_and_its_title_is_text(file):
    text = file.read_text(encoding="utf-8")
    assert len(text.encode()) < 5_000_000
    assert "<title>&lt;Faces&gt; &amp; more</title>" in text
    json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])


def test_the_address_brings_the_same_face_back(file, page):
    click(page, "random")
    set_value(page, "other", "bob")
    page.execute_script("document.getElementById('mix-form').requestSubmit()")
    set_value(page, "truncation", "0.7", "input", "change")
    assert state(page)["mixes"] == [["bob", 0.5]]
    face = face_of(page)
    address = page.current_url
    page.get(file.as_uri())
    page.get("about:blank")
    page.get(address)
    assert face_of(page) == face
    assert state(page)["truncation"] == 0.7


def test_a_walk_and_a_slider_change_the_address_seldom(page):
    """Safari throws an error at the 101st change in 30 seconds, and the face would stand still."""
    changes = page.execute_async_script(
        """
        const done = arguments[0];
        const original = window.history.replaceState.bind(window.history);
        let changes = 0;
        window.history.replaceState = (...given) => { changes += 1; original(...given); };
        document.getElementById("walk").click();
        const slider = document.getElementById("truncation");
        let moves = 0;
        const moving = setInterval(() => {
          slider.value = 1 - 0.01 * moves;
          slider.dispatchEvent(new Event("input", {bubbles: true}));
          moves += 1;
        }, 20);
        setTimeout(() => {
          clearInterval(moving);
          document.getElementById("walk").click();
          window.history.replaceState = original;
          done([changes, moves]);
        }, 2400);
        """
    )
    assert changes[1] > 20  # many pictures were shown
    assert 2 <= changes[0] <= 8
    shown = state(page)
    page.refresh()
    assert state(page) == shown
    set_value(page, "truncation", 1, "change")


def test_white_space_around_a_name_is_ignored_as_in_a_list_of_ids(page):
    set_value(page, "id", "  anna b ")
    page.execute_script("document.getElementById('id-form').requestSubmit()")
    assert state(page)["id"] == "anna b"
    set_value(page, "other", " ben ")
    page.execute_script("document.getElementById('mix-form').requestSubmit()")
    assert state(page)["mixes"] == [["ben", 0.5]]
    click(page, "unmix")


def test_undo_and_redo(page):
    click(page, "random")
    first = face_of(page)
    click(page, "random")
    second = face_of(page)
    assert first != second
    click(page, "undo")
    assert face_of(page) == first
    click(page, "redo")
    assert face_of(page) == second


def test_a_slider_moves_its_component_and_a_locked_one_is_kept(page):
    script = (
        "const input = document.querySelectorAll('.row input[type=range]')[1];"
        "input.value = 2.5; input.dispatchEvent(new Event('input'));"
        "input.dispatchEvent(new Event('change'));"
        "document.querySelectorAll('.row .lock input')[1].click();"
    )
    page.execute_script(script)
    assert state(page)["sliders"] == {"1": 2.5}
    click(page, "random")
    assert state(page)["sliders"] == {"1": 2.5}
    shown = page.execute_script("return document.querySelectorAll('.row output')[1].value")
    assert shown == "2.5"
    click(page, "reset")
    assert state(page)["sliders"] == {}


def test_the_python_that_is_copied_makes_the_face_that_is_shown(page, tmp_path, monkeypatch):
    page.execute_script(
        "document.getElementById('id').value = 'anna';"
        "document.getElementById('id-form').requestSubmit();"
    )
    code = page.execute_script("return faces.pythonOfState()")
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    made = page.execute_script(
        "const s = faces.state();"
        "return Array.from(faces.makeFace(faces.latentOfId(s.id), s.truncation))"
    )
    from PIL import Image

    saved = np.asarray(Image.open(tmp_path / "face.png")).astype(int)
    assert np.abs(saved - np.array(made).reshape(saved.shape)).max() <= 1


def test_favourites_stay_and_can_be_removed(page):
    click(page, "clear")
    click(page, "random")
    click(page, "keep")
    click(page, "random")
    click(page, "keep")
    page.refresh()
    count = "return document.querySelectorAll('#favourites button').length"
    # The small faces are drawn after the large one: at once, or later on a busy machine.
    WebDriverWait(page, 60).until(lambda page: page.execute_script(count) == 2)
    click(page, "clear")
    assert page.execute_script(count) == 0


def test_nonsense_in_the_address_is_left_out(file, page):
    page.get("about:blank")
    page.get(
        file.as_uri() + "#id=x&mix=2:bob&mix=0.5:&slider=99:1&slider=1:zz&slider=0:1.5"
        "&truncation=nan&keep=yes&label=0:1"
    )
    assert state(page) == {
        "id": "x",
        "mixes": [],
        "sliders": {"0": 1.5},
        "keepOthers": False,
        "truncation": 1,
        "labels": {},
    }


def test_every_control_has_a_name_and_keys_work(page):
    unnamed = page.execute_script(
        "return [...document.querySelectorAll('button, input, select')].filter("
        "(one) => !one.textContent && !one.labels?.length && !one.getAttribute('aria-label')"
        ").map((one) => one.outerHTML)"
    )
    assert unnamed == []
    before = face_of(page)
    page.execute_script(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'r', bubbles: true}))"
    )
    assert face_of(page) != before


def test_it_fits_a_phone(file):
    with browser.chromium(width=390, height=800) as driver:
        driver.get(file.as_uri())
        width, inner = driver.execute_script(
            "return [document.documentElement.scrollWidth, window.innerWidth]"
        )
    assert width <= inner


# ---- a generator with labels


def known_labels():
    """Three factors, one of them with many values."""
    rng = np.random.default_rng(0)
    values = tuple(f"value {i}" for i in range(20))
    factors = {"hair": ("black", "<i>blue</i>", "red"), "glasses": ("no", "yes"), "many": values}
    rows = rng.integers(0, [3, 2, 20], [30, 3])
    return LabelSet.of_rows("drawn", factors, np.concatenate([rows, rows[:9]]))


def labelled_subject():
    """A conditional generator whose labels change every layer; kernels are half precision's."""
    rng = np.random.default_rng(0)
    known = known_labels()
    network, _ = conditional_networks.make(known.sizes, size=32, width=2, latent_dim=7, seed=1)
    for variable in network.variables:
        if variable.shape.rank > 2:
            variable.assign(np.float16(variable * 20.0).astype(np.float32))
        elif "gammas" in variable.name or "betas" in variable.name:
            variable.assign(0.3 * rng.normal(size=variable.shape))
    return build.Subject(network, 7, 32, True, "x", known)


@pytest.fixture(scope="module")
def subject():
    return labelled_subject()


@pytest.fixture(scope="module")
def labelled(subject, tmp_path_factory):
    path = tmp_path_factory.mktemp("labels") / "faces.html"
    path.write_text(document(subject), encoding="utf-8")
    with browser.chromium() as driver:
        driver.get(path.as_uri())
        yield driver


def test_the_label_of_a_thousand_ids_is_that_of_generate(labelled, subject):
    made = labelled.execute_script("return arguments[0].map((id) => faces.labelOfId(id))", IDS)
    np.testing.assert_array_equal(made, subject.labels.of_ids(IDS, 0))


def test_a_hundred_faces_with_labels_differ_by_at_most_one_grey_level(labelled, subject):
    wanted = subject.labels.of_ids(IDS[:100], 0)
    made = labelled.execute_script(
        "return arguments[0].map((id) => "
        "Array.from(faces.makeFace(faces.latentOfId(id), 1, faces.labelOfId(id))))",
        IDS[:100],
    )
    generator = trained_generator.of_network(subject.network, 7, 32, "x", subject.labels)
    z = avatars.latents(IDS[:100], 7)
    expected = generator(z, wanted).astype(int)
    assert np.abs(np.array(made).reshape(expected.shape) - expected).max() <= 1
    assert expected.std() > 20.0
    others = (wanted + 1) % subject.labels.sizes
    assert np.abs(generator(z, others).astype(int) - expected).mean() > 5.0  # labels matter


def test_a_label_is_asked_for_kept_in_the_address_and_given_back_to_the_name(labelled):
    labelled.execute_script(
        "document.getElementById('id').value = 'anna';"
        "document.getElementById('id-form').requestSubmit();"
    )
    by_name = face_of(labelled)
    buttons = "[...document.querySelectorAll('#labels button')]"
    texts = labelled.execute_script(f"return {buttons}.map((one) => one.textContent)")
    assert texts == ["by name", "black", "<i>blue</i>", "red", "by name", "no", "yes"]
    labelled.execute_script(f"{buttons}[2].click(); {buttons}[6].click()")
    labelled.execute_script(
        "const list = document.querySelector('#labels select'); list.value = '19';"
        "list.dispatchEvent(new Event('change'))"
    )
    assert state(labelled)["labels"] == {"0": 1, "1": 1, "2": 19}
    asked = face_of(labelled)
    address = labelled.current_url
    assert asked != by_name
    pressed = f"return {buttons}.map((one) => one.getAttribute('aria-pressed'))"
    assert labelled.execute_script(pressed) == [
        *("false", "false", "true", "false"),
        *("false", "false", "true"),
    ]
    command = labelled.execute_script("return document.getElementById('ids-command').textContent")
    assert command == (
        "python -m dcgan generate --ids FILE --out faces.zip "
        "--label 'hair=<i>blue</i>' --label glasses=yes --label 'many=value 19'"
    )
    labelled.get("about:blank")
    labelled.get(address)
    assert face_of(labelled) == asked
    labelled.execute_script(f"{buttons}[0].click(); {buttons}[4].click()")
    labelled.execute_script(
        "const list = document.querySelector('#labels select'); list.value = '';"
        "list.dispatchEvent(new Event('change'))"
    )
    assert state(labelled)["labels"] == {}
    assert face_of(labelled) == by_name
    assert browser.errors(labelled) == []


def test_the_command_of_a_runs_page_names_the_run(subject, tmp_path):
    path = tmp_path / "faces.html"
    path.write_text(document(subject, run=Path("runs/my run")), encoding="utf-8")
    with browser.chromium() as driver:
        driver.get(path.as_uri())
        script = "return document.getElementById('ids-command').textContent"
        command = "python -m dcgan generate --run 'runs/my run' --ids FILE --out faces.zip"
        assert driver.execute_script(script) == command


def test_a_random_face_keeps_what_is_asked_for_and_python_knows_the_label(
    labelled, subject, monkeypatch
):
    labelled.execute_script("document.querySelectorAll('#labels button')[3].click()")
    click(labelled, "random")
    assert state(labelled)["labels"] == {"0": 2}
    code = labelled.execute_script("return faces.pythonOfState()")
    assert "# hair=red, " in code
    called = []

    def load(*, with_labels):
        assert with_labels
        return lambda z, labels: called.append((z, labels)) or np.zeros([1, 4, 4, 3], np.uint8)

    monkeypatch.setattr(trained_generator, "load", load)
    monkeypatch.setattr("dcgan.figures.sheets.save", lambda *arguments: None)
    exec(code, {})
    (z, label) = called[0]
    assert z.shape == (1, 7)
    assert label[0, 0] == 2
    name = labelled.execute_script("return faces.state().id")
    np.testing.assert_array_equal(label[0, 1:], subject.labels.of_ids([name], 0)[0, 1:])


def test_labels_that_there_are_not_are_left_out_of_an_address(labelled):
    address = labelled.current_url.split("#")[0]
    labelled.get("about:blank")
    labelled.get(
        f"{address}#id=x&label=0:3&label=9:0&label=1:-1&label=2:x&label=1:1&label=__proto__:1"
    )
    assert state(labelled)["labels"] == {"1": 1}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--out", "page.txt"], "--out must be a file whose name ends in .html"),
        (["--samples", "3"], "--samples must be"),
        (["--run", "nowhere", "--out", "x.html"], "nowhere"),
        (["--run", "nowhere", "--without-labels"], "--without-labels must be left out with a run"),
        (["--out", "there.html"], "there.html"),
    ],
)
def test_a_wrong_argument_is_one_line(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.html").write_text("kept")
    with pytest.raises(SystemExit) as stopped:
        command_line.run(Page, build.page, "x", arguments=arguments)
    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert said.count("\n") == 1, said
    assert words in said
    assert (tmp_path / "there.html").read_text() == "kept"


def test_the_command_writes_a_page_with_measured_sliders(tmp_path, monkeypatch, capsys):
    """With a classifier that sees how bright the upper and the lower half are."""

    class Classifier:
        def __init__(self):
            self.factors = {"upper_half": ("dark", "bright"), "lower_half": ("dark", "bright")}

        def predict(self, images):
            upper = images[:, :32].mean(axis=(1, 2, 3))
            lower = images[:, 32:].mean(axis=(1, 2, 3))
            return {
                "upper_half": (upper > 128).astype(int),
                "lower_half": (lower > 150).astype(int),
            }

    monkeypatch.setattr(build.factor_classifier, "train_classifier", lambda size: Classifier())
    out = tmp_path / "faces.html"
    build.page(Page(out=out, samples=500, without_labels=True))
    assert "the package's generator without labels" in capsys.readouterr().out
    data = json.loads(re.search(r'id="data">(.*?)</script>', out.read_text(encoding="utf-8"))[1])
    assert {one["group"] for one in data["sliders"]} <= {"upper half", "lower half"}
    assert all(one["measured"].startswith("at 3, ") for one in data["sliders"])
    assert data["latentDim"] == pretrained.load()[1]["latent_dim"]


@pytest.mark.parametrize("without_labels", [False, True])
def test_the_page_has_the_packages_generator_that_is_asked_for(
    tmp_path, monkeypatch, without_labels
):
    """With labels it has buttons."""
    monkeypatch.setattr(build, "find_sliders", lambda *_: [])
    out = tmp_path / "faces.html"
    build.page(Page(out=out, without_labels=without_labels))
    data = json.loads(re.search(r'id="data">(.*?)</script>', out.read_text(encoding="utf-8"))[1])
    if without_labels:
        assert data["labels"] is None
    else:
        known = pretrained.load(pretrained.FILE_WITH_LABELS).labels
        names = [one["name"] for one in data["labels"]["factors"]]
        assert names == list(known.factors)
