"""What the app remembers between runs: language, colours, progress, recent files.

A settings file never stops the app. One that cannot be read is set aside and replaced, one field that is wrong costs
that field only, and a folder that cannot be written costs the memory of this run, said once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from tracer.errors import TracerError
from tracer.files import settings_folder, write_atomic
from tracer.layout.limit import LIMIT
from tracer.text import LANGS, Lang, Text

Progress = Literal["begun", "done"]
"""How far a lesson got. A lesson that is done stays done when it is opened again."""

RECENT_KEPT = 8
MOST = 5000
"""Boxes drawn at most, whatever the settings say."""
_NAME_KEPT = 4096  # a path is no longer than this on any system we run on
_LESSONS_KEPT = 10_000


@dataclass(frozen=True)
class Settings:
    """A moment of the settings. Changing one returns a new one."""

    lang: Lang | None = None
    """None until the first run has asked."""
    theme: str = "dark"
    progress: Mapping[str, Progress] = field(default_factory=dict)
    """By lesson name."""
    recent: tuple[str, ...] = ()
    """Files and expressions opened, the newest first."""
    limit: int = LIMIT
    """Of a large graph, the most boxes that are drawn."""

    def began(self, lesson: str) -> Settings:
        return self if lesson in self.progress else replace(self, progress={**self.progress, lesson: "begun"})

    def finished(self, lesson: str) -> Settings:
        return replace(self, progress={**self.progress, lesson: "done"})

    def opened(self, thing: str) -> Settings:
        """`thing` first among the recent ones, once."""
        others = [other for other in self.recent if other != thing]
        return replace(self, recent=(thing, *others)[:RECENT_KEPT])


class SettingsFile:
    """The settings on disk, and what is known of them in this run.

    Args:
        path: the JSON file; None keeps everything in memory (tests, or nowhere to write).
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.problem: Text | None = None
        """Why nothing is remembered, for the app to show once; None while all is well."""
        self._broken = False
        self.now = self._read() or Settings()

    def change(self, change: Callable[[Settings], Settings]) -> Settings:
        """Apply `change` and write it down; returns the settings from now on.

        The file is read again first, so that two apps running at once do not lose each other's progress.
        """
        if self.path is None or self.problem is not None:  # once unwritable, memory is all there is
            self.now = change(self.now)
            return self.now
        self.now = change(self._read() or self.now)
        try:
            if self._broken:
                self.path.replace(self.path.with_suffix(".broken.json"))  # a hand-edited file is not thrown away
                self._broken = False
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self.path, json.dumps(_to_json(self.now), indent=1).encode())
        except (OSError, TracerError) as error:
            reason = error.message if isinstance(error, TracerError) else f"{self.path}: {error.strerror or error}"
            self.problem = Text(
                en=f"Settings and progress cannot be saved. {reason}", ja=f"設定と進み具合を保存できません。{reason}"
            )
        return self.now

    def _read(self) -> Settings | None:
        """What the file says, or None when there is none or it is not ours."""
        if self.path is None:
            return None
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (
            OSError,
            ValueError,
            RecursionError,
        ) as error:  # 100,000 brackets are a RecursionError, not a ValueError
            self._broken = not isinstance(error, OSError)
            return None
        self._broken = not isinstance(found, dict)
        return None if self._broken else _from_json(found)


def settings_path() -> Path | None:
    """Where the settings are; None if there is no place for them."""
    folder = settings_folder()
    return None if folder is None else folder / "settings.json"


def _to_json(settings: Settings) -> dict[str, object]:
    return {
        "version": 1,
        "lang": settings.lang,
        "theme": settings.theme,
        "progress": dict(settings.progress),
        "recent": list(settings.recent),
        "limit": settings.limit,
    }


def _from_json(found: Mapping[object, object]) -> Settings:
    """The fields of `found` that are what they should be; the others at their default."""
    lang, theme, limit = found.get("lang"), found.get("theme"), found.get("limit")
    progress, recent = found.get("progress"), found.get("recent")
    marks: dict[str, Progress] = {}
    for lesson, mark in list(progress.items())[:_LESSONS_KEPT] if isinstance(progress, dict) else ():
        if isinstance(lesson, str) and mark in ("begun", "done"):
            marks[lesson] = mark
    names = [name for name in recent if _is_name(name)] if isinstance(recent, list) else []
    return Settings(
        lang=next((known for known in LANGS if known == lang), None),
        theme=theme if isinstance(theme, str) else "dark",
        progress=marks,
        recent=tuple(dict.fromkeys(names))[:RECENT_KEPT],
        limit=limit if isinstance(limit, int) and not isinstance(limit, bool) and 0 < limit <= MOST else LIMIT,
    )


def _is_name(found: object) -> bool:
    return isinstance(found, str) and 0 < len(found) <= _NAME_KEPT and found.isprintable()
