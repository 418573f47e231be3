"""The blocks of a document run one after the other in a process; whatever one of them does, the others are there."""

from __future__ import annotations

import contextlib
import io
import math
import re
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from tracer.core.record import LeafKey
from tracer.errors import NotFoundError
from tracer.explain.explain import explain
from tracer.explain.proof import check_trace
from tracer.lessons.documents.child import compiled
from tracer.lessons.documents.document import Block, Document
from tracer.lessons.documents.process import DocumentRun, Edits, _SplitOutput, run_document
from tracer.lessons.documents.reading import read_document
from tracer.lessons.limits import Limits
from tracer.programs.process import OUTPUT_KEPT

pytestmark = pytest.mark.deep  # starts many processes, which is slow

DOCUMENTS = Path(__file__).resolve().parents[2] / "documents"


@pytest.fixture(scope="module")
def page() -> DocumentRun:
    """A long, well-behaved document, run once."""
    return run_document(read_document(DOCUMENTS / "gradients.md"))


@pytest.fixture(scope="module")
def cells() -> DocumentRun:
    return run_document(read_document(DOCUMENTS / "cells.ipynb"))


def written(folder: Path, text: str, name: str = "notes.md") -> Document:
    (folder / name).write_text(text, encoding="utf-8")
    return read_document(folder / name)


def blocks(*codes: str) -> str:
    return "\n\n".join(f"```python\n{code}\n```" for code in codes) + "\n"


# Running


def test_every_block_that_can_runs_and_its_numbers_check(page: DocumentRun) -> None:
    assert page.over
    assert len(page.blocks) >= 25
    assert {run.status for run in page.blocks} == {"ran"}
    for run in page.blocks:
        found = check_trace(run.trace)
        assert found.first_wrong is None, (run.block.line, found.summary.en)
    assert sum(bool(run.trace.passes) for run in page.blocks) >= 15


def test_fragments_other_languages_and_skipped_blocks_do_not_run(page: DocumentRun) -> None:
    left = [block for block in page.document.blocks if page.of(block.number) is None]
    assert [(block.kind, block.needs, block.skip) for block in left] == [
        ("fragment", ("inputs", "weights"), False),
        ("other", (), False),
        ("python", (), True),
    ]


def test_hidden_blocks_run_where_they_stand(page: DocumentRun) -> None:
    hidden = page.of(-1)
    assert hidden is not None
    order = [run.block.number for run in page.blocks]
    assert order.index(-1) > order.index(1)


def test_the_lines_are_the_documents(page: DocumentRun) -> None:
    run = page.of(1)
    assert run is not None
    line = run.trace.source(run.trace.find("y"))
    assert line == ("gradients.md", run.block.line + 3)
    text = run.trace.sources["gradients.md"].splitlines()
    assert text[line.line - 1] == "y = 3 * x**2"


def test_what_an_earlier_block_made_keeps_its_line_and_its_name(page: DocumentRun) -> None:
    last = next(run for run in page.blocks if "final = " in run.block.code)
    first = next(run for run in page.blocks if "W1 = " in run.block.code)
    weight = last.trace.find("W1")
    assert last.trace.source(weight) == ("gradients.md", first.block.line)
    assert last.trace.kind(weight) == "leaf"


def test_a_gradient_of_an_earlier_block_is_no_gradient_written_by_hand(cells: DocumentRun) -> None:
    trace = cells.blocks[2].trace
    said = explain(trace.cursor(2)).plain("en")
    assert "x comes with a gradient." in said
    assert "by hand" not in said
    assert "nothing vouches" not in said


oracle = pytest.mark.oracle


@oracle
@pytest.mark.parametrize("name", ["gradients.md", "cells.ipynb"])
def test_every_block_prints_what_pytorch_prints(name: str, page: DocumentRun, cells: DocumentRun) -> None:
    torch = pytest.importorskip("torch")
    run = cells if name.endswith("ipynb") else page
    names = {"torch": torch, "nn": torch.nn, "F": torch.nn.functional, "optim": torch.optim, "np": np, "math": math}
    namespace = {**names, "__name__": "__main__"}
    for done in run.blocks:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            for code in compiled(done.block.code, done.block.file, done.block.line, echo_of(done.block)):
                exec(code, namespace)
        assert plain(done.output) == plain(said.getvalue()), f"{done.block.file}:{done.block.line}"


def echo_of(block: Block) -> str:
    return "last" if ".ipynb" in block.file else "all" if ">>>" in block.shown else ""


def plain(text: str) -> str:
    return re.sub(r"0x[0-9a-f]+", "0x…", text)


def test_an_expression_shows_itself_at_a_prompt_and_at_the_end_of_a_cell(page: DocumentRun, cells: DocumentRun) -> None:
    prompt = next(run for run in page.blocks if ">>>" in run.block.shown)
    assert prompt.output == "tensor([2., 4.])\ntensor(3.)\n"
    assert [run.output for run in cells.blocks] == [
        "tensor(14., grad_fn=<SumBackward0>)\n",
        "tensor([2., 4., 6.])\n",
        "twice 12.0\n",
        "Linear(in_features=2, out_features=1, bias=True)\n",
    ]
    assert cells.blocks[0].trace.source(cells.blocks[0].trace.find("x")) == ("cells.ipynb#2", 4)


