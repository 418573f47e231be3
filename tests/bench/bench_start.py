"""How long a user waits after typing `tracer`: from the start of the process to the first paint, and to the lessons.

    python tests/bench/bench_start.py [RUNS]

On a pseudo-terminal of 120x40 that answers as a terminal does, with settings of its own, so that the gallery opens.
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
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

COMMAND = [sys.executable, "-m", "tracer"]
PAINTED = b"Gradient Tracer"
LISTED = b"Start here"
BUDGET, MOONSHOT = 0.5, 0.3


def start_once(folder: Path) -> tuple[float, float]:
    """Seconds to the first paint and to the list of lessons."""
    master, slave = pty.openpty()
    ioctl(slave, TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    environ = {**os.environ, "TRACER_CONFIG_DIR": str(folder), "TERM": "xterm-256color", "LANG": "en_GB.UTF-8"}
    start = time.perf_counter()
    child = subprocess.Popen(COMMAND, stdin=slave, stdout=slave, stderr=slave, env=environ, start_new_session=True)
    os.close(slave)
    told, found = b"", dict[bytes, float]()
    column = 1
    while len(found) < 2 and time.perf_counter() - start < 20:
        if not select.select([master], [], [], 1)[0]:
            continue
        chunk = os.read(master, 65536)
        now = time.perf_counter() - start
        for _ in range(chunk.count(b"\x1b[6n")):  # the probe: two narrow symbols between two questions
            os.write(master, f"\x1b[1;{column}R".encode())
            column += 2
        told += chunk
        for sign in (PAINTED, LISTED):
            if sign in told:
                found.setdefault(sign, now)
    child.kill()
    child.wait()
    os.close(master)
    if len(found) < 2:
        sys.exit(f"it did not start: {told[-2000:].decode(errors='replace')}")
    return found[PAINTED], found[LISTED]


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "settings.json").write_text(json.dumps({"lang": "en"}))
        start_once(Path(folder))  # from here on, Python's caches are warm
        times = [start_once(Path(folder)) for _ in range(runs)]
    for name, values in zip(("first paint", "lessons listed"), zip(*times, strict=True), strict=True):
        low, middle = min(values), statistics.median(values)
        print(f"start to {name:15} median {middle:.3f} s   best {low:.3f} s   of {runs}")
    print(f"budget {BUDGET} s, moonshot {MOONSHOT} s")


if __name__ == "__main__":
    main()
