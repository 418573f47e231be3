"""A report as one HTML page: figures are inside it, nothing is fetched, nothing runs, all words are escaped."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from html import escape

from tracer.export.figures.draw import picture
from tracer.export.figures.report import Contents, Rows, Section
from tracer.export.figures.sheet import Look
from tracer.text import Lang, Text
from tracer.train.diagnosis import Reading

STYLE = """
body { font: 16px/1.55 Georgia, "Hiragino Mincho ProN", "Noto Serif CJK JP", serif; color: #1b1f24; background: #fff;
  max-width: 62rem; margin: 2rem auto; padding: 0 1.2rem; }
h1 { margin-bottom: 0; } h2 { margin: 2.4rem 0 .4rem; border-top: 1px solid #d0d4da; padding-top: .8rem; }
.sub, figcaption, th { color: #5c6570; } th { font-weight: normal; text-align: left; vertical-align: top;
  padding-right: 1.2rem; white-space: nowrap; } td { overflow-wrap: anywhere; }
code { font: .9em/1.4 ui-monospace, Menlo, Consolas, monospace; background: #f5f6f8; padding: .1em .35em; }
figure { margin: 1rem 0; break-inside: avoid; } img { max-width: 100%; height: auto; }
nav a { margin-right: 1rem; color: #0a55b3; } .warns { color: #b3141d; } .fine { color: #176b2c; }
.warning { border-left: 4px solid #b3141d; padding-left: .8rem; } p { max-width: 46rem; }
@media print { body { margin: 0; } nav { display: none; } }
"""
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""What a browser is told to allow: the pictures inside, and nothing from anywhere."""


def html(contents: Contents, look: Look) -> str:
    """The page."""
    lang = look.lang
    return "\n".join(
        [
            "<!DOCTYPE html>",
            f'<html lang="{lang}"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{_said(contents.title, lang)}</title><style>{STYLE}</style></head><body>",
            *_parts(contents, look),
            "</body></html>",
            "",
        ]
    )


def _parts(contents: Contents, look: Look) -> Iterator[str]:
    lang = look.lang
    yield f'<h1>{_said(contents.title, lang)}</h1><p class="sub">{_said(contents.subtitle, lang)}</p>'
    yield from (f'<p class="warning">{_said(words, lang)}</p>' for words in contents.warnings)
    links = [("run", HEADINGS["run"]), ("reading", HEADINGS["reading"])]
    links += [(one.panel.id, one.panel.title) for one in contents.sections]
    yield "<nav>" + " ".join(f'<a href="#{id}">{_said(words, lang)}</a>' for id, words in links) + "</nav>"
    yield _heading("run", HEADINGS["run"], lang) + _table(contents.facts, lang)
    yield f"<h3>{HEADINGS['numbers'][lang]}</h3>" + _table(contents.numbers, lang)
    yield f"<h3>{HEADINGS['settings'][lang]}</h3>" + _table(contents.settings, lang)
    yield _heading("reading", HEADINGS["reading"], lang)
    yield from _readings(contents, lang)
    for section in contents.sections:
        yield from _section(section, look)
    if contents.samples:
        yield _heading("samples", HEADINGS["samples"], lang) + _table(contents.samples, lang)
    yield _heading("commands", HEADINGS["commands"], lang) + _table(contents.commands, lang, code=True)


def sign_of(reading: Reading) -> str:
    """✗ where something is wrong, ✓ where all is well; · of what is only to be known, as `tracer diagnose` has it."""
    return "✗" if reading.warns else "✓" if reading.kind in ("balanced", "converging") else "·"


def _readings(contents: Contents, lang: Lang) -> Iterator[str]:
    if not contents.readings:
        yield f"<p>{NOTHING_READ[lang]}</p>"
    for one in contents.readings:
        sign = sign_of(one)
        kind = {"✗": "warns", "✓": "fine"}.get(sign, "")
        said = f'<p><strong class="{kind}">{sign}</strong> <strong>{_said(one.says, lang)}</strong>'
        evidence = _said(one.evidence, lang) + AT_STEP[lang].format(step=f"{one.step:,}")
        advice = f"<br>{_said(one.advice, lang)}" if one.advice[lang] else ""
        yield f"{said}<br>{evidence}{advice}</p>"


def _section(section: Section, look: Look) -> Iterator[str]:
    lang, panel = look.lang, section.panel
    yield _heading(panel.id, panel.title, lang)
    told: set[str] = set()
    for part in section.parts:
        about = part.sheet.about[lang]
        if about not in told:
            told.add(about)
            yield f"<p>{escape(about)}</p>"
        drawn = base64.b64encode(picture(part.sheet, "svg", look)).decode("ascii")
        words = f"{part.sheet.heading[lang]}. {part.sheet.words(lang)}"
        yield f'<figure><img alt="{escape(words)}" src="data:image/svg+xml;base64,{drawn}"></figure>'


def _heading(id: str, words: Text, lang: Lang) -> str:
    return f'<h2 id="{id}">{_said(words, lang)}</h2>'


def _table(rows: Rows, lang: Lang, *, code: bool = False) -> str:
    opening, closing = ("<code>", "</code>") if code else ("", "")
    lines = [
        f"<tr><th>{_said(name, lang)}</th><td>{opening}{_said(words, lang)}{closing}</td></tr>" for name, words in rows
    ]
    return "<table>" + "".join(lines) + "</table>"


def _said(words: Text, lang: Lang) -> str:
    return escape(words[lang]).replace("\n", "<br>")


HEADINGS = {
    "run": Text("What was trained", "何を訓練したか"),
    "numbers": Text("Numbers", "数値"),
    "settings": Text("Settings", "設定"),
    "reading": Text("How its gradients read", "勾配の診断"),
    "samples": Text("What it writes", "生成例"),
    "commands": Text("To open it again", "もう一度開くには"),
}
NOTHING_READ = Text("Too few steps to read anything.", "ステップが少なく、まだ何も言えません。")
AT_STEP = Text(" (step {step})", "（ステップ {step}）")
