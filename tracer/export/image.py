"""What Graphviz leaves undone on its pictures: exact sizes, and words that can be searched and read aloud.

SVG: glyphs are outlines, so the picture needs no font anywhere, browser, slide or LaTeX; over them lies the same text,
invisible, which can be selected, searched and read by a screen reader. PNG: says how large it is in print. PDF: the
page is exactly as wide as asked (Cairo rounds to points), and the same picture gives the same bytes.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from tracer.export.draw import Page
from tracer.export.style import MM_PER_INCH


@dataclass(frozen=True)
class Word:
    """A piece of text on the page; units and axes are the page's, y downwards."""

    text: str
    x: float
    """Left end."""
    y: float
    """Base line."""
    width: float
    size: float
    owner: str
    """The DOT id of its node or edge (`n3`, `e7`, `n1->n3`), or '' for the caption."""


def words(layout: dict[str, Any], page: Page) -> list[Word]:
    """All text of a laid-out graph, neighbours on one line joined, in drawing order."""
    objects = layout.get("objects", [])
    names = {thing["_gvid"]: thing["name"] for thing in objects}
    owners = [("", layout), *((thing["name"], thing) for thing in objects)]
    owners += [(f"{names[e['tail']]}->{names[e['head']]}", e) for e in layout.get("edges", [])]
    return [word for owner, thing in owners for word in _joined(_texts(thing, owner, page))]


def _texts(thing: dict[str, Any], owner: str, page: Page) -> Iterator[Word]:
    size = 0.0
    for step in thing.get("_ldraw_", []):
        if step["op"] == "F":
            size = float(step["size"])
        elif step["op"] == "T":
            x, y = page.at(*step["pt"])
            width = step["width"] * page.zoom
            x -= {"l": 0.0, "c": width / 2, "r": width}[step["align"]]
            text = step["text"].replace("\\\\", "\\")  # Graphviz's JSON escapes a backslash twice
            yield Word(text, x, y, width, size * page.zoom, owner)


def _joined(texts: Iterator[Word]) -> list[Word]:
    out: list[Word] = []
    for word in texts:
        last = out[-1] if out else None
        if last and abs(last.x + last.width - word.x) < 0.01 * word.size and abs(last.y - word.y) < 0.5 * word.size:
            out[-1] = Word(last.text + word.text, last.x, last.y, last.width + word.width, last.size, last.owner)
        else:
            out.append(word)
    return [word for word in out if word.text.strip()]


def finish_svg(data: bytes, layout: dict[str, Any], page: Page, *, size: tuple[str, str], title: str) -> bytes:
    """Cairo's SVG with its exact size, a title, and its text as text.

    Args:
        data: what Cairo wrote, in the units of `page`.
        size: width and height with their units, such as `85mm`.
        title: what the picture shows; '' if nothing is to be said.
    """
    svg = data.decode("utf-8")
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" version="1.1"'
        f' width="{size[0]}" height="{size[1]}" viewBox="0 0 {page.width:.2f} {page.height:.2f}" role="img">'
        + (f"\n<title>{escape(title)}</title>" if title else "")
    )
    svg = re.sub(r"<svg\b[^>]*>", lambda _: head, svg, count=1)
    own = f"t{zlib.crc32(data):08x}-"  # ids that stay apart when several pictures are put into one page
    svg = re.sub(r'(\bid="|href="#|url\(#)', lambda m: m[0] + own, svg)
    layer = ['<g class="text" fill-opacity="0" font-family="\'STIX Two Text\', \'Times New Roman\', serif">']
    for word in words(layout, page):
        layer.append(
            f'<text class={quoteattr(word.owner or "caption")} x="{word.x:.2f}" y="{word.y:.2f}"'
            f' font-size="{word.size:.2f}" textLength="{word.width:.2f}" lengthAdjust="spacingAndGlyphs"'
            f' xml:space="preserve">{escape(word.text)}</text>'
        )
    end = svg.rindex("</svg>")
    return (svg[:end] + "\n".join([*layer, "</g>\n"]) + svg[end:]).encode("utf-8")


def finish_png(data: bytes, dpi: float) -> bytes:
    """The PNG with a `pHYs` chunk, by which a word processor places it at its size in print."""
    per_metre = round(dpi / MM_PER_INCH * 1000)
    body = b"pHYs" + struct.pack(">IIB", per_metre, per_metre, 1)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    after_header = 8 + 25  # signature, IHDR
    return data[:after_header] + chunk + data[after_header:]


def finish_pdf(data: bytes, page: Page) -> bytes:
    """Cairo's PDF with the page's exact size and without the time it was made."""
    data = re.sub(rb"/CreationDate \(D:[^)]*\)", lambda m: b" " * len(m[0]), data, count=1)
    box = re.search(rb"/MediaBox \[ 0 0 (\d+(?:\.\d+)?) (\d+(?:\.\d+)?) \]", data)
    if box is None:
        return data
    top = float(box[2])  # Cairo measures from the top left, so what rounding added is at the right and below
    exact = f"/MediaBox [ 0 {top - page.height:.4f} {page.width:.4f} {top:.4f} ]".encode()
    return _replaced(data, box.start(), box.end(), exact)


def _replaced(pdf: bytes, start: int, stop: int, new: bytes) -> bytes:
    """A PDF with some bytes exchanged and the offsets of its cross-reference table put right.

    A file without such a table (its objects lie in compressed streams) is given back as it was.
    """
    table = re.search(rb"\nxref\n0 (\d+) *\n", pdf)
    pointer = re.search(rb"startxref\s+(\d+)\s+%%EOF\s*$", pdf)
    if table is None or pointer is None:
        return pdf
    shift = len(new) - (stop - start)
    moved = bytearray(pdf)
    for row in range(int(table[1])):
        at = table.end() + 20 * row  # 20 bytes a row: offset, generation, in use or free
        offset = int(pdf[at : at + 10])
        if offset > start:
            moved[at : at + 10] = b"%010d" % (offset + shift)
    moved[pointer.start(1) : pointer.end(1)] = b"%d" % (int(pointer[1]) + shift)
    return bytes(moved[:start] + new + moved[stop:])
