"""A settings file never stops the app, and two apps do not lose each other's progress."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.tui.settings import RECENT_KEPT, Settings, SettingsFile, settings_path

FULL = Settings("ja", "light", {"start/01_multiply": "done", "start/02_used_twice": "begun"}, ("a.py", "(x + 1) x=2.0"))


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "settings.json"
    SettingsFile(path).change(lambda _: FULL)
    assert SettingsFile(path).now == FULL


def test_no_file_means_the_first_run(tmp_path: Path) -> None:
    assert SettingsFile(tmp_path / "settings.json").now == Settings()


@pytest.mark.parametrize(
    "broken",
    [b"", b"{", b"[]", b"null", b'"words"', b"\xff\xfe\x00", b"[" * 100_000, b'{"lang": "ja"', b"NaN", b"0" * 5000],
    ids=["empty", "cut", "list", "null", "string", "not UTF-8", "deep", "truncated", "NaN", "digits"],
)
def test_a_broken_file_starts_afresh_and_is_kept_aside(tmp_path: Path, broken: bytes) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(broken)
    settings = SettingsFile(path)
    assert settings.now == Settings()
    settings.change(lambda now: replace(now, lang="ja"))
    assert settings.problem is None
    assert SettingsFile(path).now.lang == "ja"
    assert (tmp_path / "settings.broken.json").read_bytes() == broken


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=8,
)
keys = st.sampled_from(["version", "lang", "theme", "progress", "recent"])


@given(found=st.dictionaries(keys, json_values))
def test_any_json_object_gives_settings(tmp_path_factory: pytest.TempPathFactory, found: dict[str, object]) -> None:
    """A wrong field costs that field; whatever is left can be written and read back."""
    path = tmp_path_factory.mktemp("settings") / "settings.json"
    path.write_text(json.dumps(found))
    settings = SettingsFile(path)
    assert settings.now.lang in (None, "en", "ja")
    written = settings.change(lambda now: now.finished("lesson"))
    assert settings.problem is None
    assert SettingsFile(path).now == written


def test_one_wrong_field_costs_that_field_only(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(
        '{"lang": "fr", "theme": 3, "progress": {"a": "done", "b": 7}, "recent": ["x.py", null, "\\u001b[2J"]}'
    )
    assert SettingsFile(path).now == Settings(None, "dark", {"a": "done"}, ("x.py",))


def test_a_folder_that_cannot_be_written_costs_only_the_memory(tmp_path: Path) -> None:
    """Also as root, whom permissions do not stop: the folder's place is taken by a file."""
    (tmp_path / "taken").write_text("a file")
    settings = SettingsFile(tmp_path / "taken" / "settings.json")
    assert settings.change(lambda now: now.finished("a")).progress == {"a": "done"}
    assert settings.problem is not None
    assert "taken" in settings.problem.en
    assert "taken" in settings.problem.ja
    assert settings.change(lambda now: now.finished("b")).progress == {"a": "done", "b": "done"}


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_costs_only_the_memory(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    settings = SettingsFile(tmp_path / "settings.json")
    assert settings.change(lambda now: now.finished("a")).progress == {"a": "done"}
    assert settings.problem is not None


def test_a_folder_in_the_file_s_place_costs_only_the_memory(tmp_path: Path) -> None:
    (tmp_path / "settings.json").mkdir()
    settings = SettingsFile(tmp_path / "settings.json")
    assert settings.change(lambda now: now.opened("a.py")).recent == ("a.py",)
    assert settings.problem is not None


def test_nothing_but_the_file_is_left_behind(tmp_path: Path) -> None:
    settings = SettingsFile(tmp_path / "settings.json")
    for name in "abc":
        settings.change(lambda now, name=name: now.opened(name))
    assert [path.name for path in tmp_path.iterdir()] == ["settings.json"]


def test_two_apps_keep_each_other_s_progress(tmp_path: Path) -> None:
    one, other = SettingsFile(tmp_path / "settings.json"), SettingsFile(tmp_path / "settings.json")
    one.change(lambda now: now.finished("a"))
    other.change(lambda now: now.finished("b"))
    assert SettingsFile(tmp_path / "settings.json").now.progress == {"a": "done", "b": "done"}


def test_a_lesson_that_is_done_stays_done() -> None:
    assert Settings().began("a").finished("a").began("a").progress == {"a": "done"}


def test_recent_things_are_few_newest_first_and_once() -> None:
    settings = Settings()
    for name in [*map(str, range(RECENT_KEPT + 3)), "3"]:
        settings = settings.opened(name)
    assert settings.recent[0] == "3"
    assert len(settings.recent) == RECENT_KEPT == len(set(settings.recent))


def test_the_folder_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRACER_CONFIG_DIR", str(tmp_path))
    assert settings_path() == tmp_path / "settings.json"


def test_settings_in_memory_need_no_disk() -> None:
    settings = SettingsFile(None)
    assert settings.change(lambda now: now.finished("a")).progress == {"a": "done"}
    assert settings.problem is None


def test_a_file_name_that_is_no_unicode_does_not_stop_the_settings(tmp_path: Path) -> None:
    settings = SettingsFile(tmp_path / "settings.json")
    settings.change(lambda now: now.opened(os.fsdecode(b"\xff.py")).finished("a"))
    assert settings.problem is None
    assert SettingsFile(tmp_path / "settings.json").now.progress == {"a": "done"}
