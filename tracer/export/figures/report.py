"""A whole run as one report: what was trained, how its gradients read, every panel with what it tells.

Nothing in it depends on when or where it is written: the same run at the same step gives the same bytes.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tracer.errors import ExportError, TracerError
from tracer.export.figures.of_run import Part, panels_of, parts_of, view_of
from tracer.export.figures.sheet import Look
from tracer.panels.data import Data
from tracer.panels.numbers import changes_of, data_of, numbers_of
from tracer.panels.panel import Choice, Panel, RunView
from tracer.text import LANGS, Text, clean
from tracer.train.diagnosis import Reading, diagnose
from tracer.train.report import setting_in_words
from tracer.train.run import Run

Format = Literal["html", "pdf"]
FORMATS: tuple[Format, ...] = ("html", "pdf")
Rows = tuple[tuple[Text, Text], ...]
AS_WORDS = ("samples", "numbers", "diagnosis")
"""Panels that are words: in the report they have places of their own."""


@dataclass(frozen=True, eq=False)
class Section:
    """One panel: what it shows, as often as it shows something."""

    panel: Panel
    parts: tuple[Part, ...]


@dataclass(frozen=True, eq=False)
class Contents:
    """All that a report says."""

    title: Text
    subtitle: Text
    facts: Rows
    settings: Rows
    numbers: Rows
    readings: tuple[Reading, ...]
    sections: tuple[Section, ...]
    samples: Rows
    commands: Rows
    warnings: tuple[Text, ...] = ()


def format_of(path: Path) -> Format:
    """By the file's ending.

    Raises:
        ExportError: it is another one.
    """
    for known in FORMATS:
        if path.suffix[1:].lower() == known:
            return known
    raise ExportError(
        f"{path}: a report is .html or .pdf.",
        hint="For example -o report.html",
        ja=f"{path}: レポートの形式は .html か .pdf です。",
        hint_ja="例: -o report.html",
    )


def contents_of(run: Run, step: int | None = None, choice: Choice | None = None) -> Contents:
    """What a report of a run says at a step, the last one by default.

    Args:
        choice: of which layer, head, position and document.

    Raises:
        NotFoundError: it has not taken this step.
    """
    warnings: list[Text] = []
    try:
        view = view_of(run, step)
    except TracerError as error:
        view = view_of(run, step, observed=False)  # a step it has not taken is refused here as well
        warnings.append(
            _UNSEEN.format(why=Text(clean(error.told("en"), lines=True), clean(error.told("ja"), lines=True)))
        )
    if run.writing:
        warnings.append(_GROWING.format(taken=f"{view.past.steps:,}"))
    if view.past.warning is not None and view.shown == view.past.steps:
        warnings.append(view.past.warning)
    asked = replace(choice or Choice(), grad=False, history=False)
    there = [panel for panel in panels_of(view) if panel.id not in AS_WORDS]
    parts = parts_of(view, asked, there, twins=True, histories=True)
    told = [part for part in parts if isinstance(part.sheet.data, Data)]
    name = clean(run.name)
    return Contents(
        Text.same(name),
        _SUBTITLE.format(program=clean(run.program.shown), step=f"{view.shown:,}", steps=f"{run.steps:,}"),
        facts_of(run, view),
        tuple(
            (Text.same(clean(key)), Text.same(setting_in_words(value)))
            for key, value in view.setup.settings_at(view.shown).items()
        ),
        _words_of("numbers", view)[: len(list(numbers_of(view)))],
        diagnose(view.past, view.shown, view.setup.settings_at(view.shown)),
        tuple(
            Section(panel, mine)
            for panel in there
            if (mine := tuple(part for part in told if part.sheet.panel is panel))
        ),
        _words_of("samples", view),
        commands_of(run, view),
        tuple(warnings),
    )


def _words_of(id: str, view: RunView) -> Rows:
    """The table of a panel that is words."""
    panel = next((one for one in panels_of(view) if one.id == id), None)
    data = None if panel is None else panel.data(view, Choice())
    return _rows(data) if isinstance(data, Data) else ()


def _rows(data: Data) -> Rows:
    return tuple((_cleaned(name), _cleaned(words)) for name, words in data.table)


def _cleaned(words: Text) -> Text:
    return Text(*(clean(words[lang]) for lang in LANGS))


def facts_of(run: Run, view: RunView) -> Rows:
    """What was trained, on what, by which versions."""
    about = run.about
    words = data_of(run.setup, about.data.name)
    versions = "  ".join(f"{clean(name)} {clean(version)}" for name, version in about.versions.items())
    made_of = "  ".join((f"{run.setup.parameters:,}", *map(clean, (about.engine, about.dtype, about.device))))
    changed = changes_of(run.setup, view.shown)
    return (
        (_NAMES["program"], Text.same(f"{clean(about.program.shown)}  sha256 {clean(about.program.sha256)[:16]}…")),
        (_NAMES["data"], Text(*("  ".join(word[lang] for word in words) for lang in LANGS))),
        (_NAMES["data hash"], Text.same(f"sha256 {clean(about.data.sha256)[:16]}…")),
        (_NAMES["steps"], Text.same(f"{run.taken:,} / {run.steps:,}")),
        (_NAMES["parameters"], Text.same(made_of)),
        (_NAMES["seed"], Text.same(str(about.seed))),
        *(
            ((_NAMES["changes"], Text(*("   ".join(one[lang] for one in changed) for lang in LANGS))),)
            if changed
            else ()
        ),
        (_NAMES["versions"], Text.same(versions)),
        (_NAMES["begun"], Text.same(clean(about.created).replace("T", " ").replace("Z", " UTC"))),
    )


def commands_of(run: Run, view: RunView) -> Rows:
    """The command lines that open it again."""
    folder = shlex.quote(clean(str(run.folder)))
    found = [
        (Text("scrub over its steps", "ステップを行き来する"), f"tracer open {folder}"),
        (Text("its gradients, read", "勾配の診断"), f"tracer diagnose {folder}"),
    ]
    if view.shown:
        found.insert(1, (Text("walk this step", "このステップをたどる"), f"tracer open {folder} --step {view.shown}"))
    if view.setup.symbols and run.checkpoints:
        found.append((Text("let it write", "文を書かせる"), f"tracer sample {folder}"))
    if run.taken < run.steps:
        found.append((Text("go on with it", "続きから訓練する"), f"tracer train --resume {folder}"))
    panel = "attention" if view.setup.symbols else "loss"
    found.append(
        (Text("one of these figures", "図を一つ書き出す"), f"tracer export {folder} --panel {panel} -o {panel}.svg")
    )
    return tuple((words, Text.same(line)) for words, line in found)


def report_bytes(contents: Contents, format: Format, look: Look) -> bytes:
    """The report as a file's contents.

    Raises:
        ExportError: matplotlib is not there.
    """
    if format == "html":
        from tracer.export.figures.page import html

        return html(contents, look).encode("utf-8")
    from tracer.export.figures.pages import pdf

    return pdf(contents, look)


_NAMES = {
    "program": Text("program", "プログラム"),
    "data": Text("data", "データ"),
    "data hash": Text("hash of the data", "データのハッシュ"),
    "steps": Text("steps taken", "ステップ"),
    "parameters": Text("parameters", "パラメータ"),
    "seed": Text("seed", "乱数の種"),
    "changes": Text("settings changed", "途中で変えた設定"),
    "versions": Text("versions", "版"),
    "begun": Text("begun", "開始"),
}
_SUBTITLE = Text("{program}, at step {step} of {steps}", "{program}、{steps} ステップ中 {step} ステップ時点")
_UNSEEN = Text(
    "The step could not be taken once more, so that panels of its numbers are missing: {why}",
    "このステップを計算し直せなかったため、その内部を示すパネルはありません: {why}",
)
_GROWING = Text(
    "This run is being trained now: the report tells of its first {taken} steps.",
    "この訓練は進行中です。最初の {taken} ステップまでの報告です。",
)
