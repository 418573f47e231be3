"""How long a key takes: from the write of the key to the first write of the frame, and how often a key paints.

    python tests/bench/bench_keys.py [THING ...]

On a pseudo-terminal of 120x40 that answers as a terminal does (synchronized output too, so that a frame's end is
known). Each key is pressed when the terminal has been still for a while; the tool prints p50 and p95 in milliseconds,
the kB of a frame, and keys that painted twice. On Linux it also prints the processor time that a key took in all, which
other programs on the machine change less than they change the clock's.
"""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

ROWS, COLUMNS = 40, 120
BUDGET, MOONSHOT = 16.0, 8.0
"""Milliseconds, p95."""
STILL = 0.12
"""Seconds without output after which a frame counts as finished; longer than a second paint ever came late."""
SYNC_ASKED, SYNC_YES = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
CPU_OF_PROCESS = 2
"""Linux: what makes the id of a process (its complement, shifted by 3) the id of its processor's clock."""
FRAME_END = b"\x1b[?2026l"
KEYS = {"step": b"\x1b[C", "back": b"\x1b[D", "select": b"j", "notation": b"d", "values": b"v", "finer": b","}
THINGS = ["(x + 2) * (x - 1) x=3", "samples/microgpt/05_backward.py", "deep"]
DEEP = """
from tracer import Value, scope
xs = [Value(0.1 * i) for i in range(40)]
h = xs
for layer in range(6):
    with scope(f"layer{layer}"):
        h = [(h[i] * xs[(i + layer) % 40] + h[i - 1]).tanh() for i in range(40)]
sum(h[1:], h[0]).backward()
"""


@dataclass
class Times:
    """What was measured of one key."""

    first: list[float] = field(default_factory=list)
    """Milliseconds to the first write."""
    last: list[float] = field(default_factory=list)
    """Milliseconds to the last write."""
    size: list[int] = field(default_factory=list)
    work: list[float] = field(default_factory=list)
    """Milliseconds of the processor's time, the writes included."""
    work_first: list[float] = field(default_factory=list)
    """Milliseconds of the processor's time up to the first write."""
    twice: int = 0
    """Presses after which more than one frame came."""


class Terminal:
    """A program on a pseudo-terminal."""

    def __init__(self, command: list[str], environ: dict[str, str], columns: int = COLUMNS, rows: int = ROWS) -> None:
        self.master, slave = pty.openpty()
        ioctl(slave, TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.child = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environ, start_new_session=True
        )
        os.close(slave)
        self.column = 1

    def read(self, still: float = STILL, limit: float = 20.0) -> list[tuple[float, bytes]]:
        """Chunks with their times, until nothing came for `still` seconds."""
        chunks: list[tuple[float, bytes]] = []
        end = time.perf_counter() + limit
        while time.perf_counter() < end and select.select([self.master], [], [], still)[0]:
            try:
                chunk = os.read(self.master, 1 << 18)
            except OSError:
                break
            chunks.append((time.perf_counter(), chunk))
            for _ in range(chunk.count(b"\x1b[6n")):  # the probe of symbol widths
                os.write(self.master, f"\x1b[1;{self.column}R".encode())
                self.column += 2
            if SYNC_ASKED in chunk:
                os.write(self.master, SYNC_YES)
        return chunks

    def press(self, key: bytes, times: Times, patience: float = STILL) -> None:
        """Press a key and read what it paints.

        Args:
            patience: seconds after which it has changed nothing.
        """
        self.read(still=0)  # what a blinking cursor wrote meanwhile is not this key's
        worked, start = self.worked(), time.perf_counter()
        os.write(self.master, key)
        select.select([self.master], [], [], patience)
        until_first = self.worked()
        chunks = self.read()
        if not chunks:
            return  # the key changed nothing
        times.work.append(self.worked() - worked)
        times.work_first.append(until_first - worked)
        told = b"".join(chunk for _, chunk in chunks)
        times.first.append((chunks[0][0] - start) * 1000)
        times.last.append((chunks[-1][0] - start) * 1000)
        times.size.append(len(told))
        times.twice += told.count(FRAME_END) > 1

    def worked(self) -> float:
        """Milliseconds the program has been on a processor; 0 where the system does not tell."""
        try:
            return time.clock_gettime(~self.child.pid << 3 | CPU_OF_PROCESS) * 1000
        except OSError:
            return 0.0

    def close(self) -> None:
        self.child.send_signal(signal.SIGKILL)
        self.child.wait()
        os.close(self.master)


def measure(words: list[str], environ: dict[str, str]) -> dict[str, Times]:
    terminal = Terminal([sys.executable, "-m", "tracer", "open", *words], environ)
    try:
        opened = b"".join(chunk for _, chunk in terminal.read(still=8.0))
        if b"\x1b[?1049h" not in opened:
            sys.exit(f"it did not open: {opened[-1000:].decode(errors='replace')}")
        terminal.press(b"0", Times())
        found = {name: Times() for name in KEYS}
        for _ in range(25):
            for name, key in KEYS.items():
                terminal.press(key, found[name])
                if name == "finer":
                    terminal.press(b".", found[name])
                if name == "back":
                    terminal.press(KEYS["step"], found["step"])
        return found
    finally:
        terminal.close()


def percentile(numbers: list[float], part: float) -> float:
    ordered = sorted(numbers)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "settings.json").write_text(json.dumps({"version": 1, "lang": "en", "theme": "dark"}))
        (folder / "deep.py").write_text(DEEP)
        environ = {**os.environ, "TRACER_CONFIG_DIR": place, "TERM": "xterm-256color", "LANG": "en_GB.UTF-8"}
        environ["COLORTERM"] = "truecolor"
        worst = 0.0
        for thing in sys.argv[1:] or THINGS:
            words = [str(folder / "deep.py")] if thing == "deep" else _words(thing)
            print(f"{thing}   {COLUMNS}x{ROWS}")
            for name, times in measure(words, environ).items():
                if not times.first:
                    print(f"  {name:9} changed nothing")
                    continue
                p50, p95 = statistics.median(times.first), percentile(times.first, 0.95)
                worst = max(worst, p95)
                work = statistics.median(times.work)
                last, size = percentile(times.last, 0.95), statistics.median(times.size) / 1000
                print(
                    f"  {name:9} p50 {p50:5.1f} ms   p95 {p95:5.1f} ms   last write {last:5.1f} ms   {size:5.1f} kB"
                    f"   processor {work:5.1f} ms   painted twice {times.twice}/{len(times.first)}"
                )
        print(f"worst p95 {worst:.1f} ms   budget {BUDGET:.0f}   moonshot {MOONSHOT:.0f}")


def _words(thing: str) -> list[str]:
    """`(x + 2)(x - 1) x=3` as the command line takes it: what has an = is an assignment."""
    *expression, last = thing.rsplit(" ", 1)
    return [*expression, last] if "=" in last and expression else [thing]


if __name__ == "__main__":
    main()
