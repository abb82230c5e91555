"""Labels of data sets: from a table, from folders, from drawn faces; and what may be asked for."""

import os
import re

import numpy as np
import pytest

from dcgan.data import labelling, labels, labels_csv, labels_drawn, labels_folders
from dcgan.data.batches import face_batches
from dcgan.drawn import drawn_faces

NAMES = ["a/1.png", "a/2.png", "b/1.png", "b/3.png"]


def refuses(words):
    return pytest.raises(ValueError, match=re.escape(words))


def table(folder, text, encoding="utf-8"):
    path = folder / "labels.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return labels_csv.load(path, NAMES)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("file,hair\na/1.png,blue\nb/3.png,red\n", "utf-8"),
        ("file,hair\na/1.png,blue\nb/3.png,red\n", "utf-8-sig"),
        ("file;hair\r\na\\1.png;blue\r\n3.png;red\r\n", "utf-8"),
        ("file\thair\rdata/a/1.png\tblue\r./b/3.png\tred\r", "utf-16"),
        ('"file","hair"\n"a/1.png"," blue "\n\n"3.png","red"\n', "utf-8"),
    ],
)
def test_a_table_is_read_however_it_was_saved(tmp_path, text, encoding):
    found = table(tmp_path, text, encoding)
    assert found.labels.factors == {"hair": ("blue", "red")}
    assert found.rows.tolist() == [[0], [-1], [-1], [1]]
    assert found.kept.tolist() == [0, 3]
    assert "2 pictures without a row left out" in found.summary()
    assert "Rare, fewer than 10 pictures: hair=blue (1)" in found.summary()


def test_commas_in_a_quoted_name_do_not_separate(tmp_path):
    found = table(tmp_path, 'file;"hair, or fur, if any"\na/1.png;blue\n3.png;"red, dark"\n')
    assert found.labels.factors == {"hair, or fur, if any": ("blue", "red, dark")}


def test_odd_rows_are_told_and_cost_nothing(tmp_path):
    text = "file,hair\na/1.png,blue\n2.png,\n3.png,red\nx.png,red\n3.png,red\n"
    found = table(tmp_path, text)
    assert found.rows.tolist() == [[0], [-1], [-1], [1]]
    for words in (
        "1 picture left out for an empty value (the first in line 3)",
        "1 row of files that are no pictures of the data (the first, line 5: x.png)",
        "1 row repeated",
    ):
        assert words in found.summary()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("file,hair\n1.png,blue\n", "got 1.png, which is a/1.png and b/1.png"),
        ("file,hair\nx/a/1.png,blue\n", "the factor 'hair' must be of at least two"),
        ("file,hair\na/1.png,blue\na/1.png,red\n", "got blue in line 2 and red"),
        ("file,hair\na/1.png,blue\n3.png,blue\n", "the factor 'hair' must be of at least two"),
        ("file,hair\na/1.png,blue,x\n", "must be 2 fields, as the first line has, got 3"),
        ('file,hair\na/1.png,"red', "must be a line of a CSV file"),
        (b"file,hair\na/1.png,bl\xfce\n", "got the byte 0xfc in line 2. Save the file as UTF-8."),
        ("hair,file\n", "must be one such as file,hair,glasses"),
        ("", "must be a table with at least one row"),
        ("file,hair,hair\n1,2,3", "must be each column once, got hair twice"),
        ("file,a=b\n1,2", "must be a name without = for each column"),
        ("file,hair\nq.png,blue\n", "of which none does; the first: q.png"),
        (b"file,hair\na/1.png,b\0lue\n", "a file with zero bytes"),
    ],
)
def test_what_is_no_table_is_told_in_one_line(tmp_path, text, words):
    with refuses(words):
        table(tmp_path, text)


def test_a_factor_of_more_than_1000_values_is_refused(tmp_path):
    path = tmp_path / "labels.csv"
    names = [f"{i}.png" for i in range(1001)]
    path.write_text("file,n\n" + "".join(f"{name},{name}\n" for name in names))
    with refuses("the factor 'n' must be of at most 1,000 values, got 1,001"):
        labels_csv.load(path, names)


