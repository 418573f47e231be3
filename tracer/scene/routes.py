"""Routes from the loss to a node as lines to choose from: `› 5   71.4 %  y → b → x   ∂y/∂b · ∂b/∂x = 5 · 1 = 5`."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text as RichText

from tracer.explain.paths import PathsTold, RouteTold
from tracer.scene.fitting import head, right
from tracer.scene.palette import DARK, Palette
from tracer.text import Lang

MARKED = "›"
SHARE = 8
"""Cells of `-37.5 %`."""


def route_line(
    told: PathsTold, number: int, lang: Lang = "en", palette: Palette = DARK, width: int = 76, *, marked: bool = False
) -> RichText:
    """One route, in exactly `width` cells: its product, its share, its trail, and its numbers where there is room."""
    route = told.routes[number]
    product = max((cell_len(one.product[lang]) for one in told.routes), default=0)
    found = RichText(no_wrap=True, end="")
    found.append(f"{MARKED if marked else ' '} ", palette.style("accent", bold=True))
    role = "grad" if route.path.arrived else "missing"
    found.append(right(route.product[lang], product), palette.style(role, bold=marked))  # type: ignore[arg-type]  # a role
    if any(one.share[lang] for one in told.routes):
        found.append(right(route.share[lang], SHARE), palette.style("muted"))
    found.append("  ")
    room, trail, numbers = width - cell_len(found.plain), route.trail[lang], numbers_of(route, lang)
    if numbers and number and told.routes[number - 1].trail == route.trail:  # what differs is worth more than what not
        trail, numbers = numbers, ""
    beside = cell_len(trail) + 3 + cell_len(numbers) <= room and numbers
    found.append(
        trail if beside else head(trail, max(0, room)), palette.style("accent" if marked else "text", bold=marked)
    )
    if beside:
        found.append(f"   {numbers}", palette.style("muted"))
    found.truncate(width, pad=True)
    return found


def fits(told: PathsTold, number: int, lang: Lang, width: int) -> bool:
    """Whether the line of a route says all there is to say of it."""
    route = told.routes[number]
    above = number and told.routes[number - 1].trail == route.trail
    whole = route_line(told, number, lang, width=width).plain.rstrip()
    return whole.endswith(numbers_of(route, lang) or route.trail[lang]) and (above or route.trail[lang] in whole)


def numbers_of(route: RouteTold, lang: Lang) -> str:
    """`∂y/∂b · ∂b/∂x = 5 · 1 = 5`; "" where there are no factors to show."""
    if route.numbers == route.product:
        return ""
    return f"{route.symbols} = {route.numbers[lang]}" if route.symbols else route.numbers[lang]


def route_in_full(told: PathsTold, number: int, lang: Lang = "en", palette: Palette = DARK) -> RichText:
    """The trail and the numbers of one route, to be wrapped."""
    route = told.routes[number]
    found = RichText(route.trail[lang], palette.style("text"))
    numbers = numbers_of(route, lang)
    if numbers:
        found.append(f"\n{numbers}", palette.style("grad"))
    return found
