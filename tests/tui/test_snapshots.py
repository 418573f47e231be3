"""What the shell looks like, held still: sizes, languages, colours. Renew with `pytest --snapshot-update`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.tui.shell import remembering, small_content, until_pictured
from tracer.text import LANGS, Lang
from tracer.tui.app import GradientTracer

pytestmark = pytest.mark.usefixtures("small_content")
__all__ = ["small_content"]

SIZES = [(80, 24), (120, 40), (200, 60)]
Compare = Callable[..., bool]


def app_of(lang: Lang | None, **settings: object) -> GradientTracer:
    progress = {"start/01_product": "done", "second/01_graph": "begun"}
    return GradientTracer(remembering(lang, progress=progress, recent=("mine.py",), **settings))


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
def test_gallery(snap_compare: Compare, size: tuple[int, int], lang: Lang) -> None:
    assert snap_compare(app_of(lang), terminal_size=size, run_before=until_pictured)


@pytest.mark.parametrize("theme", ["light", "high-contrast", "colour-blind"])
def test_gallery_in_other_colours(snap_compare: Compare, theme: str) -> None:
    assert snap_compare(app_of("en", theme=theme), terminal_size=(80, 24), run_before=until_pictured)


def test_first_run(snap_compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    assert snap_compare(app_of(None), terminal_size=(80, 24))


def test_small_terminal(snap_compare: Compare) -> None:
    assert snap_compare(app_of("en"), terminal_size=(20, 5))
