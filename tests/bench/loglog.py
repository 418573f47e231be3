"""Growth as a picture: both axes logarithmic, as characters for a terminal and as an SVG file. No plot library."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

Points = Sequence[tuple[float, float]]
SIGNS = "●○▲△■□◆◇"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999")


def _decades(values: Sequence[float]) -> range:
    """The powers of ten around these numbers."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return range(low, max(high, low + 1) + 1)


def slope(points: Points) -> float:
    """The exponent of growth: 1 where twice the nodes take twice as much."""
    x = [math.log10(a) for a, _ in points]
    y = [math.log10(b) for _, b in points]
    mx, my = sum(x) / len(x), sum(y) / len(y)
    return sum((a - mx) * (b - my) for a, b in zip(x, y, strict=True)) / sum((a - mx) ** 2 for a in x)


def as_text(series: Mapping[str, Points], unit: str, width: int = 61, height: int = 22) -> str:
    """The picture in characters, a sign for each series, with the exponent of its growth."""
    series = {name: points for name, points in series.items() if points}
    xs = _decades([x for points in series.values() for x, _ in points])
    ys = _decades([y for points in series.values() for _, y in points])
    cells = [[" "] * width for _ in range(height)]
    for power in ys:
        row = _row(power, ys, height)
        cells[row] = ["┄" if cell == " " else cell for cell in cells[row]]
    for sign, points in zip(SIGNS, series.values(), strict=False):
        for x, y in points:
            column = round((math.log10(x) - xs[0]) / (xs[-1] - xs[0]) * (width - 1))
            cells[_row(math.log10(y), ys, height)][column] = sign
    heads = {_row(power, ys, height): f"1e{power}" for power in ys}
    lines = [f"{heads.get(i, ''):>6} │{''.join(row).rstrip()}" for i, row in enumerate(cells)]
    axis = [" "] * (width + 6)
    for power in xs:
        at = round((power - xs[0]) / (xs[-1] - xs[0]) * (width - 1))
        axis[at : at + 3] = f"1e{power}"
    key = [
        f"  {sign} {name}{f', grows as n^{slope(points):.2f}' if len(points) > 2 else ''}"
        for sign, (name, points) in zip(SIGNS, series.items(), strict=False)
    ]
    return "\n".join(
        [f"{unit}", *lines, " " * 7 + "└" + "─" * width, " " * 8 + "".join(axis).rstrip() + " nodes", *key]
    )


def _row(power: float, ys: range, height: int) -> int:
    return height - 1 - round((power - ys[0]) / (ys[-1] - ys[0]) * (height - 1))


def as_svg(series: Mapping[str, Points], unit: str, width: int = 720, height: int = 480) -> str:
    """The same as an SVG document."""
    series = {name: points for name, points in series.items() if points}
    xs = _decades([x for points in series.values() for x, _ in points])
    ys = _decades([y for points in series.values() for _, y in points])
    left, right, top, bottom = 60, 230, 24, 40

    def place(x: float, y: float) -> tuple[float, float]:
        across, up = (x - xs[0]) / (xs[-1] - xs[0]), (y - ys[0]) / (ys[-1] - ys[0])
        return left + across * (width - left - right), height - bottom - up * (height - top - bottom)

    found = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        f'font-size="13"><rect width="{width}" height="{height}" fill="white"/><text x="8" y="16">{escape(unit)}</text>'
    ]
    for power in xs:
        x, y = place(power, ys[0])
        found.append(f'<path d="M{x:.1f} {y:.1f}V{top}" stroke="#ddd"/>')
        found.append(f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle">1e{power}</text>')
    for power in ys:
        x, y = place(xs[0], power)
        found.append(f'<path d="M{x:.1f} {y:.1f}H{width - right}" stroke="#ddd"/>')
        found.append(f'<text x="{x - 6:.1f}" y="{y + 4:.1f}" text-anchor="end">1e{power}</text>')
    for i, (colour, (name, points)) in enumerate(zip(COLOURS, series.items(), strict=False)):
        at = [place(math.log10(x), math.log10(y)) for x, y in sorted(points)]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        found.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        found += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in at]
        grows = f": n^{slope(points):.2f}" if len(points) > 2 else ""
        found.append(f'<circle cx="{width - right + 16}" cy="{top + 20 * i + 8}" r="5" fill="{colour}"/>')
        found.append(f'<text x="{width - right + 28}" y="{top + 20 * i + 12}">{escape(name + grows)}</text>')
    return "\n".join([*found, "</svg>\n"])
