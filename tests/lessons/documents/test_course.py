"""A folder of documents and lessons is a course, in the order of names or the one it gives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.lessons.documents.pages import notebook
from tracer.errors import FileFormatError, NotFoundError
from tracer.lessons.content import aliases, catalogue, find_page
from tracer.lessons.documents.course import Page, quick_title, read_course
from tracer.lessons.lesson import Lesson, load
from tracer.text import Text

TOML = """\
title = { en = "T", ja = "題" }
minutes = 1
intro = { en = "a", ja = "b" }
[[stop]]
node = "x"
kind = "forward"
say = { en = "a", ja = "b" }
[card]
result = { en = "a", ja = "b" }
question = { en = "a", ja = "b" }
answer = { en = "a", ja = "b" }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pages, a notebook, a lesson, and what is none of these."""
    course = tmp_path / "my course"
    course.mkdir()
    for name, text in {
        "02_b.md": "words\n\n# Bee\n",
        "01_a.md": "---\ntitle: Ay\n---\n# X\n",
        "01_a.ja.md": "# あ\n",
        "03_n.ipynb": notebook(("markdown", "# Note")),
        "04_l.py": "x = 1\n",
        "04_l.toml": TOML,
        "README.md": "# Read me\n",
        "pyproject.toml": "[project]\n",
        "helper.py": "",
        ".hidden.md": "# no\n",
        "data.csv": "1\n",
    }.items():
        (course / name).write_text(text, encoding="utf-8")
    return course


def names(folder: Path) -> list[str]:
    return [item.name.partition("/")[2] for item in read_course(folder).items]


def test_items_stand_in_the_order_of_their_names(folder: Path) -> None:
    """Pages with their titles in both languages; a README, settings and helpers are no lessons."""
    course = read_course(folder)
    assert (course.name, course.title, course.problems, course.left_out) == (
        "my course", Text.same("my course"), (), (),
    )  # fmt: skip
    assert names(folder) == ["01_a", "02_b", "03_n", "04_l"]
    first, second, third, fourth = course.items
    assert isinstance(first, Page)
    assert (first.name, first.title) == ("my course/01_a", Text("Ay", "あ"))
    assert (first.path_in("en").name, first.path_in("ja").name) == ("01_a.md", "01_a.ja.md")
    assert isinstance(second, Page)
    assert (second.title, second.path_in("ja").name) == (Text.same("Bee"), "02_b.md")
    assert third.title == Text.same("Note")
    assert isinstance(fourth, Lesson)
    assert fourth == load(folder / "04_l.toml")
    assert (course.pages, course.lessons) == ((first, second, third), (fourth,))


def test_a_course_may_give_a_title_and_an_order(folder: Path) -> None:
    """With or without endings; what it does not name is left out, and known to be."""
    (folder / "about.toml").write_text('title = "Mine"\norder = ["04_l", "02_b.md", "README"]\n', encoding="utf-8")
    course = read_course(folder)
    assert course.title == Text.same("Mine")
    assert names(folder) == ["04_l", "02_b", "README"]
    assert course.left_out == ("01_a", "03_n")


MISTAKES = {
    "no such name": (
        'order = ["02_bb", "01_a"]\n',
        "about.toml: 'order' names '02_bb', which is not there. Did you mean",
    ),
    "an unknown key": ('tilte = "x"\n', "about.toml: unknown key 'tilte'. Did you mean 'title'?"),
    "no list": ('order = "01_a"\n', "about.toml: 'order' must be a list of names."),
    "no names": ("order = [1]\n", "about.toml: 'order' must be a list of names."),
    "half a title": ('title.en = "x"\n', "about.toml: title: 'ja' is missing"),
    "no TOML": ("order = [\n", "about.toml: is not TOML"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_it_costs_itself(name: str, folder: Path) -> None:
    text, expected = MISTAKES[name]
    (folder / "about.toml").write_text(text, encoding="utf-8")
    course = read_course(folder)
    assert str(course.problems[0]).startswith(expected)
    assert "01_a" in names(folder)


def test_a_broken_lesson_costs_itself(folder: Path) -> None:
    """And one without its program is told, unless it is a tool's settings."""
    (folder / "04_l.toml").write_text(TOML.replace("minutes", "minuts"), encoding="utf-8")
    (folder / "05_m.toml").write_text(TOML, encoding="utf-8")
    course = read_course(folder)
    assert [str(problem).partition(".toml:")[0] for problem in course.problems] == ["04_l", "05_m"]
    assert names(folder) == ["01_a", "02_b", "03_n"]


def test_two_of_one_name_are_told_apart(folder: Path) -> None:
    """A lesson and a page, by the page's ending."""
    (folder / "04_l.md").write_text("# L\n", encoding="utf-8")
    assert names(folder) == ["01_a", "02_b", "03_n", "04_l", "04_l.md"]


def test_a_japanese_page_alone_is_a_page(tmp_path: Path) -> None:
    (tmp_path / "a.ja.md").write_text("# あ\n", encoding="utf-8")
    (only,) = read_course(tmp_path).items
    assert isinstance(only, Page)
    assert (only.title, only.ja) == (Text.same("あ"), None)


def test_what_is_no_course_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x", encoding="utf-8")
    with pytest.raises(FileFormatError, match="there is no lesson in this folder"):
        read_course(tmp_path)
    with pytest.raises(FileFormatError, match="is not a folder"):
        read_course(tmp_path / "a.txt")
    with pytest.raises(NotFoundError, match="no such folder"):
        read_course(tmp_path / "b")


@pytest.mark.parametrize(
    ("name", "text", "title"),
    [
        ("a.md", "## Two\n\n```\n# code\n```\n# *One* #\n", "One"),
        ("a.md", "````\n```\n# code\n````\n## Two\n", "Two"),
        ("a.md", "#none\n", "a.md"),
        ("a.ipynb", "{", "a.ipynb"),
        ("a.ipynb", notebook("x = 1", title="T"), "T"),
    ],
)
def test_a_title_is_found_without_reading_the_page(name: str, text: str, title: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert quick_title(tmp_path / name) == title
    assert quick_title(tmp_path / "none.md") == "none.md"


# The catalogue


def test_the_shipped_page_is_in_the_catalogue() -> None:
    """And is found by any of its names, in the way lessons are."""
    (only,) = catalogue().pages
    assert (only.name, only.title.en) == ("write-your-own/01_a_page", "A page of your own")
    assert only.title.ja != only.title.en
    for name in (
        *aliases(only),
        "write-your-own",
        "WRITE-YOUR-OWN/01_a_page.md",
        "samples/write-your-own/01_a_page.md",
    ):
        assert find_page(name) == only
    assert find_page("graph") is None


def test_listing_lessons_does_not_wait_for_a_markdown_parser() -> None:
    """Titles are enough for a list."""
    code = "import sys; from tracer.lessons.content import catalogue; catalogue(); print(*sys.modules)"
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"markdown_it", "numpy", "textual"} & set(made.stdout.split())
