"""Lessons, models and data sets are found by name, in order, and never in the current folder."""

from __future__ import annotations

from pathlib import Path

import pytest

import tracer.files as files
import tracer.lessons.content as content
from tracer.errors import LessonError, NotFoundError
from tracer.lessons.content import Catalogue, aliases, catalogue, content_root, find, lesson_beside, read_catalogue

REPOSITORY = Path(__file__).resolve().parents[2]

LESSON = """
title = { en = "One", ja = "一" }
minutes = 1
intro = { en = "Go.", ja = "どうぞ。" }
[[stop]]
node = "x"
kind = "forward"
say = { en = "x", ja = "x です" }
[card]
result = { en = "r", ja = "結果" }
question = { en = "q", ja = "問い" }
answer = { en = "a", ja = "答え" }
"""


def make_root(root: Path, *names: str, **toml: str) -> Path:
    """A content folder with a lesson for each name."""
    for name in names:
        path = root / "samples" / f"{name}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(toml.get(path.stem, LESSON), encoding="utf-8")
        path.with_suffix(".py").write_text("from tracer import Value\nx = Value(1.0)\n", encoding="utf-8")
    (root / "models").mkdir(exist_ok=True)
    return root


# Order


def test_start_here_comes_first_then_the_documents() -> None:
    """Folders stand in reading order, lessons in that of their numbers."""
    groups = [group.name for group in catalogue().groups]
    assert groups == ["start", "06-backpropagation", "microgpt", "misconceptions", "write-your-own"]
    assert [lesson.name for lesson in catalogue().groups[0].lessons] == [
        "start/01_multiply",
        "start/02_used_twice",
        "start/03_two_routes",
    ]
    for group in catalogue().groups:
        assert [lesson.name for lesson in group.lessons] == sorted(lesson.name for lesson in group.lessons)
        assert group.title.en != group.title.ja


def test_start_here_takes_the_minutes_it_promises() -> None:
    """ "5 minutes" is the sum of its lessons."""
    start = catalogue().groups[0]
    assert start.minutes == 5
    assert "5" in start.title.en
    assert "5" in start.title.ja


def test_each_lesson_leads_to_the_next() -> None:
    """From the first lesson one gets through all of them; the last has none after it."""
    everything = catalogue()
    lesson = everything.lessons[0]
    walked = [lesson]
    while (following := everything.after(lesson)) is not None:
        lesson = following
        walked.append(lesson)
    assert walked == list(everything.lessons)


def test_a_lesson_can_name_the_next(tmp_path: Path) -> None:
    """`next` overrides the order."""
    root = make_root(tmp_path, "start/01_a", "start/02_b", "start/03_c", **{"01_a": 'next = "c"\n' + LESSON})
    everything = read_catalogue(root)
    following = everything.after(everything.lessons[0])
    assert following is not None
    assert following.name == "start/03_c"


# Names


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("start/01_multiply", "start/01_multiply"),
        ("03_graph", "06-backpropagation/03_graph"),
        ("6.3", "06-backpropagation/03_graph"),
        ("§6.3", "06-backpropagation/03_graph"),
        ("６．３", "06-backpropagation/03_graph"),
        ("graph", "06-backpropagation/03_graph"),
        ("06-backpropagation/graph", "06-backpropagation/03_graph"),
        ("samples/06-backpropagation/03_graph.py", "06-backpropagation/03_graph"),
        ("Start/01_Multiply.toml", "start/01_multiply"),
        ("start", "start/01_multiply"),
        ("microgpt", "microgpt/01_recipe"),
        ("microgpt/3.3", "microgpt/06_order"),
        ("3.3", "microgpt/06_order"),
        ("3.4", "microgpt/09_add_up"),
        ("6.5.2", "06-backpropagation/07_relu"),
        ("9", "microgpt/29_try_it"),
        ("mlp", "models/mlp"),
        ("models/mlp.py", "models/mlp"),
    ],
)
def test_names(name: str, found: str) -> None:
    """Full names, file names, slugs, sections and folders all lead to a lesson."""
    assert find(name).name == found


def test_every_lesson_answers_to_its_full_name() -> None:
    """No short name hides a full one."""
    for lesson in (*catalogue().lessons, *catalogue().models):
        assert find(lesson.name) is lesson
        assert aliases(lesson)[0] == lesson.name