@pytest.mark.parametrize(
    "names",
    [
        ["blonde/1.png", "red/2.png"],
        ["data/blonde/1.png", "data/red/2.png"],
        ["x.zip/blonde/1.png", "x.zip/red/deep/2.png"],
        ["blonde.zip/1.png", "red.tar.gz/1.png"],
        ["a.zip/blonde/1.png", "b.zip/red/2.png"],
    ],
)
def test_folders_are_classes_at_any_depth_and_in_archives(names):
    found = labels_folders.load(names)
    assert found.labels.factors == {"class": ("blonde", "red")}
    assert found.rows.tolist() == [[0], [1]]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["blonde/1.png", "blonde/2.png"], "pictures in two class folders or more"),
        (["1.png", "2.png"], "pictures in two class folders or more"),
        (["b/1.png", "c.png", "r/1.png"], "1 picture beside them, the first c.png"),
    ],
)
def test_pictures_without_classes_are_refused(names, words):
    with refuses(words):
        labels_folders.load(names)


def test_a_class_has_a_name_that_can_be_typed_and_saved(tmp_path):
    """A folder may end with a space, hold a line break, or be named in an old encoding."""
    folders = ("blonde ", "light\nbrown", os.fsdecode(b"caf\xe9"))
    found = labels_folders.load([f"{folder}/{i}.png" for folder in folders for i in range(2)])
    assert found.labels.factors == {"class": ("blonde", "caf\\udce9", "light brown")}
    labels.write(tmp_path, found.labels)
    known = labels.read(tmp_path)
    for text in ("blonde ", "light brown", "caf\\udce9"):
        assert known.asked([f"class={text}"]) == {"class": text.strip()}
    assert "\n" not in found.summary()


def test_a_picture_is_found_without_a_walk_over_all(tmp_path, monkeypatch):
    """A folder for each picture, and the same file name in each: the paths are looked at once."""
    walked = []
    endings = labels_csv._endings
    monkeypatch.setattr(labels_csv, "_endings", lambda path: walked.append(path) or endings(path))
    names = [f"{i}/face.png" for i in range(300)]
    hair = ["red" if i % 3 else "blue" for i in range(300)]
    for below in ("", "data/"):  # found by its path, and by a longer one
        walked.clear()
        lines = [f"{below}{i}/face.png,{colour}\n" for i, colour in enumerate(hair)]
        (tmp_path / "labels.csv").write_text("file,hair\n" + "".join(lines))
        found = labels_csv.load(tmp_path / "labels.csv", names)
        np.testing.assert_array_equal(found.rows[:, 0], np.arange(300) % 3 != 0)
        assert len(walked) <= 600


def test_drawn_labels_are_the_factors():
    values = drawn_faces.factors(range(500))
    rows = labels_drawn.rows(("hair", "glasses"), values)
    np.testing.assert_array_equal(rows[:, 0], values["hair_colour"])
    worn = drawn_faces.FACTORS["ornament"].index("glasses")
    np.testing.assert_array_equal(rows[:, 1], values["ornament"] == worn)
    with refuses("Did you mean eyes"):
        labels_drawn.names_of("hair,eye")
    with refuses("each factor once"):
        labels_drawn.names_of("hair,hair_colour")


def made():
    rows = labels_drawn.rows(("hair", "glasses"), drawn_faces.factors(range(500)))
    return labels.labelled("drawn", labels_drawn.factors_of(("hair", "glasses")), rows)


def test_a_set_is_the_same_after_a_file(tmp_path):
    known = made().labels
    labels.write(tmp_path, known)
    again = labels.read(tmp_path)
    assert again.factors == known.factors
    np.testing.assert_array_equal(again.rows, known.rows)
    np.testing.assert_array_equal(again.counts, known.counts)
    (tmp_path / labels.FILE).write_text("{}")
    with refuses("labels.json cannot be read"):
        labels.read(tmp_path)


def test_asking_knows_names_and_the_nearest_ones():
    known = made().labels
    assert known.asked(["hair=Blue", "glasses=yes"]) == {"hair": "blue", "glasses": "yes"}
    for texts, words in (
        (["hair=bleu"], "Did you mean blue?"),
        (["hairs=blue"], "Did you mean hair?"),
        (["blue"], "must be FACTOR=VALUE, such as hair="),
        (["blue"], "It is a value of hair: --label hair=blue."),
        (["blue=yes"], "It is a value of hair: --label hair=blue."),
        (["hair=red", "hair=blue"], "must be one value of hair, got red and blue"),
    ):
        with refuses(words):
            known.asked(texts)


