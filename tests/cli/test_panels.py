"""`tracer export RUN --panel` and `tracer report`: what is written, and what is said of what cannot be."""

from __future__ import annotations

import base64
import csv
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.cli.shell import Shell
from tests.export.figures.made import HOSTILE
from tracer.__main__ import main
from tracer.export.figures.report import contents_of
from tracer.train.run import Run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of five steps; tests take a copy."""
    folder = tmp_path_factory.mktemp("made") / "moons-7"
    assert main(["train", "mlp", "--data", "moons", "--seed", "7", "--steps", "5", "--run", str(folder)]) == 0
    return folder


@pytest.fixture
def run(made: Path, shell: Shell) -> str:
    """Its name in the folder that commands run in."""
    shutil.copytree(made, shell.folder / "runs" / "moons-7")
    return "runs/moons-7"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--panel", "los", "-o", "a.svg"], "Did you mean 'loss'?"),
        (["--panel", "loss", "-o", "a.txt"], "Use one of .svg, .png, .pdf, .csv, .json"),
        (["--panel", "loss", "-o", "no/a.svg"], "the folder does not exist"),
        (["--panel", "loss", "-o", "runs.svg"], "it is a folder"),
        (["--panel", "rate", "--twin", "-o", "a.csv"], "rate has no gradient to show"),
        (["--panel", "loss", "--history", "-o", "a.svg"], "over the steps as it is"),
        (["--panel", "loss", "--step", "6", "-o", "a.csv"], "has taken 5 steps"),
        (["--panel", "all", "-o", "a.svg"], "-o a --format svg"),
        (["--layer", "1", "-o", "a.svg"], "--layer: of which panel?"),
    ],
)
def test_what_cannot_be_written_is_one_message(shell: Shell, run: str, words: list[str], says: str) -> None:
    (shell.folder / "runs.svg").mkdir()
    assert says in shell.refused("export", run, *words)


def test_a_panel_that_the_run_has_not_is_told_with_those_it_has(shell: Shell, run: str) -> None:
    said = shell.refused("export", run, "--panel", "samples", "-o", "a.csv")
    assert "this run has no such panel" in said
    assert "It has loss" in said


def test_what_is_no_run_has_no_panels(shell: Shell) -> None:
    assert "is no training run" in shell.refused("export", "x*x", "x=3", "--panel", "loss", "-o", "a.svg")


@pytest.mark.deep
def test_the_losses_of_a_csv_are_those_of_the_log_bit_for_bit(shell: Shell, run: str) -> None:
    assert shell("export", run, "--panel", "loss", "-o", "loss.csv").code == 0
    lines = list(csv.DictReader((shell.folder / "loss.csv").read_text("utf-8").splitlines()))
    reports = Run.open(shell.folder / run).reports
    assert [float(line["each step"]).hex() for line in lines] == [one.loss.hex() for one in reports]


@pytest.mark.deep
def test_all_panels_go_into_a_folder(shell: Shell, run: str) -> None:
    ran = shell("export", run, "--panel", "all", "--twin", "--history", "-o", "out", "--format", "json")
    assert ran.code == 0
    there = {path.stem for path in (shell.folder / "out").iterdir()}
    assert {"loss", "loss-twin", "flow", "flow-twin", "flow-history", "mlp", "numbers"} <= there
    for path in (shell.folder / "out").iterdir():
        assert json.loads(path.read_text("utf-8"))["panel"] == path.stem.split("-")[0]


class Page(HTMLParser):
    """What is in a page: elements with their attributes, and what is said."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.said.append(data)


