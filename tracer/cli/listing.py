"""`tracer list`: what there is to open; and the names that a shell completes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tracer.cli.naming import runs_in
from tracer.cli.terminal import choose_lang, plain, say
from tracer.errors import TracerError
from tracer.lessons.content import Catalogue, DataSet, aliases, catalogue, content_root
from tracer.lessons.documents.course import Page
from tracer.lessons.lesson import Lesson
from tracer.text import Text


def show(*, as_json: bool, lang: str | None) -> int:
    """Print the catalogue. What of it cannot be read is told on stderr; exit 1 then."""
    found = catalogue()
    if as_json:
        print(json.dumps(as_data(found), ensure_ascii=False, indent=1))
    else:
        _print(found, choose_lang(lang))
    for problem in found.problems:
        say(str(problem))
    return 1 if found.problems else 0


def as_data(found: Catalogue) -> dict[str, list[dict[str, Any]]]:
    """The documented shape of `tracer list --json`."""
    return {
        "lessons": [
            {
                **_named("lesson", lesson.name, lesson.title, lesson.program),
                "group": group.name,
                "section": lesson.section,
                "minutes": lesson.minutes,
            }
            for group in found.groups
            for lesson in group.lessons
        ],
        "models": [_named("model", model.name, model.title, model.program) for model in found.models],
        "data": [{**_named("data", data.name, data.title, data.path), "holds": data.holds} for data in found.data],
        "documents": [
            {**_named("document", page.name, page.title, page.path), "group": group.name}
            for group in found.groups
            for page in group.pages
        ],
        "experiments": [
            {
                **_named("experiment", one.alias, one.title, one.file),
                "question": one.question.en,
                "question_ja": one.question.ja,
                "variants": [variant.name for variant in one.variants],
                "steps": one.steps,
                "seconds": one.seconds,
            }
            for one in found.experiments
        ],
    }


def _named(kind: str, name: str, title: Text, path: Path) -> dict[str, Any]:
    return {"name": name, "kind": kind, "title": title.en, "title_ja": title.ja, "path": str(path)}


def _print(found: Catalogue, lang: Any) -> None:
    words = _WORDS
    for group in found.groups:
        print(plain(group.title[lang]))
        for lesson in group.lessons:
            section = f"{lesson.section}  " if lesson.section else ""
            print(plain(f"  {lesson.name:<40} {section}{lesson.title[lang]}"))
        for page in group.pages:
            print(plain(f"  {page.name:<40} {page.title[lang]}"))
        print()
    more: list[tuple[Text, tuple[Lesson | DataSet, ...]]] = [
        (words["models"], found.models),
        (words["data"], found.data),
    ]
    for heading, things in more:
        if things:
            print(heading[lang])
            for thing in things:
                print(plain(f"  {thing.name:<40} {thing.title[lang]}"))
            print()
    if found.experiments:
        print(words["experiments"][lang])
        for one in found.experiments:
            print(plain(f"  {one.alias:<40} {one.title[lang]}"))
        print()
    print(words["how"][lang])


_WORDS = {
    "models": Text("Models", "モデル"),
    "data": Text("Data sets", "データセット"),
    "experiments": Text("Experiments (tracer experiment NAME)", "実験（tracer experiment 名前）"),
    "how": Text(
        en="tracer open NAME opens one; its section (6.3) or the last part of its name is enough.",
        ja="tracer open 名前 で開きます。節番号（6.3）や名前の最後の部分だけでもかまいません。",
    ),
}

RUNS = Path("runs")
"""Where runs are kept unless the user says."""
ENDINGS = (".py", ".trace", ".md", ".ipynb")


def completions(incomplete: str) -> list[str]:
    """What THING may become: names of lessons and models, and files here. Never fails: it runs at every Tab."""
    try:
        found = catalogue()
    except TracerError:
        return []
    things: list[Lesson | Page] = [*found.lessons, *found.pages, *found.models]
    names = [alias for one in things for alias in aliases(one)]
    return _beginning(incomplete, names, ENDINGS)


def training_completions(incomplete: str, ending: str) -> list[str]:
    """What MODEL (`.py`) or `--data` (`.csv`) of `tracer train` may become. Never fails either."""
    from tracer.train.data import MADE_HERE

    try:
        root = content_root()
        if ending == ".csv":
            texts = [one.stem for one in sorted((root / "samples" / "data").glob("*.txt"))]
            return _beginning(incomplete, [*MADE_HERE, *texts], (ending, ".txt"))
        programs = sorted((root / "models").glob("*.py"))
        models = [one.stem for one in programs if "\ndef training(" in one.read_text(encoding="utf-8")]
    except (TracerError, OSError):
        models = []
    return _beginning(incomplete, models, (ending,))


def setting_completions(model: str, incomplete: str) -> list[str]:
    """What a setting of `tracer train MODEL` may become: `n_layer=`. Never fails either."""
    from tracer.cli.asked import BOTH, find_program
    from tracer.cli.settings import settings_offered

    try:
        offered = settings_offered(find_program(model)[0]) or {}
    except TracerError:
        return []
    return [f"{name}=" for name in offered if name not in BOTH and name.startswith(incomplete)]


def run_completions(incomplete: str) -> list[str]:
    """What RUN may become: runs kept where they usually are, and folders here. Never fails either."""
    kept = list(map(str, runs_in(str(RUNS))))
    return [word for word in _beginning(incomplete, kept, ()) if word not in (f"{RUNS}/", *(f"{one}/" for one in kept))]


def experiment_completions(incomplete: str) -> list[str]:
    """What `tracer experiment` may take. Never fails either."""
    try:
        names = [one.alias for one in catalogue().experiments]
    except TracerError:
        names = []
    return _beginning(incomplete, names, (".toml",))


def _beginning(incomplete: str, names: list[str], endings: tuple[str, ...]) -> list[str]:
    """Those names, and files and folders here, that begin so."""
    folder = Path(incomplete).parent if "/" in incomplete else Path()
    files = []
    try:
        for one in sorted(folder.iterdir()):
            if one.suffix in endings or (one.is_dir() and not one.name.startswith(".")):
                files.append(f"{one}/" if one.is_dir() else str(one))
    except OSError:
        pass
    return [word for word in dict.fromkeys([*names, *files]) if word.startswith(incomplete)]
