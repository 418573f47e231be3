"""How long a key takes in a trace of a quarter of a million nodes: p50 and p95 from the key to the first write.

    python tests/bench/bench_large_keys.py TRACE...

On pseudo-terminals of 80x24, 120x40 and 220x60: steps of each granularity, forward and back; the next hit of a search;
running to the next breakpoint and back; opening a part of the folded graph and folding it again; a key of a query as it
is typed. `python tests/bench/bench_keys.py` says what the columns mean.

Between keys the app paints what the same key would show next, as it does while one looks: p50 is that of a key that
was foreseen, the slowest is that of the first one of its kind. On a busy machine the pause may be too short for that.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from bench_keys import Terminal, Times, percentile

SIZES = ((80, 24), (120, 40), (220, 60))
STEPS = ("part", "edge", "node", "scope", "pass")
QUERY, BREAKPOINT = "largest 10 |grad|", "op == relu"
ROUNDS = 12
PATIENCE = 3.0
"""Seconds after which a key has changed nothing."""
RIGHT, LEFT, ENTER, BACKSPACE, ESCAPE, DOWN = b"\x1b[C", b"\x1b[D", b"\r", b"\x7f", b"\x1b", b"j"


def measure(trace: str, columns: int, rows: int, environ: dict[str, str]) -> dict[str, Times]:
    """Every kind of key, `ROUNDS` times each."""
    words = ["--find", QUERY, "--break", BREAKPOINT, "--at", "end"]
    terminal = Terminal([sys.executable, "-m", "tracer", "open", trace, *words], environ, columns, rows)
    found: dict[str, Times] = {}

    def press(name: str, *keys: bytes) -> None:
        for key in keys:
            terminal.press(key, found.setdefault(name, Times()), PATIENCE)

    try:
        opened = b"".join(chunk for _, chunk in terminal.read(still=8.0))
        if b"\x1b[?1049h" not in opened:
            sys.exit(f"it did not open: {opened[-1000:].decode(errors='replace')}")
        terminal.press(ESCAPE, Times(), PATIENCE)  # the selection
        for _ in range(ROUNDS):
            press("next hit ;", b";")
        for _ in range(ROUNDS):
            press("run back (", b"(")
        for _ in range(ROUNDS):
            press("run )", b")")
        terminal.press(b"b", Times(), PATIENCE)
        for _ in STEPS:
            terminal.press(b",", Times(), PATIENCE)
        for by in STEPS:
            press(f"step {by}", *[RIGHT] * (ROUNDS if by != "pass" else 1))
            press(f"back {by}", *[LEFT] * (ROUNDS if by != "pass" else 1))
            terminal.press(b".", Times(), PATIENCE)
        for _ in range(ROUNDS):
            press("open a part", ENTER)
            press("fold it", BACKSPACE)
        terminal.press(b"/", Times(), PATIENCE)
        for key in "layer1.attn_wq[3,5]":
            press("type a query", key.encode())
        return found
    finally:
        terminal.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "settings.json").write_text(json.dumps({"version": 1, "lang": "en", "theme": "dark"}))
        environ = {**os.environ, "TRACER_CONFIG_DIR": place, "TERM": "xterm-256color", "LANG": "en_GB.UTF-8"}
        environ["COLORTERM"] = "truecolor"
        for trace in sys.argv[1:]:
            for columns, rows in SIZES:
                print(f"{trace}   {columns}x{rows}")
                for name, times in measure(trace, columns, rows, environ).items():
                    if times.first:
                        p50, p95 = statistics.median(times.first), percentile(times.first, 0.95)
                        work = statistics.median(times.work)
                        print(f"  {name:14} p50 {p50:6.1f} ms   p95 {p95:6.1f} ms   processor {work:6.1f} ms")
                    else:
                        print(f"  {name:14} changed nothing")


if __name__ == "__main__":
    main()
