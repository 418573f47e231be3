"""`log.jsonl`: a line for each step that was taken, in order.

    {"step": 1, "loss": 3.2958368660043291, "seconds": 0.0021, "lr": 0.01}

A line may also hold what was seen after the step: `accuracy`, `wrong`, `boundary`, `eval`, `samples`, and `broken`, the
parameter that is not finite any more; and what was seen while it was taken: `signals`, a few numbers of every tapped
thing and every parameter, and `anchors`, the axes of the embeddings' planes. Numbers are written so that they are read
back bit for bit; those that are not finite are the words "nan", "inf", "-inf". The last line may be torn: a run that is
killed leaves one.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tracer.errors import NotFoundError
from tracer.train import anchors
from tracer.train.about import Said, damaged, finite_or_word, read_regular
from tracer.train.report import Boundary, Look, Report, Sample
from tracer.train.signals import Signals

NAME = "log.jsonl"
MOST_BYTES = 4 << 30
"""Of a log: ten million steps take 1 GB."""


def line_of(report: Report) -> bytes:
    """The line of a step."""
    said: dict[str, Any] = {"step": report.step, "loss": finite_or_word(report.loss), "seconds": report.seconds}
    if report.lr is not None:
        said["lr"] = finite_or_word(report.lr)
    if report.look is not None:
        said |= report.look.to_json()
    if report.eval is not None:
        said["eval"] = finite_or_word(report.eval)
    if report.samples:
        said["samples"] = [[one.text, one.temperature] for one in report.samples]
    if report.broken is not None:
        said["broken"] = report.broken
    if report.signals is not None:
        said["signals"] = report.signals.to_json()
    if report.anchors:
        said["anchors"] = anchors.to_json(report.anchors)
    return json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"


def read(folder: Path) -> tuple[tuple[Report, ...], tuple[int, ...]]:
    """The reports in a run's log, and after each of them where in the file the next begins.

    Raises:
        FileFormatError: a line is no report of the step that is due. Without a log there are none.
    """
    path = folder / NAME
    try:
        data = read_regular(path, MOST_BYTES)
    except NotFoundError:
        return (), ()
    reports: list[Report] = []
    ends: list[int] = []
    end = 0
    for number, line in enumerate(data.split(b"\n")[:-1], 1):  # what follows the last line break is torn
        end += len(line) + 1
        reports.append(_report(path, number, line))
        ends.append(end)
    return tuple(reports), tuple(ends)


def count(folder: Path) -> int:
    """How many whole lines a run's log has: the steps that were taken."""
    try:
        with open(folder / NAME, "rb") as file:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
    except OSError:
        return 0


def read_from(folder: Path, offset: int) -> tuple[tuple[Report, ...], int]:
    """The reports from a place in the log on, and the place after them; a torn line is left for the next time.

    Raises:
        FileFormatError: a line is no report.
    """
    path = folder / NAME
    try:
        with open(path, "rb") as file:
            file.seek(max(0, offset - 1))
            if offset and file.read(1) != b"\n":  # it was cut since, and is another now
                offset = 0
                file.seek(0)
            data = file.read()
    except (OSError, ValueError):  # gone, or not there yet
        return (), offset
    lines = data.split(b"\n")[:-1]
    return tuple(_report(path, None, line) for line in lines), offset + sum(len(line) + 1 for line in lines)


def _report(path: Path, number: int | None, line: bytes) -> Report:
    where = path if number is None else Path(f"{path}:{number}")
    try:
        found = json.loads(line.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        raise damaged(
            where, "this line is not whole, or not JSON", "この行は壊れているか、JSON ではありません"
        ) from None
    said = Said(where, found)
    step = said.whole("step")
    if number is not None and step != number:
        raise damaged(
            where,
            f"step {step:,} stands where step {number:,} is due",
            f"ステップ {number:,} の行に {step:,} があります",
        )
    return Report(
        step,
        said.number("loss"),
        said.number("seconds"),
        _look(where, said),
        said.number("lr") if said.get("lr") is not None else None,
        said.number("eval") if said.get("eval") is not None else None,
        _samples(where, said.get("samples")),
        said.word_or_none("broken"),
        _signals(where, said.get("signals")),
        _anchors(where, said.get("anchors")),
    )


def _look(where: Path, said: Said) -> Look | None:
    """What was seen of the model; of a boundary that cannot be read, only the accuracy."""
    if said.get("accuracy") is None:
        return None
    wrong = said.get("wrong")
    if not isinstance(wrong, list) or not all(type(one) is int for one in wrong):
        raise damaged(where, "wrong is no list of whole numbers", "wrong が整数の並びではありません")
    found: Boundary | None = None
    if said.get("boundary") is not None:
        try:
            found = Boundary.of(said.get("boundary"))
            fits = found.scores.ndim == 2 and all(isinstance(one, float | int) for one in _box(found))
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
            fits = False
        if not fits:
            raise damaged(where, "boundary is no grid of scores", "boundary がスコアの格子ではありません")
    return Look(said.number("accuracy"), tuple(wrong), found)


def _box(boundary: Boundary) -> tuple[Any, ...]:
    return boundary.left, boundary.right, boundary.bottom, boundary.top


def _samples(where: Path, found: Any) -> tuple[Sample, ...]:
    listed = [] if found is None else found
    try:
        samples = tuple(Sample(text, float(temperature)) for text, temperature in listed)
    except (TypeError, ValueError, OverflowError):
        samples = (Sample(None, 0.0),)  # type: ignore[arg-type]
    if not all(isinstance(one.text, str) for one in samples):
        raise damaged(where, "samples are no texts with temperatures", "samples が文と温度の組ではありません")
    return samples


def _signals(where: Path, found: Any) -> Signals | None:
    try:
        return None if found is None else Signals.of(found)
    except (ValueError, OverflowError):
        raise damaged(where, "signals are no numbers by name", "signals が名前ごとの数になっていません") from None


def _anchors(where: Path, found: Any) -> dict[str, anchors.Axes]:
    try:
        return {} if found is None else anchors.of(found)
    except ValueError:
        raise damaged(where, "anchors are no axes", "anchors が軸になっていません") from None


class LogWriter:
    """Appends lines. What cannot be written waits, and goes before whatever comes later.

    Args:
        folder: of the run.
        size: bytes of the file that are to stay; the rest is cut off.

    Raises:
        OSError: it cannot be opened.
    """

    def __init__(self, folder: Path, size: int) -> None:
        flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        self._file = os.open(folder / NAME, flags, 0o666)
        self._size = size
        self._waiting = bytearray()
        os.ftruncate(self._file, size)

    def add(self, report: Report) -> None:
        """One more line.

        Raises:
            OSError: it could not be written, and waits.
        """
        self._waiting += line_of(report)
        self.flush()

    def flush(self) -> None:
        """Write what waits, whole lines only: a part of one would spoil what comes after it.

        Raises:
            OSError: not all of it could be.
        """
        written = 0
        try:
            while written < len(self._waiting):
                written += os.pwrite(self._file, self._waiting[written:], self._size + written)
        except OSError:
            written = self._waiting.rfind(b"\n", 0, written) + 1
            os.ftruncate(self._file, self._size + written)
            raise
        finally:
            self._size += written
            del self._waiting[:written]

    def sync(self) -> None:
        """Have it on disk.

        Raises:
            OSError: it is not.
        """
        self.flush()
        os.fsync(self._file)

    def close(self) -> None:
        os.close(self._file)
