"""How long opening a saved trace takes, to its first picture on a pseudo-terminal of 120x40, and what takes that long.

    python tests/bench/bench_open.py TRACE [RUNS]

`tracer open TRACE` as a user types it: seconds on the clock, and the most memory it had. Then the same in parts, in
processor time, which a busy machine disturbs less: Python and imports; reading the file; folding, up to the graph that
is drawn; the rest of the app up to its first frame. Runs of both kinds take turns; the first ones warm the caches.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from bench_start import start_once

BUDGET, MOONSHOT, MEMORY = 2.0, 0.7, 300
PICTURE = (b"position", "╰".encode())
"""What is on the screen once a trace is: the position, and a box of its graph."""
PARTS = ("imports", "reading", "folding", "first picture")
TAKEN_APART = """
import json, resource, sys, time
from functools import wraps
from time import process_time as now

spent = {"imports": 0.0, "reading": 0.0, "folding": 0.0}
def timed(module, name, part):
    plain = getattr(module, name)
    @wraps(plain)
    def counted(*args, **options):
        begun = now()
        try:
            return plain(*args, **options)
        finally:
            spent[part] += now() - begun
    setattr(module, name, counted)

import tracer.tui.start as start
import tracer.lessons.runner
timed(tracer.lessons.runner, "load", "reading")
run_app = start.run_app
def taken_apart(*args, **options):
    import tracer.scene.arrange, tracer.tui.app, tracer.tui.screens.stepper
    timed(tracer.scene.arrange, "draw_graph", "folding")
    timed(tracer.tui.screens.stepper, "first_folding", "folding")
    shown = tracer.tui.app.GradientTracer
    ready = shown.on_ready
    def on_ready(self):
        end = now()
        spent["first picture"] = end - begun - spent["folding"]
        spent["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        with open(sys.argv[2], "w") as file:
            json.dump(spent, file)
        self.exit(message="taken apart")
    shown.on_ready = on_ready
    begun = now()
    spent["imports"] = begun - spent["reading"]
    return run_app(*args, **options)
start.run_app = taken_apart
from tracer.__main__ import main
sys.exit(main(["open", sys.argv[1]]))
"""


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    trace, runs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 9
    whole: list[float] = []
    apart: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "settings.json").write_text(json.dumps({"lang": "en"}))
        told = folder / "apart.json"
        for turn in range(runs + 1):
            seconds = max(start_once([sys.executable, "-m", "tracer", "open", trace], PICTURE, folder))
            start_once([sys.executable, "-P", "-c", TAKEN_APART, trace, str(told)], (b"taken apart",), folder)
            if turn:  # from here on, Python's caches are warm
                whole.append(seconds)
                apart.append(json.loads(told.read_text()))
    print(f"to the first picture   {spread(whole)} s of {runs}; budget {BUDGET} s, moonshot {MOONSHOT} s")
    memory = [run["memory"] for run in apart]
    print(f"memory                 {statistics.median(memory):.0f} MB at most; budget {MEMORY} MB")
    print(f"processor time         {spread([sum(run[part] for part in PARTS) for run in apart])} s, of that")
    for part in PARTS:
        print(f"  {part:20} {spread([run[part] for run in apart])} s")


def spread(values: list[float]) -> str:
    """Median, and the least and the most."""
    return f"{statistics.median(values):.3f} ({min(values):.3f}-{max(values):.3f})"


if __name__ == "__main__":
    main()
