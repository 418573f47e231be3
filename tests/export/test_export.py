"""One entry for all pictures: options, sizes, files written whole, and what is said when something is in the way."""

from __future__ import annotations

import errno
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracer.core.record import record
from tracer.core.value import Value
from tracer.errors import ExportError
from tracer.export import export as module
from tracer.export.draw import Page
from tracer.export.export import FORMATS, Options, export, format_of, picture, trace_to_dot
from tracer.export.image import words
from tracer.export.render import layout_of
from tracer.export.style import length_mm
from tracer.scene.notation import Notation
from tracer.trace.cursor import Cursor
from tracer.trace.trace import Trace

PUBLICATION = Options(style="textbook", width="85mm", digits=3, mono=True, caption=False)


def product() -> Trace:
    with record() as rec:
        x = Value(3.0, name="x")
        a, b = (x + 2).named("a"), (x - 1).named("b")
        (a * b).named("y").backward()
    return rec.trace


def cross_entropy() -> Trace:
    """Softmax and cross-entropy of the logits 1, 2, 3 for the second class."""
    with record() as rec:
        z = [Value(float(i), name=f"z{i}") for i in (1, 2, 3)]
        e = [v.exp() for v in z]
        p = (e[1] / (e[0] + e[1] + e[2])).named("p2")
        (-p.log()).named("L").backward()
    return rec.trace


def end(trace: Trace) -> Cursor:
    return trace.cursor(-1)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("options", [Options(), PUBLICATION, Options(notation="textbook", lang="ja")])