def test_torch_means_tracer_whichever_way_it_is_imported(tmp_path: Path) -> None:
    """In modules beside the document too, which never take the place of ours."""
    ways = [
        "import torch.nn.functional as G\nassert G is F",
        "from torch.optim import SGD\nassert SGD is optim.SGD",
        "from torch import nn as layers, Tensor\nassert layers is nn",
        "import torch.linalg, torch.cuda, torch.autograd.functional, torch.func, torch.optim.lr_scheduler",
        "import torch\nassert torch.__name__ == 'tracer' and torch.__spec__.name == 'tracer'",
        "import torch.utils.data",
        "from torch.lessons import runner",
    ]
    for name in ("torch", "tracer", "numpy", "json", "safetensors", "linecache", "tempfile"):
        (tmp_path / f"{name}.py").write_text(
            "raise SystemExit('a module beside the document took the place of ours')\n"
        )
    (tmp_path / "beside.py").write_text("import torch\nmade = torch.ones(2)\n")
    ways.insert(0, "import beside\nassert beside.made.sum() == 2")
    run = run_document(written(tmp_path, blocks(*ways)))
    assert [done.status for done in run.blocks] == ["ran"] * 6 + ["failed"] * 2
    assert "No module named 'torch.utils' here" in run.blocks[6].outcome.error
    assert run.blocks[6].outcome.where == "notes.md:31"


def test_progress_tells_each_block_as_it_comes_and_upto_ends_early(tmp_path: Path) -> None:
    document = written(tmp_path, blocks("a = 1", "b = missing", "c = 3", "d = 4"))
    told: list[tuple[int, int | None]] = []
    run = run_document(
        document,
        progress=lambda so_far, block: told.append((len(so_far.blocks), block.number if block else None)),
        upto=3,
    )
    assert told == [(0, 1), (1, None), (1, 3), (2, None)]
    assert [done.block.number for done in run.blocks] == [1, 3]
    with pytest.raises(NotFoundError, match="no block 2 that runs"):
        run_document(document, upto=2)


def test_stop_ends_one_block_and_give_up_all(tmp_path: Path) -> None:
    document = written(tmp_path, blocks("while True:\n    pass", "print(1)", "while True:\n    pass", "y = 1"))
    stop, give_up = threading.Event(), threading.Event()

    def press(so_far: DocumentRun, running: Block | None) -> None:
        if running is not None and running.number in (1, 3):
            (stop if running.number == 1 else give_up).set()

    run = run_document(document, progress=press, stop=stop, give_up=give_up)
    assert [(done.block.number, done.status) for done in run.blocks] == [(1, "stopped"), (2, "ran"), (3, "stopped")]
    assert run.blocks[1].output == "1\n"
    assert run.interrupted
    assert not stop.is_set()


# Editing


TWO = blocks(
    "W = torch.tensor([1.0, 2.0], requires_grad=True); b = torch.tensor(0.5, requires_grad=True)\nh = W * 3",
    "y = (h + b).sum()\ny.backward()",
    "with torch.no_grad():\n    W -= W.grad",
    "L = (W * W).sum()\nL.backward()",
    "plain = torch.tensor([1.0, 2.0]) * 2",
    "out = (plain * W).sum()\nimport random\nprint(torch.randn(2), np.random.rand(), random.random())",
)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> DocumentRun:
    return run_document(written(tmp_path_factory.mktemp("two"), TWO))


def key_of(run: DocumentRun, number: int, name: str) -> LeafKey:
    done = run.of(number)
    assert done is not None
    key: LeafKey = done.trace.leaf_key(done.trace.find(name))
    return key


def test_a_leaf_of_an_earlier_block_is_changed_where_it_was_made(two: DocumentRun) -> None:
    """So that what was made of it there follows."""
    from tracer.lessons.documents.thing import block_thing

    thing = block_thing(two.document, two, 2)
    again = thing.rerun({key_of(two, 2, "W"): {1: 10.0}, key_of(two, 2, "b"): 1.5})
    end = again.trace.cursor(-1)
    assert end.data("h").tolist() == [3.0, 30.0]  # type: ignore[union-attr]
    assert float(end.data("y")) == 36.0  # type: ignore[arg-type]
    assert check_trace(again.trace).first_wrong is None
    assert again.command(3) == f"tracer open {two.document.path} 'W[1]=10' b=1.5 --block 2 --at 3"


def test_a_leaf_that_was_updated_since_is_changed_where_it_is_used(two: DocumentRun) -> None:
    """It shows what the update left, and that is what one changes."""
    from tracer.lessons.documents.thing import block_thing

    thing = block_thing(two.document, two, 4)
    assert thing.trace.value(thing.trace.find("W")).tolist() == [-2.0, -1.0]
    again = thing.rerun({key_of(two, 4, "W"): {0: 5.0}}).trace
    assert again.cursor(-1).data("W").tolist() == [5.0, -1.0]  # type: ignore[union-attr]
    assert float(again.cursor(-1).data("L")) == 26.0  # type: ignore[arg-type]
    assert check_trace(again).first_wrong is None