@pytest.mark.parametrize(("name", "near"), [("03_grahp", "03_graph"), ("6.33", "6.3"), ("mpl", "mlp")])
def test_unknown_name_offers_the_nearest(name: str, near: str) -> None:
    """A typing mistake costs one look at the message."""
    with pytest.raises(NotFoundError, match="there is no lesson or model called") as caught:
        find(name)
    assert near in str(caught.value)


def test_name_like_nothing_points_to_the_list() -> None:
    """Where nothing is near, the message says how to see what there is."""
    with pytest.raises(NotFoundError, match="tracer list"):
        find("zzzzzzzz")


# Where


def test_in_a_checkout_content_stands_at_the_top() -> None:
    """People read and copy it there."""
    assert content_root() == REPOSITORY


def test_in_a_wheel_content_is_inside_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`tracer/_content` wins wherever the package lies."""
    package = tmp_path / "site-packages" / "tracer"
    make_root(package / "_content", "start/01_a")
    make_root(tmp_path / "site-packages", "start/01_hostile")
    monkeypatch.setattr(files, "__file__", str(package / "files.py"))
    assert content_root() == package / "_content"


def test_missing_content_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken installation is one line, not an empty gallery."""
    monkeypatch.setattr(files, "__file__", str(tmp_path / "tracer" / "files.py"))
    with pytest.raises(NotFoundError, match="lessons are missing"):
        content_root()


def test_samples_in_the_current_folder_are_not_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hostile `samples/` and `models/` where the program is started change nothing."""
    make_root(tmp_path, "start/01_multiply", "start/00_hostile")
    (tmp_path / "models" / "mlp.py").write_text("raise SystemExit('run')")
    monkeypatch.chdir(tmp_path)
    assert content_root() == REPOSITORY
    assert find("01_multiply").program == REPOSITORY / "samples" / "start" / "01_multiply.py"
    with pytest.raises(NotFoundError):
        find("00_hostile")


def test_lesson_beside_a_program(tmp_path: Path) -> None:
    """A program given by path brings its lesson along, wherever it lies; any other program has none."""
    root = make_root(tmp_path, "start/01_a")
    beside = lesson_beside(root / "samples" / "start" / "01_a.py")
    assert beside is not None
    assert beside.title.ja == "一"
    assert lesson_beside(REPOSITORY / "tests" / "lessons" / "test_content.py") is None
    assert lesson_beside(root / "samples" / "start" / "01_a.toml") is None


# What is broken


@pytest.fixture
def broken(tmp_path: Path) -> Catalogue:
    root = make_root(tmp_path, "start/01_a", "start/02_b", **{"02_b": LESSON.replace("[card]", "[crd]")})
    (root / "samples" / "start" / "about.toml").write_text("title = 3")
    (root / "samples" / "data").mkdir()
    (root / "samples" / "data" / "about.toml").write_text(
        '[[data]]\nfile = "none.csv"\ntitle = { en = "n", ja = "無" }', encoding="utf-8"
    )
    return read_catalogue(root)


def test_one_broken_lesson_leaves_the_rest(broken: Catalogue) -> None:
    """The gallery still opens, and says in a line each what it could not read."""
    assert [lesson.name for lesson in broken.lessons] == ["start/01_a"]
    assert broken.groups[0].title.en == "start"
    assert sorted(str(problem) for problem in broken.problems) == [
        "02_b.toml: unknown key 'crd'. Did you mean 'card'?",
        "about.toml: 'title' must be a table with en and ja, not 3.",
        "about.toml: data 1: 'file' names none.csv, which is not there.",
    ]


def test_asking_for_a_broken_lesson_says_what_is_wrong(broken: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not "unknown": it is there, and this is its mistake."""
    monkeypatch.setattr(content, "catalogue", lambda: broken)
    for name in ("02_b", "start/02_b", "start/02_b.toml"):
        with pytest.raises(LessonError, match="'crd'"):
            find(name)


def test_data_sets_are_listed() -> None:
    """Each has a name, a file and a title in both languages."""
    found = catalogue().data
    points, text = ("xor", "moons", "spirals"), ("names", "places")
    assert [(one.name, one.path.name) for one in found if one.holds == "points"] == [(n, f"{n}.csv") for n in points]
    assert [(one.name, one.path.name) for one in found if one.holds == "text"] == [(n, f"{n}.txt") for n in text]
    assert all(one.title.en != one.title.ja for one in found)
