"""How long a user waits after typing `tracer`: from the start of the process to the first paint, and to the lessons.

    python tests/bench/bench_start.py [RUNS]

On a pseudo-terminal of 120x40 that answers as a terminal does, with settings of its own, so that the gallery opens.
Beside it, in the same minute, the smallest Textual program: what is above that is ours.
"""

from __future__ import annotations

import json
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

OURS = [sys.executable, "-m", "tracer"]
PAINTED, LISTED = b"Gradient Tracer", b"Start here"
SMALLEST = """
from textual.app import App
from textual.widgets import Static
class Smallest(App):
    def compose(self):
        yield Static("Smallest")
Smallest().run()
"""
BUDGET, MOONSHOT = 0.5, 0.3


def start_once(command: Sequence[str], signs: Sequence[bytes], folder: Path) -> list[float]:
    """Seconds until each of `signs` is written to the terminal."""
    master, slave = pty.openpty()
    ioctl(slave, TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    environ = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    environ |= {"TRACER_CONFIG_DIR": str(folder), "TERM": "xterm-256color", "LANG": "en_GB.UTF-8"}
    start = time.perf_counter()
    child = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environ, start_new_session=True)
    os.close(slave)
    told, found = b"", dict[bytes, float]()
    column = 1
    while len(found) < len(signs) and time.perf_counter() - start < 20:
        if not select.select([master], [], [], 1)[0]:
            continue
        try:
            chunk = os.read(master, 65536)
        except OSError:  # it ended
            break
        now = time.perf_counter() - start
        for _ in range(chunk.count(b"\x1b[6n")):  # the probe: two narrow symbols between two questions
            os.write(master, f"\x1b[1;{column}R".encode())
            column += 2
        told += chunk
        for sign in signs:
            if sign in told:
                found.setdefault(sign, now)
    child.kill()
    child.wait()
    os.close(master)
    if len(found) < len(signs):
        sys.exit(f"it did not start: {told[-2000:].decode(errors='replace')}")
    return [found[sign] for sign in signs]


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    smallest = [sys.executable, "-c", SMALLEST]
    ours: list[list[float]] = []
    least: list[list[float]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "settings.json").write_text(json.dumps({"lang": "en"}))
        start_once(OURS, (PAINTED, LISTED), folder)  # from here on, Python's caches are warm
        for _ in range(runs):
            ours.append(start_once(OURS, (PAINTED, LISTED), folder))
            least.append(start_once(smallest, (b"Smallest",), folder))
    columns = {"tracer, first paint": [run[0] for run in ours], "tracer, lessons listed": [run[1] for run in ours]}
    columns["smallest Textual program"] = [run[0] for run in least]
    for what, seconds in columns.items():
        print(f"{what:25} median {statistics.median(seconds):.3f} s   best {min(seconds):.3f} s   of {runs}")
    print(f"budget for the first paint {BUDGET} s, moonshot {MOONSHOT} s")


if __name__ == "__main__":
    main()
