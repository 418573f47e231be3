"""What a frame of the dashboard costs: each panel by itself, and each key on a pseudo-terminal.

    python tests/bench/bench_dashboard_frames.py panels
    python tests/bench/bench_dashboard_frames.py keys [RUN]

`panels`: milliseconds of the processor to work out what each panel shows, and to draw it as large as it stands on a
terminal of 120x40; the values and the gradients, of a small model (the defaults) and a large one (4 layers, 8 heads, 64
positions, 3,000 symbols). p50 and p95 over steps that all differ, so that nothing is remembered.

`keys`: from the write of a key to the first write of the frame, and the processor's time, on the dashboard of a run
that is over (one of 300 steps is trained for it unless RUN names a folder).
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import process_time

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from bench_keys import BUDGET, MOONSHOT, Terminal, Times, percentile  # noqa: E402

from tests.train.canned import observation, text_reports, text_setup  # noqa: E402
from tracer.panels.panel import Choice, RunView  # noqa: E402
from tracer.panels.registry import PANELS  # noqa: E402
from tracer.train.history import History  # noqa: E402

TILE = 38, 10
"""Cells inside a panel where nine stand on 120x40."""
STEPS = 40
KEYS = {
    "back": b"\x1b[D",
    "on": b"\x1b[C",
    "gradients": b"v",
    "head": b"H",
    "position": b"P",
    "panel": b"\t",
    "select": b"l",
    "log": b"Y",
    "enlarge": b"z",
}


def views(**model: int) -> Iterator[RunView]:
    """A run at each of its steps."""
    history = History()
    for report in text_reports(STEPS):
        history.add(report)
        yield RunView(text_setup(STEPS), history.past, report.step, observation(report.step, **model))


def panels() -> None:
    """One line a panel."""
    models = {"small": {}, "large": {"layers": 4, "heads": 8, "positions": 64, "symbols": 3000}}
    print(f"{'':14}" + "".join(f"{name:>12} data  draw   p95" for name in models))
    total = dict.fromkeys(models, 0.0)
    for panel in PANELS:
        for grad in (False, True) if panel.twin else (False,):
            line = f"{panel.id + (' ∂' if grad else ''):14}"
            for name, model in models.items():
                worked, drew = [], []
                for view in views(**model):
                    if not panel.applies(view.setup, view.observation):
                        break
                    start = process_time()
                    data = panel.data(view, choice := Choice(grad=grad))
                    between = process_time()
                    panel.draw(data, choice, width=TILE[0], height=TILE[1])
                    worked.append((between - start) * 1000)
                    drew.append((process_time() - between) * 1000)
                if not worked:
                    line += f"{'–':>29}"
                    continue
                both = [a + b for a, b in zip(worked, drew, strict=True)]
                p50 = [statistics.median(worked), statistics.median(drew)]
                line += f"{p50[0]:17.2f} {p50[1]:5.2f} {percentile(both, 0.95):5.2f}"
                total[name] += statistics.median(both) if not grad else 0.0
            print(line)
    print("all values, ms: " + "   ".join(f"{name} {ms:.1f}" for name, ms in total.items()))


def keys(run: str) -> None:
    """One line a key."""
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "settings.json").write_text('{"version": 1, "lang": "en", "theme": "dark"}')
        environ = {**os.environ, "TRACER_CONFIG_DIR": place, "TERM": "xterm-256color", "LANG": "en_GB.UTF-8"}
        environ["COLORTERM"] = "truecolor"
        terminal = Terminal([sys.executable, "-m", "tracer", "open", run], environ)
        worst = 0.0
        try:
            terminal.read(still=6.0)
            found = {name: Times() for name in KEYS}
            for _ in range(20):
                for name, key in KEYS.items():
                    terminal.press(key, found[name])
                terminal.press(KEYS["enlarge"], Times())
        finally:
            terminal.close()
    for name, times in found.items():
        if not times.first:
            print(f"  {name:10} changed nothing")
            continue
        p95 = percentile(times.first, 0.95)
        worst = max(worst, p95)
        print(
            f"  {name:10} p50 {statistics.median(times.first):5.1f} ms   p95 {p95:5.1f} ms   last write"
            f" {percentile(times.last, 0.95):5.1f} ms   {statistics.median(times.size) / 1000:5.1f} kB   processor"
            f" p50 {statistics.median(times.work_first):5.1f} ms, p95 {percentile(times.work_first, 0.95):5.1f} ms"
            f" to the first write, {statistics.median(times.work):5.1f} ms in all"
        )
    print(f"worst p95 {worst:.1f} ms   budget {BUDGET:.0f}   moonshot {MOONSHOT:.0f}")


def trained(folder: Path) -> str:
    """A run of 300 steps of the default model."""
    command = [sys.executable, "-m", "tracer", "train", "gpt", "--steps", "300", "--plain"]
    subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, capture_output=True)
    return str(next((folder / "runs").iterdir()))


def main() -> None:
    what, *rest = sys.argv[1:] or ["panels"]
    if what == "panels":
        panels()
        return
    with tempfile.TemporaryDirectory() as place:
        keys(rest[0] if rest else trained(Path(place)))


if __name__ == "__main__":
    main()