def test_what_was_computed_without_a_gradient_can_be_changed_too(two: DocumentRun) -> None:
    """And random numbers that nobody has seeded are the same in the run that follows."""
    from tracer.lessons.documents.thing import block_thing

    thing = block_thing(two.document, two, 6)
    made = thing.rerun({key_of(two, 6, "plain"): {1: 100.0}})
    assert made.output == thing.output
    assert made.output.startswith("tensor([")
    again = made.trace
    assert again.cursor(-1).data("plain").tolist() == [2.0, 100.0]  # type: ignore[union-attr]
    assert check_trace(again).first_wrong is None


def test_a_leaf_of_the_block_itself_is_changed_there(two: DocumentRun) -> None:
    run = run_document(two.document, edits=Edits({1: {key_of(two, 1, "W"): {0: 7.0}}}), upto=1)
    assert run.blocks[0].trace.cursor(-1).data("h").tolist() == [21.0, 6.0]  # type: ignore[union-attr]


# Hostile documents


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> DocumentRun:
    path = tmp_path_factory.mktemp("hostile") / "hostile.md"
    shutil.copy(DOCUMENTS / "hostile.md", path)
    stop = threading.Event()

    def press(so_far: DocumentRun, running: Block | None) -> None:
        if running is not None and "while True:\n    try" in running.code:
            stop.set()

    return run_document(read_document(path), limits=Limits(nodes=2_000), progress=press, stop=stop)


def ending_with(run: DocumentRun, words: str) -> tuple[str, str, str]:
    done = next(one for one in run.blocks if words in one.block.code)
    return done.status, done.outcome.error, done.output


@pytest.mark.deep
def test_an_endless_block_that_ignores_the_stop_is_killed_and_the_rest_runs(hostile: DocumentRun) -> None:
    assert ending_with(hostile, "while True:\n    try") == ("stopped", "", "")
    assert hostile.blocks[-1].status == "ran"
    assert hostile.blocks[-1].output == "tensor(6.) fine\n"
    assert check_trace(hostile.blocks[-1].trace).first_wrong is None
    assert hostile.over
    assert not hostile.interrupted


@pytest.mark.deep
def test_a_flood_is_kept_in_part_and_belongs_to_its_block(hostile: DocumentRun) -> None:
    status, _, output = ending_with(hostile, '"flood"')
    assert status == "ran"
    assert output.startswith("flood 0\nflood 1\n")
    assert output.endswith("flood 99998\nflood 99999\n")
    assert "bytes left out" in output
    assert len(output) < 3 * OUTPUT_KEPT


@pytest.mark.deep
@pytest.mark.parametrize(
    ("words", "status", "error", "output"),
    [
        ("os._exit(3)", "died", "exit code 3", "about to leave\n"),
        ("sys.exit(4)", "failed", "4", ""),
        ("input(", "failed", "EOFError: EOF when reading a line", "number? "),
        ("os.remove", "ran", "", "gone: True\n"),
        ("to nobody", "ran", "", ""),
        ("os.close(1)", "ran", "", "before\n"),
        ("sys.stdout.close()", "ran", "", ""),
        ("Thread", "ran", "", "a thread is left\n"),
        ("5_000_000", "limit", "2,000", ""),
        ("SIG_IGN", "ran", "", ""),
        ("ctypes.string_at", "died", "SIGSEGV", ""),
        ("closerange", "died", "exit code 70", "all closed\n"),
        ("ValueError", "failed", "ValueError: \ufffd]0;title\ufffd", ""),
    ],
)
def test_each_block_answers_for_itself(hostile: DocumentRun, words: str, status: str, error: str, output: str) -> None:
    assert ending_with(hostile, words) == (status, error, output)


@pytest.mark.deep
def test_a_recursion_without_end_is_an_exception_like_any_other(hostile: DocumentRun) -> None:
    status, error, _ = ending_with(hostile, "deep(0)")
    assert status == "failed"
    assert error.startswith("RecursionError")


@pytest.mark.deep
def test_what_a_block_computed_before_it_took_its_process_down_is_there(hostile: DocumentRun) -> None:
    done = next(one for one in hostile.blocks if "os._exit(3)" in one.block.code)
    assert float(done.trace.cursor(-1).data("y")) == 6.0  # type: ignore[arg-type]


@pytest.mark.deep
def test_a_limit_keeps_the_nodes_up_to_it(hostile: DocumentRun) -> None:
    done = next(one for one in hostile.blocks if "5_000_000" in one.block.code)
    assert done.trace.n_nodes == 2_000


def test_a_block_that_prints_the_mark_between_blocks_confuses_nobody() -> None:
    """It can be found in memory; what is no mark after it is printed like anything else."""
    sent = b"tokb0;one tokbXYZ; toke; tok two toke0;tokb1;threetoke1;"
    output = _SplitOutput(io.BytesIO(sent), "tok")
    assert [output.text_of(0), output.text_of(1)] == ["one tokbXYZ; toke; tok two ", "three"]
