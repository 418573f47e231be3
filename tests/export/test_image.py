"""Exact sizes, embedded fonts and searchable words in the finished files."""

from __future__ import annotations

import re
import struct
import xml.etree.ElementTree as ET
import zlib

import pytest

from tests.export.scenes import NAMES, named, product
from tracer.export.dot import to_dot
from tracer.export.draw import Page
from tracer.export.image import Word, finish_pdf, finish_png, finish_svg, words
from tracer.export.render import Paper, render
from tracer.export.style import Style

POINTS = 85 / 25.4 * 72
STYLE = Style(loss="y", names=NAMES, unit=4, mathematics=True)
SVG = "{http://www.w3.org/2000/svg}"


def chunks(png: bytes) -> dict[bytes, bytes]:
    """The chunks of a PNG; its checksums are verified."""
    found, at = {}, 8
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert zlib.crc32(kind + body) == struct.unpack_from(">I", png, at + 8 + length)[0]
        found[kind] = body
        at += 12 + length
    return found


def svg_of(dot: str, title: str = "") -> ET.Element:
    drawn = render(dot, "svg", Paper(scale=0.25), magnify=4)
    finished = finish_svg(drawn.data, drawn.layout, drawn.own_page, size=("85mm", "20mm"), title=title)
    return ET.fromstring(finished)


def test_an_svg_has_the_size_asked_for_and_needs_nothing_from_outside() -> None:
    """Glyphs are outlines: no font, no link, no script."""
    root = svg_of(to_dot(product("textbook"), STYLE), title='y = "<a>" & b')
    assert (root.get("width"), root.get("height")) == ("85mm", "20mm")
    assert root.find(f"{SVG}title").text == 'y = "<a>" & b'  # type: ignore[union-attr]
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert {"symbol", "use", "path", "text"} <= tags
    assert not {"image", "script", "style", "a", "foreignObject"} & tags
    links = [value for e in root.iter() for name, value in e.attrib.items() if name.endswith("href")]
    assert links
    assert all(link.startswith("#") for link in links)


def test_the_words_of_an_svg_can_be_searched_as_they_read() -> None:
    root = svg_of(to_dot(named("W1", "boxes"), Style(loss="L", names={0: "W1", 1: "z"}, unit=4, mathematics=True)))
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert "W₁" in texts
    assert "∂L/∂W₁" in texts
    assert "∂L/∂z" in texts
    assert "-1" in texts, "a number can be copied as a number"


def test_the_invisible_words_lie_on_the_outlines() -> None:
    """Each text is inside the picture, and its glyphs' outlines start where it does."""
    drawn = render(to_dot(product("textbook"), STYLE), "svg", Paper(scale=0.25), magnify=4)
    glyphs = [(float(x), float(y)) for x, y in re.findall(rb'<use [^>]*x="([-\d.]+)" y="([-\d.]+)"', drawn.data)]
    for word in words(drawn.layout, drawn.own_page):
        assert word.x >= 0
        assert word.x + word.width <= drawn.own_page.width
        nearest = min(abs(x - word.x) + abs(y - word.y) for x, y in glyphs)
        assert nearest < 0.05 * word.size


def test_two_pictures_on_one_page_do_not_share_ids() -> None:
    first, second = (
        {e.get("id") for e in svg_of(to_dot(product(n), STYLE)).iter()} - {None} for n in ("boxes", "textbook")
    )
    assert first
    assert not first & second


def test_a_pdf_page_is_exactly_as_wide_as_asked() -> None:
    """Cairo alone would round to 241 points."""
    drawn = render(to_dot(product("textbook"), STYLE), "pdf", Paper(scale=0.2, width=POINTS))
    pdf = finish_pdf(drawn.data, drawn.page)
    box = re.search(rb"/MediaBox \[ (\S+) (\S+) (\S+) (\S+) \]", pdf)
    assert box is not None
    left, low, right, high = map(float, box.groups())
    assert right - left == pytest.approx(POINTS, abs=0.001)
    assert high - low == pytest.approx(drawn.page.height, abs=0.001)