def test_a_value_of_several_factors_is_shown_with_each_and_none_where_it_is_denied():
    values = {"hair": ("red", "blue"), "eye colour": ("red", "green"), "ornament": ("none", "hat")}
    known = labels.LabelSet.of_rows("csv", values, [[0, 0, 0], [1, 1, 1]])
    words = "It is a value of hair and of eye colour: --label hair=red or --label 'eye colour=red'."
    for text in ("red", "red=yes"):
        with refuses(words):
            known.asked([text])
    for text in ("hat=no", "hat=None"):
        with pytest.raises(ValueError, match="one of the factors") as told:
            known.asked([text])
        assert "It is a value" not in str(told.value)


def test_every_factor_is_named_as_labels_take_it():
    names = labels_drawn.names_of(labels_drawn.every_factor())
    assert len(names) == len(drawn_faces.FACTORS)
    assert names[:4] == ("hair", "style", "fringe", "eyes")
    grey = labels_drawn.names_of(labels_drawn.every_factor("grey"))
    assert labels_drawn.colours_among(grey) == []
    assert set(names) - set(grey) == {"hair", "eyes", "skin", "background"}


def test_a_value_is_found_however_its_letters_and_spaces_are_written():
    """The name of a class folder, copied from a disk that keeps é as e and an accent."""
    rows = np.array([[0], [1]])
    known = labels.LabelSet.of_rows("folders", {"class": ("b\u00e9b\u00e9 a", "x")}, rows)
    for text in ("b\u00e9b\u00e9 a", "be\u0301be\u0301  a", "B\u00c9b\u00e9_a"):
        assert known.asked([f"class={text}"]) == {"class": "b\u00e9b\u00e9 a"}


def test_an_id_keeps_its_other_factors_when_one_is_asked_for():
    known = made().labels
    ids = [f"player {i}" for i in range(200)]
    drawn = known.of_ids(ids, 0)
    np.testing.assert_array_equal(known.of_ids(ids[::-1], 0)[::-1], drawn)
    asked = known.with_asked(drawn, {"hair": "blue"})
    assert set(asked[:, 0]) == {known.factors["hair"].index("blue")}
    np.testing.assert_array_equal(asked[:, 1], drawn[:, 1])


def test_batches_pair_each_face_with_its_label():
    """The faces are flat, and their grey level is their label."""
    values = np.arange(40)
    images = np.tile(values.astype(np.uint8)[:, None, None, None], [1, 8, 8, 3])
    rows = np.arange(3, 40)
    sampler = face_batches(
        images, 8, seed=5, flip=True, rows=rows, labels=values[:, None].astype(np.int32)
    )
    plain = face_batches(images, 8, seed=5, flip=True, rows=rows)
    for index in range(9):
        x, y = sampler(index)
        np.testing.assert_array_equal(np.round(127.5 * (x[:, 0, 0, 0] + 1)), y[:, 0])
        np.testing.assert_array_equal(x, plain(index))


def test_only_labelled_faces_are_learnt_from_and_judged_by(tmp_path):
    found = table(tmp_path, "file,hair\na/1.png,blue\nb/3.png,red\n")
    rows, aside = labelling.divide(4, 0, found)
    assert sorted([*rows, *aside]) == [0, 3]


def test_a_table_is_found_beside_moved_faces_and_a_mistyped_folder_is_no_such_move(tmp_path):
    """A run keeps the whole path of its table; what a user types is a path from where they are."""
    kept = tmp_path / "labels.csv"
    kept.write_text("file,hair\na.png,blue\n", encoding="utf-8")
    gone = tmp_path / "before" / "labels.csv"
    assert labelling.table("labels.csv", tmp_path) == kept
    assert labelling.table(str(gone), tmp_path) == kept
    with pytest.raises(ValueError, match=r"Config: labels must be .*'wrong/labels.csv', which is"):
        labelling.table("wrong/labels.csv", tmp_path)