@pytest.mark.deep
@pytest.mark.parametrize("lang", ["en", "ja"])
def test_a_report_fetches_nothing_runs_nothing_and_is_the_same_each_time(shell: Shell, run: str, lang: str) -> None:
    about = shell.folder / run / "run.json"
    told = json.loads(about.read_text("utf-8"))
    told["program"]["shown"] = told["data"]["name"] = HOSTILE
    told["settings"]["note"] = HOSTILE
    about.write_text(json.dumps(told), "utf-8")
    for name in ("a.html", "b.html"):
        assert shell("report", run, "-o", name, "--lang", lang).code == 0
    text = (shell.folder / "a.html").read_text("utf-8")
    assert text == (shell.folder / "b.html").read_text("utf-8")
    page = Page(text)
    assert not {tag for tag, _ in page.found} & {"script", "iframe", "object", "embed", "link", "base", "form"}
    for tag, attributes in page.found:
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
        assert (attributes.get("href") or "#").startswith("#")
        assert (attributes.get("src") or "data:image/svg+xml;base64,").startswith("data:image/svg+xml;base64,")
    assert "\x1b" not in text
    assert any('<script>alert("1")</script>' in said for said in page.said), "it is said, as words"
    pictures = [attributes["src"] or "" for tag, attributes in page.found if tag == "img"]
    assert len(pictures) > 8
    drawn = base64.b64decode(pictures[0].partition(",")[2]).decode("utf-8")
    assert drawn.startswith("<svg")
    links = re.findall(r'href="([^"]*)"', drawn)
    assert all(one.startswith(("#", "data:image/png")) for one in links)


@pytest.mark.deep
def test_a_report_as_pdf_is_the_same_each_time(shell: Shell, run: str) -> None:
    for name in ("a.pdf", "b.pdf"):
        assert shell("report", run, "-o", name, "--lang", "ja").code == 0
    assert (shell.folder / "a.pdf").read_bytes() == (shell.folder / "b.pdf").read_bytes()


def test_a_report_of_a_step_tells_the_settings_it_was_taken_with_and_nothing_that_came_later(
    shell: Shell, run: str
) -> None:
    about = shell.folder / run / "run.json"
    told = json.loads(about.read_text("utf-8"))
    used = {**told["settings"], "steps": told["steps"]}
    before = {"steps": told["asked"]["steps"], "settings": told["asked"]["settings"]}
    told["resumed"] = [
        {"step": after, "before": {**before, "in_use": {**used, "note": word}}}
        for after, word in ((1, "first"), (3, HOSTILE + "\u202e"))
    ]
    told["settings"]["note"] = "last"
    about.write_text(json.dumps(told), "utf-8")

    def said(step: int) -> tuple[str | None, str]:
        found = contents_of(Run.open(shell.folder / run), step)
        settings = {name.en: words.en for name, words in found.settings}
        assert [name.en for name, _ in found.numbers].count("data") == 0, "what is learned from stands above"
        return settings.get("note"), "".join(words.en for name, words in found.facts if name.en == "settings changed")

    assert said(1) == ("first", "")
    note, changed = said(5)
    assert (note, "from step 2: note first" in changed, "→ last" in changed) == ("last", True, True)
    assert not set(changed) & {"\x1b", "\u202e"}


def test_a_report_is_html_or_pdf(shell: Shell, run: str) -> None:
    assert "a report is .html or .pdf" in shell.refused("report", run, "-o", "a.txt")


@pytest.mark.deep
def test_a_run_of_no_steps_has_a_report_and_says_why_it_has_no_panel(shell: Shell, run: str) -> None:
    (shell.folder / run / "log.jsonl").write_bytes(b"")
    assert shell("report", run, "-o", "a.html").code == 0
    assert "there is nothing to write" in shell.refused("export", run, "--panel", "flow", "-o", "a.csv")


@pytest.mark.deep
def test_a_run_whose_program_is_broken_still_has_its_losses(shell: Shell, run: str) -> None:
    (shell.folder / run / "program.py").write_text("nonsense(", "utf-8")
    ran = shell("report", run, "-o", "a.html")
    assert ran.code == 0
    assert "could not be taken once more" in ran.err
    assert 'id="loss"' in (shell.folder / "a.html").read_text("utf-8")