def test_a_changed_pdf_still_finds_its_objects() -> None:
    """Each offset of the cross-reference table points at the object it names, and the last line at the table."""
    drawn = render(to_dot(product("textbook"), STYLE), "pdf", Paper(scale=0.2, width=POINTS))
    pdf = finish_pdf(drawn.data, drawn.page)
    assert len(pdf) != len(drawn.data)
    table = re.search(rb"\nxref\n0 (\d+) *\n", pdf)
    assert table is not None
    for number in range(1, int(table[1])):
        row = pdf[table.end() + 20 * number :][:20]
        assert pdf[int(row[:10]) :].startswith(b"%d 0 obj" % number)
    pointer = re.search(rb"startxref\s+(\d+)", pdf)
    assert pointer is not None
    assert pdf[int(pointer[1]) :].startswith(b"xref")


def test_every_font_of_a_pdf_is_embedded_and_ours() -> None:
    drawn = render(to_dot(named("損失", "textbook"), STYLE), "pdf")
    fonts = re.findall(rb"<< /Type /FontDescriptor(.*?)>>", finish_pdf(drawn.data, drawn.page), re.DOTALL)
    assert len(fonts) >= 2
    for font in fonts:
        assert re.search(rb"/FontName /[A-Z]{6}\+Tracer(Math|Text|JP)-", font)
        assert re.search(rb"/FontFile[23]? \d+ 0 R", font)


def test_a_pdf_whose_objects_are_compressed_is_left_alone() -> None:
    """As newer Cairos write them; the page is then rounded to whole points."""
    strange = b"%PDF-1.7\n/MediaBox [ 0 0 241 69 ]\nstartxref\n9\n%%EOF"
    assert finish_pdf(strange, Page(240.9, 68.7, 1, (0, 0))) == strange


def test_a_png_says_how_large_it_is_in_print() -> None:
    drawn = render(to_dot(product("boxes"), STYLE), "png", Paper(scale=0.25, width=72), magnify=600 / 72)
    found = chunks(finish_png(drawn.data, 600))
    assert list(found)[:2] == [b"IHDR", b"pHYs"]
    assert struct.unpack(">I", found[b"IHDR"][:4]) == (600,)
    assert struct.unpack(">IIB", found[b"pHYs"]) == (23622, 23622, 1)


@pytest.mark.parametrize("format", ["svg", "png", "pdf"])
def test_the_same_picture_gives_the_same_bytes(format: str) -> None:
    """No time, no random number: a picture under version control changes when its computation does."""
    dot = to_dot(product("textbook"), STYLE)

    def once() -> bytes:
        drawn = render(dot, format, Paper(scale=0.25))  # type: ignore[arg-type]
        return finish_pdf(drawn.data, drawn.page) if format == "pdf" else drawn.data

    assert once() == once()


def test_japanese_is_drawn_with_glyphs_not_with_empty_boxes() -> None:
    """Two kanji have two different outlines, each with more strokes than the box for a missing glyph."""
    drawn = render(to_dot(named("勾配", "boxes"), STYLE), "svg", Paper(scale=0.25), magnify=4)
    svg = drawn.data.decode()
    outlines = dict(re.findall(r'id="(glyph\d+-\d+)">\s*<path[^>]* d="([^"]+)"', svg))
    word = next(w for w in words(drawn.layout, drawn.own_page) if w.text == "勾配")
    row = [
        outlines[name]
        for name, x, y in re.findall(r'<use xlink:href="#(glyph\d+-\d+)" x="([\d.]+)" y="([\d.]+)"', svg)
        if abs(float(y) - word.y) < 1 and word.x - 1 <= float(x) <= word.x + word.width
    ]
    assert len(row) == 2
    assert row[0] != row[1]
    assert all(outline.count("C") + outline.count("L") > 20 for outline in row)


def test_neighbours_on_one_line_are_one_word() -> None:
    layout = {
        "objects": [
            {
                "_gvid": 0,
                "name": "n0",
                "_ldraw_": [
                    {"op": "F", "size": 10.0},
                    {"op": "T", "pt": [0.0, 0.0], "align": "l", "width": 5.0, "text": "a"},
                    {"op": "T", "pt": [5.0, 0.0], "align": "l", "width": 8.0, "text": " = 5"},
                    {"op": "T", "pt": [30.0, 0.0], "align": "c", "width": 4.0, "text": "2"},
                    {"op": "T", "pt": [30.0, -20.0], "align": "r", "width": 4.0, "text": r"\\N"},
                ],
            }
        ]
    }
    assert words(layout, Page(0, 0, 1, (0, 0))) == [
        Word("a = 5", 0, 0, 13, 10, "n0"),
        Word("2", 28, 0, 4, 10, "n0"),
        Word("\\N", 26, 20, 4, 10, "n0"),
    ]
