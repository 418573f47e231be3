"""How long a key takes in a trace of a quarter of a million nodes: p50 and p95 from the key to the first write.

    python tests/bench/bench_large_keys.py TRACE...

On pseudo-terminals of 80x24, 120x40 and 220x60: the next hit of a search; running to the next breakpoint and back;
steps of each granularity, forward and back; selecting; opening a part of the folded graph and folding it again; a key
of a query as it is typed. `python tests/bench/bench_keys.py` says what the columns mean; `first` is the first key of
its kind. On Linux the processor's time up to the first write stands beside: on a busy machine that is what to read.

Between keys the app paints what the next one may show, as it does while one looks: it has a pause of
`PAUSE` seconds for that, and on a busy machine less of it.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
from pathlib import Path
from time import sleep

sys.path.insert(0, str(Path(__file__).parent))
from bench_keys import Terminal, Times, percentile

SIZES = ((80, 24), (120, 40), (220, 60))
STEPS = ("part", "edge", "node", "scope", "pass")
QUERY, BREAKPOINT = "largest 10 |grad|", "op == relu"
SELECTIONS = b"jlkhjjkkljhk"
ROUNDS = 12
PAUSE = 0.3
"""Seconds between keys: people press them at most this fast where they look at what each one shows."""
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
            sleep(PAUSE)

    def unmeasured(key: bytes) -> None:
        terminal.press(key, Times(), PATIENCE)
        sleep(PAUSE)

    try:
        opened = b"".join(chunk for _, chunk in terminal.read(still=8.0))
        if b"\x1b[?1049h" not in opened:
            sys.exit(f"it did not open: {opened[-1000:].decode(errors='replace')}")
        unmeasured(ESCAPE)  # the selection
        for _ in range(ROUNDS):
            press("next hit ;", b";")
        for _ in range(ROUNDS):
            press("run back (", b"(")
        for _ in range(ROUNDS):
            press("run )", b")")
        unmeasured(b"b")
        for _ in STEPS:
            unmeasured(b",")
        for by in STEPS:
            press(f"step {by}", *[RIGHT] * (ROUNDS if by != "pass" else 1))
            press(f"back {by}", *[LEFT] * (ROUNDS if by != "pass" else 1))
            unmeasured(b".")
        unmeasured(b"b")
        press("select", *(bytes([key]) for key in SELECTIONS))
        unmeasured(ESCAPE)
        for _ in range(ROUNDS):
            press("open a part", ENTER)
            press("fold it", BACKSPACE)
        unmeasured(b"/")
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
                found = measure(trace, columns, rows, environ)
                every = Times(
                    first=[one for times in found.values() for one in times.first],
                    work_first=[one for times in found.values() for one in times.work_first],
                )
                for name, times in {**found, "all of these": every}.items():
                    if times.first:
                        (p50, p95), (w50, w95) = _spread(times.first), _spread(times.work_first)
                        print(
                            f"  {name:14} p50 {p50:6.1f} ms   p95 {p95:6.1f} ms   first {times.first[0]:6.1f} ms"
                            f"   processor p50 {w50:6.1f} ms   p95 {w95:6.1f} ms   first {times.work_first[0]:6.1f} ms"
                        )
                    else:
                        print(f"  {name:14} changed nothing")


def _spread(times: list[float]) -> tuple[float, float]:
    """p50 and p95."""
    return statistics.median(times), percentile(times, 0.95)


if __name__ == "__main__":
    main()
