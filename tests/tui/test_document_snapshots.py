"""What playing a document looks like, held still, at three sizes, in both languages.

Renew with `pytest --snapshot-update`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest
from textual.pilot import Pilot

from tests.tui.playing import HereRunner, notes
from tests.tui.shell import remembering, until
from tests.tui.stepping import HUGE, NARROW, WIDE
from tracer.text import LANGS, Lang
from tracer.tui.app import GradientTracer
from tracer.tui.messages import Request
from tracer.tui.screens.document import DocumentScreen

pytestmark = pytest.mark.deep  # driven by keys, which is slow

Compare = Callable[..., bool]
Wanted = Callable[[DocumentScreen], bool]

every_size = pytest.mark.parametrize("size", [NARROW, WIDE, HUGE], ids=lambda size: "x".join(map(str, size)))
both_languages = pytest.mark.parametrize("lang", LANGS)


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracer.tui.session.ChildRunner", HereRunner)
    monkeypatch.setattr("tracer.tui.library.open_with_runner", lambda *_: notes())
    monkeypatch.setattr("tracer.lessons.documents.consent.is_agreed", lambda _: False)


def app_of(lang: Lang, *, theme: str = "dark", run: bool = True, block: int | None = None) -> GradientTracer:
    request = Request("notes.md", block=block, run=run)
    return GradientTracer(remembering(lang, theme=theme), first=request, thing=cast("None", notes()))


def pressed(*keys: str, checked: bool = True) -> Callable[[Pilot[None]], object]:
    """Keys, once everything has run; then the checks are waited for."""

    async def press(pilot: Pilot[None]) -> None:
        screen = next(one for one in pilot.app.screen_stack if isinstance(one, DocumentScreen))
        await until(pilot, lambda: screen.session.run is not None and not screen.session.active)
        await pilot.press(*keys)
        await until(pilot, lambda: bool(screen.view.checks) or not checked)

    return press


@both_languages
@every_size
def test_a_block_is_walked(snap_compare: Compare, size: tuple[int, int], lang: Lang) -> None:
    assert snap_compare(app_of(lang), terminal_size=size, run_before=pressed("end"))


@pytest.mark.parametrize(("size", "lang"), [(NARROW, "en"), (WIDE, "ja"), (HUGE, "en")], ids=["80", "120", "200"])
def test_a_fragment(snap_compare: Compare, size: tuple[int, int], lang: Lang) -> None:
    assert snap_compare(app_of(lang, block=5), terminal_size=size, run_before=pressed(checked=False))


def test_a_layer_in_light_colours(snap_compare: Compare) -> None:
    app = app_of("en", theme="light", block=4)
    assert snap_compare(app, terminal_size=WIDE, run_before=pressed(*["right"] * 6))


@both_languages
def test_the_first_time_it_asks(snap_compare: Compare, lang: Lang) -> None:
    assert snap_compare(app_of(lang, run=False), terminal_size=NARROW)


def test_the_outline(snap_compare: Compare) -> None:
    assert snap_compare(app_of("ja"), terminal_size=NARROW, run_before=pressed("o"))


def test_a_question(snap_compare: Compare) -> None:
    assert snap_compare(app_of("en"), terminal_size=WIDE, run_before=pressed("end", "right", "space"))
