"""`tracer train` on text at the command line: what is odd about a file is said, what is wrong is one message."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.shell import Shell

pytestmark = pytest.mark.deep  # each case starts a process

FILES: dict[str, bytes] = {
    "good.txt": b"anna\nbob\ncara\n",
    "empty.txt": b"",
    "blank.txt": b"\n \n\n",
    "one.txt": b"aaa\naaa\n",
    "long.txt": b"abcdefghij" * 5 + b"\nabc\n",
    "crlf.txt": b"anna\r\nbob\r\ncara\r\n",
    "bom.txt": b"\xef\xbb\xbfanna\nbob\ncara\n",
    "latin.txt": "andré\nbob\n".encode("latin-1"),
    "wide.txt": "anna\nbob\n".encode("utf-16"),
}


@pytest.fixture
def files(shell: Shell) -> Shell:
    for name, data in FILES.items():
        Path(shell.folder, name).write_bytes(data)
    Path(shell.folder, "folder.txt").mkdir()
    return shell


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--data", "empty.txt"], "empty.txt is empty"),
        (["--data", "blank.txt"], "blank.txt"),
        (["--data", "latin.txt"], "latin.txt is not text in UTF-8: byte 5, in line 1"),
        (["--data", "wide.txt"], "UTF-16"),
        (["--data", "folder.txt"], "folder.txt is a folder"),
        (["--data", "absent.txt"], "there is no text or file called 'absent.txt'"),
        (["--data", "nmes"], "Did you mean 'names'?"),
        (["--data", "moons"], "learns text"),
        (["--data", "/dev/zero"], "is a pipe or a device"),
        (["--n-embd", "10", "--n-head", "4"], "n_embd=10: n_head=4 must divide it"),
        (["--norm", "batch"], "norm=batch: it is one of rms, layer, off"),
        (["--n-layer", "1.5"], "n_layer=1.5"),
        (["--residual", "maybe"], "residual=maybe"),
        (["--dtype", "float16"], "dtype=float16"),
        (["--init", "absent.json"], "absent.json: no such file"),
        (["--init", "good.txt"], "good.txt"),
        (["--data", "good.txt", "--document", "xyz"], "none of the 6 that are trained on"),
        (["--run", "good.txt"], "good.txt: there is something already"),
        (["--hidden", "3"], "'hidden'"),
    ],
)
def test_what_is_wrong_is_one_message_and_leaves_nothing(files: Shell, words: list[str], says: str) -> None:
    before = {path for path in files.folder.rglob("*") if ".settings" not in path.parts}
    assert says in files.refused("train", "gpt", *words)
    assert {path for path in files.folder.rglob("*") if ".settings" not in path.parts} == before


@pytest.mark.parametrize("name", ["one.txt", "long.txt", "crlf.txt", "bom.txt"])
@pytest.mark.parametrize("engine", ["tensor", "scalar"])
def test_what_is_odd_is_trained_on_all_the_same(files: Shell, name: str, engine: str) -> None:
    ran = files("train", "gpt", "--data", name, "--steps", 2, "--n-embd", 4, "--n-head", 2, "--engine", engine)
    assert ran.code == 0
    assert len(ran.out.splitlines()) == 2
    assert ran.err.endswith(f"kept in runs/{name.removesuffix('.txt')}-42\n")


def test_line_ends_and_a_byte_order_mark_change_no_number(files: Shell) -> None:
    words = ["train", "gpt", "--steps", 2, "--no-save", "--data"]
    plain = files(*words, "good.txt")
    for name in ("crlf.txt", "bom.txt"):
        other = files(*words, name)
        assert other.out == plain.out
        assert other.err.startswith("tracer: ")


def test_one_long_text_is_read_in_windows(files: Shell) -> None:
    ran = files("train", "gpt", "--data", "long.txt", "--mode", "text", "--steps", 2, "--block-size", 8, "--no-save")
    assert ran.code == 0
    assert "learns points" in files.refused("train", "mlp", "--data", "good.txt")
