"""Names as mathematics: `W1` is written W₁, `grad` of a loss L is ∂L/∂W₁; names italic, numbers and functions upright.

Sub- and superscripts are Unicode characters, so that the text of a picture can be searched and copied as it reads.
Whatever a user wrote is escaped here: no name can become markup, an attribute or a second node.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

Face = Literal["upright", "italic", "sub", "words"]
"""`words` is upright with a hyphen that stays a hyphen; in the other faces it is drawn as a minus sign."""

WORDS_FONT = "Tracer Text"

_SUBSCRIPTS = str.maketrans("0123456789aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ",
    "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ",
    "tau": "τ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ",
    "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip
_NAME = re.compile(
    r"(?P<base>[^\W\d_]+)(?:(?P<digits>\d+)|_(?P<index>[^\W_]+)|(?P<places>(?:\[\d+(?:, ?\d+)*\])+))?(?P<primes>['′]*)"
)
_TOKEN = re.compile(r"\s*\^\s*-?\d+(?![\d.])|[^\W\d][\w.]*(?:-[^\W\d][\w.]*)*(?:\[\d+(?:, ?\d+)*\])*['′]*|.", re.DOTALL)
_RAISING = re.compile(r"\s*\^\s*(-?\d+)(?![\d.])")
_POWER = re.compile(r"(?P<mantissa>-?\d+(?:\.\d+)?)e(?P<exponent>-?\d+)")


@dataclass(frozen=True)
class Run:
    """Characters set in one face."""

    text: str
    face: Face = "upright"


def printable(text: str) -> str:
    """`text` on one line, without characters that no picture can hold.

    Control characters (XML forbids most), lone surrogates and text-direction overrides become a replacement sign;
    white space becomes a space.
    """
    return "".join(
        " " if c.isspace() else "\ufffd" if unicodedata.category(c) in ("Cc", "Cs", "Cn", "Cf") else c for c in text
    )


def name_runs(name: str, mathematics: bool = True) -> list[Run]:
    """A name as runs: italic, be it one letter or many; digits at its end, `_i` and `[1]` become subscripts.

    Without `mathematics` the characters stay as they were typed and only the face is chosen.
    A name that is not of this form (`layer0.attn_wq`) is left as it is; one with a hyphen or in a script that has no
    italic (Japanese) is upright.
    """
    name = printable(name)
    found = _NAME.fullmatch(name)
    if found is None:
        return [Run(name, "words" if "-" in name else _face(name))]
    base, index, primes = found["base"], found["index"], found["primes"].replace("'", "′")
    digits = found["digits"] or ",".join(re.findall(r"\d+", found["places"] or ""))
    if mathematics:
        base = _GREEK.get(base, base)
    letter = unicodedata.category(base[0]) in ("Ll", "Lu") and not any(c.isalpha() for c in base[1:])
    if not mathematics or not (digits or index):
        return [Run(name if not mathematics else base + primes, _face(name))]
    low = (digits or index).translate(_SUBSCRIPTS)
    if digits or index.isdecimal() or (letter and not any(c.isascii() for c in low)):
        return [Run(base + low + primes, _face(base))]
    if letter:  # an index that has no small letters in Unicode: W_Q, x_new
        return [Run(base, "italic"), Run(index, "sub"), *([Run(primes)] if primes else [])]
    return [Run(name, _face(name))]


def _face(name: str) -> Face:
    """Italic where all its letters are of a script that has italics."""
    return "italic" if all(unicodedata.category(c) in ("Ll", "Lu") for c in name if c.isalpha()) else "upright"


def formula_runs(formula: str, mathematics: bool = True, *, sign: bool = False) -> list[Run]:
    """A formula such as `a = x1 + 2` as runs: each name in it set as a name, the rest upright.

    A word before a bracket is a function, as is every word where the formula is an operator's `sign` (`tanh`).
    As mathematics, `x ^ 2` is x², and the operator `^ 2` alone is (·)².
    """
    runs: list[Run] = []
    tokens = _TOKEN.findall(printable(formula))
    for token, after in zip(tokens, [*tokens, ""][1:], strict=True):
        raised = _RAISING.fullmatch(token) if mathematics else None
        if raised is not None:
            runs.append(Run(("" if runs else "(·)") + raised[1].translate(_RAISED)))
        elif (token[0].isalpha() or token[0] == "_") and not (sign or after == "("):
            runs += name_runs(token, mathematics)
        else:
            runs.append(Run(token))
    return joined(runs)


def partial_runs(of: str, by: str, mathematics: bool = True) -> list[Run]:
    """∂L/∂W₁ for the names `L` and `W1`."""
    return joined([Run("∂", "italic"), *name_runs(of, mathematics), Run("/∂", "italic"), *name_runs(by, mathematics)])


def number_runs(number: str, mathematics: bool = True) -> list[Run]:
    """A number as it is shown; with `mathematics` an exponent is written as a power: 1.2×10⁻⁵, and `inf` as ∞."""
    number = printable(number)
    if mathematics:
        number = _POWER.sub(lambda m: f"{m['mantissa']}×10{m['exponent'].translate(_RAISED)}", number)
        number = re.sub(r"\binf\b", "∞", number)
    return [Run(number)]


def joined(runs: list[Run]) -> list[Run]:
    """The same text with neighbours of one face made one run, so that searching finds it whole."""
    out: list[Run] = []
    for run in runs:
        if out and out[-1].face == run.face:
            out[-1] = Run(out[-1].text + run.text, run.face)
        elif run.text:
            out.append(run)
    return out


def plain(runs: list[Run]) -> str:
    """The characters alone."""
    return "".join(run.text for run in runs)


def escaped(text: str) -> str:
    """`text` as it must stand in a Graphviz HTML-like label, where `\\N` would be read as the node's id."""
    return html.escape(printable(text), quote=True).replace("&#x27;", "&#39;").replace("\\", "\\\\")


def to_html(runs: list[Run]) -> str:
    """Runs as a Graphviz HTML-like label's text, escaped."""
    tags = {
        "upright": "{}",
        "italic": "<I>{}</I>",
        "sub": "<SUB>{}</SUB>",
        "words": f'<FONT FACE="{WORDS_FONT}">{{}}</FONT>',
    }
    return "".join(tags[run.face].format(escaped(run.text)) for run in joined(runs))