def test_every_format_and_style_is_written(tmp_path: Path, format: str, options: Options) -> None:
    path = tmp_path / f"graph.{format}"
    done = export(end(product()), path, options)
    assert done.path.read_bytes() == done.picture.data
    assert os.listdir(tmp_path) == [path.name]
    starts = {"dot": b"digraph", "svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}
    assert done.picture.data.startswith(starts[format])


@pytest.mark.parametrize("notation", ["boxes", "textbook"])
def test_a_step_by_node_is_exported_with_all_its_contributions(notation: Notation) -> None:
    with record() as rec:
        a, b = Value(2.0, name="a"), Value(3.0, name="b")
        ((a * b).named("ab") + a).named("d").backward()
    for by, labels in (("edge", {"1 · 2"}), ("node", {"1 · 3", "1 · 2"})):
        options = Options(by=by, notation=notation, highlight=True)  # type: ignore[arg-type]
        dot = picture(end(rec.trace), "dot", options).data.decode()
        assert {label for label in ("1 · 2", "1 · 3") if label in dot} == labels
        assert dot.count("arrowtail=normal") >= len(labels)


def test_the_publication_preset_is_85_millimetres_wide_in_every_format() -> None:
    cursor = end(product())
    svg = picture(cursor, "svg", PUBLICATION).data.decode()
    assert "<svg xmlns" in svg
    assert ' width="85mm"' in svg
    box = re.search(rb"/MediaBox \[ 0 (\S+) (\S+) ", picture(cursor, "pdf", PUBLICATION).data)
    assert box is not None
    assert float(box[2]) / 72 * 25.4 == pytest.approx(85, abs=0.001)
    png = picture(cursor, "png", PUBLICATION).data
    pixels, per_metre = int.from_bytes(png[16:20], "big"), int.from_bytes(png[41:45], "big")
    assert pixels / per_metre * 1000 == pytest.approx(85, abs=0.05)
    assert 'size="3.3465,' in picture(cursor, "dot", PUBLICATION).data.decode()


def test_type_is_not_enlarged_to_fill_a_width_but_is_made_smaller_to_fit() -> None:
    def sizes(width: str) -> list[float]:
        svg = picture(end(product()), "svg", replace(PUBLICATION, width=width)).data.decode()
        per_unit = length_mm(width) / float(re.search(r'viewBox="0 0 ([\d.]+)', svg)[1])  # type: ignore[index]
        return [float(size) * per_unit / 25.4 * 72 for size in re.findall(r'font-size="([\d.]+)"', svg)]

    assert max(sizes("85mm")) == pytest.approx(max(sizes("200mm")), rel=0.01)
    assert max(sizes("40mm")) < 0.8 * max(sizes("85mm"))


def test_too_small_type_is_said_with_a_width_that_would_do() -> None:
    notes = picture(end(cross_entropy()), "svg", replace(PUBLICATION, width="40mm")).notes
    assert len(notes) == 1
    found = re.search(r"from (\d+) mm", notes[0].en)
    assert found is not None
    assert found[1] in notes[0].ja
    assert picture(end(cross_entropy()), "svg", replace(PUBLICATION, width=f"{found[1]}mm")).notes == ()


def test_names_are_mathematics_in_print_and_as_typed_on_the_screen() -> None:
    cursor = end(cross_entropy())
    printed = picture(cursor, "svg", replace(PUBLICATION, show="symbols")).data.decode()
    assert ">∂L/∂z₁<" in printed
    assert ">z₂<" in printed
    typed = picture(cursor, "svg").data.decode()
    assert ">∂L/∂z1<" in typed


def test_the_known_gradients_of_cross_entropy_are_in_the_picture() -> None:
    svg = picture(end(cross_entropy()), "svg", Options(notation="textbook")).data.decode()
    shown = set(re.findall(r">([-\d.]+)</text>", svg))
    assert {"0.09003", "-0.7553", "0.6652"} <= shown
    three = picture(end(cross_entropy()), "svg", PUBLICATION).data.decode()
    assert {"0.09", "-0.755", "0.665"} <= set(re.findall(r">([-\d.]+)</text>", three))


def test_operands_that_may_not_change_places_keep_their_order() -> None:
    """In e₂ ÷ sum the numerator comes in above; `+` is left to the layout."""
    dot = picture(end(cross_entropy()), "dot", PUBLICATION).data.decode()
    ordered = [line for line in dot.splitlines() if "ordering=in" in line]
    assert len(ordered) == 1
    assert "÷" in ordered[0]
    layout = layout_of(dot)
    names = {thing["_gvid"]: thing["name"] for thing in layout["objects"]}
    division = ordered[0].split()[0]
    into = [names[e["tail"]] for e in layout["edges"] if names[e["head"]] == division]
    height = {thing["name"]: float(thing["pos"].split(",")[1]) for thing in layout["objects"]}
    first, second = sorted(into, key=lambda label: int(label[1:]))
    assert height[first] > height[second]


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_no_number_is_in_a_picture_before_its_time(data: st.DataObject) -> None:
    """At any position, in any style, the numbers of the text are numbers the cursor knows."""
    with record() as rec:
        x = Value(3.0625, name="x")
        y = (x * 1.4375).named("y")
        (y * y).named("z").backward()
    trace = rec.trace
    cursor = trace.cursor(data.draw(st.integers(0, len(trace))))
    options = Options(
        notation=data.draw(st.sampled_from(["boxes", "textbook"])),
        style=data.draw(st.sampled_from(["screen", "textbook"])),
        show=data.draw(st.sampled_from(["both", "values", "gradients", "symbols"])),
        caption=False,
    )
    dot = picture(cursor, "dot", options).data.decode()
    shown = {float(n) for n in re.findall(r"(?<=[> ])-?\d+\.\d+(?=[< ])", re.sub(r'"[^"]*"', '""', dot))}
    known = {1.4375, 1.438}  # the constant stands in its user's formula
    for node in trace.nodes:
        for number in (cursor.data(node), cursor.grad(node)):
            if number is not None:
                known.add(float(f"{number:.4g}"))
    moment = cursor.moment
    for number in (moment.upstream, moment.local, moment.contribution):
        if number is not None:
            known.add(float(f"{number:.4g}"))
    assert shown <= known | {float(f"{trace.contribution(0, d)[2]:.4g}") for d in _delivered(cursor)}


def _delivered(cursor: Cursor) -> list[int]:
    this = cursor.trace.passes[0]
    return list(range(this.delivered_by(cursor.position)))


def test_at_the_end_nothing_is_at_work_unless_asked_for() -> None:
    trace = product()
    assert "2.25" not in picture(end(trace), "dot").data.decode()
    assert "2.25" in picture(end(trace), "dot", Options(highlight=True)).data.decode()
    assert "2.25" in picture(end(trace).step(-1), "dot").data.decode()


def test_the_caption_says_what_and_when_in_the_readers_language() -> None:
    cursor = end(product()).step(-1)
    assert "<I>y</I> = <I>a</I> × <I>b</I> · " in picture(cursor, "dot").data.decode()
    step, steps = cursor.index("edge")
    assert f"step {step} of {steps}" in picture(cursor, "dot").data.decode()
    japanese = picture(cursor, "dot", Options(lang="ja", title="連鎖律")).data.decode()
    assert f"ステップ {step}/{steps}" in japanese
    assert "連鎖律" in japanese
    assert "label=<<TABLE" not in picture(cursor, "dot", Options(caption=False)).data.decode().split("n0 [")[0]


def test_a_loss_without_a_name_is_called_l() -> None:
    with record() as rec:
        (Value(2.0, name="x") * 3).backward()
    assert "∂L/∂x" in picture(end(rec.trace), "dot").data.decode()


def test_a_name_of_several_passes_shows_the_sum_on_its_stem() -> None:
    """x³ after x²: the wire of the second pass carries 12, x has 16 in all."""
    with record() as rec:
        x = Value(2.0, name="x")
        (x**2).backward()
        (x**3).backward()
    layout = layout_of(picture(end(rec.trace), "dot", Options(notation="textbook")).data.decode())
    stem = [word.text for word in words(layout, Page(0, 0, 1, (0, 0))) if word.owner == "f0"]
    assert stem == ["2", "16"]


def test_a_large_graph_is_drawn_in_part_and_says_so() -> None:
    with record() as rec:
        x = Value(1.0, name="x")
        for _ in range(40):
            x = x + 1.0
        x.backward()
    made = picture(rec.trace.cursor(10), "svg", Options(limit=12))
    assert len(made.notes) == 1
    assert made.notes[0].ja != made.notes[0].en
    assert "style=dotted" in picture(rec.trace.cursor(10), "dot", Options(limit=12)).data.decode()
    assert trace_to_dot(rec.trace).count(" -> ") == 40


def test_a_character_outside_our_fonts_is_drawn_and_said() -> None:
    with record() as rec:
        Value(2.0, name="한").exp().backward()
    made = picture(end(rec.trace), "svg")
    assert "한" in made.notes[0].en
    assert "한" in made.notes[0].ja


@pytest.mark.parametrize(
    ("path", "format", "message"),
    [
        ("graph.jpg", None, "'.jpg' is not a format"),
        ("graph", None, "no extension"),
        ("graph.svg", "bmp", "'bmp' is not a format"),
        ("graph.pgn", None, "png"),
    ],
)
def test_an_unknown_format_is_refused_with_the_known_ones(path: str, format: str | None, message: str) -> None:
    with pytest.raises(ExportError) as caught:
        export(end(product()), path, format=format)
    assert message in str(caught.value)


def test_the_extension_says_the_format_and_format_overrules_it() -> None:
    assert format_of("A.SVG") == "svg"
    assert format_of("a.gv") == "dot"
    assert format_of("a.txt", "PDF") == "pdf"


@pytest.mark.parametrize("width", ["", "wide", "85 apples", "-3mm", "1mm", "9999cm", "nan", "1e3mm"])
def test_a_width_that_is_none_is_refused(width: str) -> None:
    with pytest.raises(ExportError, match="width"):
        picture(end(product()), "dot", Options(width=width))


@pytest.mark.parametrize(("text", "mm"), [("85mm", 85), ("8.5 cm", 85), ("2IN", 50.8), ("72pt", 25.4), ("85", 85)])
def test_lengths_are_read_in_four_units(text: str, mm: float) -> None:
    assert length_mm(text) == pytest.approx(mm)


def test_digits_out_of_range_are_refused() -> None:
    with pytest.raises(ExportError, match="digits"):
        picture(end(product()), "dot", Options(digits=0))


def test_an_existing_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "graph.dot"
    path.write_text("old and much longer " * 1000)
    export(end(product()), path)
    assert path.read_text("utf-8").startswith("digraph")
    assert "old" not in path.read_text("utf-8")


def _no_space(*_: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _read_only(*_: Any, **__: Any) -> Any:
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("where", "name", "failure", "raised"),
    [
        (os, "fsync", _no_space, ExportError),
        (os, "open", _read_only, ExportError),
        (os, "fsync", _interrupt, KeyboardInterrupt),
        (os, "replace", _interrupt, KeyboardInterrupt),
    ],
)
def test_whatever_stops_a_save_the_old_file_stays_and_no_half_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: Any, name: str, failure: Any, raised: type[BaseException]
) -> None:
    path = tmp_path / "graph.dot"
    path.write_text("old")
    with monkeypatch.context() as patch:
        patch.setattr(where, name, failure)
        with pytest.raises(raised):
            export(end(product()), path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["graph.dot"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_device_is_one_clear_line() -> None:
    with pytest.raises(ExportError, match="the disk is full"):
        export(end(product()), "/dev/full", format="dot")


def test_a_missing_folder_is_named_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(ExportError) as caught:
        export(end(product()), tmp_path / "no" / "such" / "graph.svg")
    assert "folder" in str(caught.value)
    assert caught.value.exit_code == 2
    assert os.listdir(tmp_path) == []


def test_a_folder_is_found_missing_before_anything_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large graph takes long to draw; its folder is looked at first."""

    def drawn(*_: Any) -> Any:
        raise AssertionError("drawn")

    monkeypatch.setattr(module, "picture", drawn)
    with pytest.raises(ExportError):
        export(end(product()), tmp_path / "no" / "graph.svg")
    with pytest.raises(ExportError):
        export(end(product()), tmp_path, format="svg")
