"""The lesson offered for a block that does not run: by section in a document of ours, by words elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracer.lessons.content import Catalogue, Group, catalogue
from tracer.lessons.documents.nearest import Shelf, nearest_lesson, words_of
from tracer.lessons.documents.reading import read_document
from tracer.text import Text

OURS = "06-backpropagation"

BY_SECTION = [
    ("6.3", "the graph", "y = (x + 2) * (x - 1)", "06-backpropagation/03_graph", "The lesson of section 6.3"),
    ("6.7.3", "", "for epoch in range(n):\n    optimizer.zero_grad()", "training_loop", "The lesson of section 6.7.3"),
    ("6.2", "", "t = tensor(2.0)\nx = t**2\ny = t**3", "", "A lesson of section 6.2."),
    ("6.3.2", "forward", "a = x + 2", "06-backpropagation/03_graph", "The lesson of section 6.3, which section 6.3.2"),
    ("6.1.9", "", "x", "", "Section 6.1.9 has no lesson; the nearest in its chapter is that of 6."),
    ("9.9", "softmax", "loss = F.cross_entropy(logits, target)", "softmax", "There is no lesson of this section"),
    ("", "ReLU", "y = torch.relu(x)", "relu", "There is no lesson of this section; the nearest of all"),
]


@pytest.mark.parametrize(("section", "heading", "code", "name", "why"), BY_SECTION)
def test_in_a_document_of_ours_the_section_decides(section: str, heading: str, code: str, name: str, why: str) -> None:
    """Its own lesson, one inside it, the one around it, one of its chapter, the nearest of all: and it says which."""
    found = nearest_lesson(OURS, section, heading, code)
    assert found.name is not None
    assert name in found.name
    assert found.why.en.startswith(why)
    assert found.why.ja != found.why.en


def test_other_languages_lead_to_the_lesson_of_their_section() -> None:
    code = "backward() {\n  const topo = [];\n  child.grad += localGrad * v.grad;\n}"
    found = nearest_lesson("microgpt-backpropagation", "3.2", "`backward()`", code)
    assert found.name == "microgpt/05_backward"


def test_elsewhere_words_decide_and_sections_of_strangers_mean_nothing() -> None:
    """Section 6.3 of another document is not ours."""
    code = "probs = softmax(logits)\nloss = cross_entropy(logits, target)"
    assert "softmax" in str(nearest_lesson("my-notes", "6.3", "Softmax and cross-entropy", code).name)
    nothing = nearest_lesson("my-notes", "6.3", "Fetching", "SELECT name FROM users WHERE id = 3")
    assert nothing.name is None
    assert nothing.why == Text("No lesson is like this block.", "このブロックに近いレッスンはありません。")


def test_every_lesson_is_the_nearest_to_its_own_program() -> None:
    """But for a few that are nearly the same program twice."""
    lessons = catalogue().lessons
    found = {
        lesson.name: nearest_lesson("my-notes", "", lesson.title.en, lesson.program.read_text(encoding="utf-8")).name
        for lesson in lessons
    }
    astray = [name for name, near in found.items() if near != name]
    assert len(astray) <= len(lessons) / 6, astray


def test_each_lesson_of_a_section_is_reached() -> None:
    """A document of ours names its folder in `about.toml`."""
    groups = {group.name: group.accompanies for group in catalogue().groups}
    assert groups["06-backpropagation"] == ("06-backpropagation",)
    assert groups["microgpt"] == ("microgpt-backpropagation",)
    for group in catalogue().groups:
        for document in group.accompanies:
            for lesson in group.lessons:
                if lesson.section:
                    near = nearest_lesson(document, lesson.section, lesson.title.en, "")
                    assert near.name is not None
                    assert near.name.startswith(f"{group.name}/")


def test_words_are_names_their_parts_and_pairs_of_characters() -> None:
    assert words_of("x = F.crossEntropy(z_2 @ W1) # 勾配の蓄積") >= {
        "crossentropy", "entropy", "matmul", "勾配", "蓄積",
    } - {"crossentropy"}  # fmt: skip
    assert words_of("for x in self: print(x)") == frozenset()


def test_without_lessons_none_is_near() -> None:
    """Neither in an empty catalogue nor in a folder that has none of its own."""
    root = Path()
    assert Shelf(Catalogue(root, (), (), (), ())).nearest("a", "1", "x", "x").name is None
    empty = Group("g", Text.same("g"), (), (), ("a",))
    assert Shelf(Catalogue(root, (empty,), (), (), ())).nearest("a", "1", "x", "x").name is None


def test_a_document_is_read_with_our_lessons(tmp_path: Path) -> None:
    """By default a fragment is given the nearest of the catalogue."""
    path = tmp_path / "06-backpropagation.md"
    path.write_text("## 6.3 Graphs\n\n```python\ny = (x + 2) * (x - 1)\n```\n", encoding="utf-8")
    (only,) = read_document(path).blocks
    assert (only.kind, only.needs, only.nearest) == ("fragment", ("x",), "06-backpropagation/03_graph")
    assert only.nearest_why.en.startswith("The lesson of section 6.3: ")


@pytest.mark.parametrize(
    ("section", "heading", "code", "slug"),
    [
        ("4.2", "Embedding（埋め込み）と勾配", "const tokEmb = stateDict.wte[tokenId];", "embedding"),
        ("4.3.1", "Q/K/V 射影の学習", "const q = linear(x, stateDict.attn_wq);", "one_head"),
        ("4.4", "ReLUと勾配の「ゲート」", "relu() { return Math.max(0, this.data); }", "gate"),
        ("4.5", "残差接続", "x = x.map((a, i) => a.add(xResidual[i])); // 変換結果 + 元の入力", "residual"),
        ("4.6", "RMSNorm", "const scale = ms.add(1e-5).pow(-0.5);", "rmsnorm"),
        ("4.7", "lm_head（出力層）と損失", "const lossT = probs[targetId].log().neg();", "loss"),
        ("5.2", "Adamの仕組み", "const mHat = m[i] / (1 - Math.pow(beta1, step + 1));", "adam"),
        ("5.3", "勾配のリセット", "p.grad = 0;  // 勾配をリセット", "adam"),
        ("6", "学習1ステップの全体フロー", "loss.backward()", "one_step"),
        ("7", "勾配フロー", "gradNorms[name] = Math.sqrt(sumSq);", "gradient_flow"),
    ],
)
def test_blocks_of_the_microgpt_document_lead_to_lessons_of_their_sections(
    section: str, heading: str, code: str, slug: str
) -> None:
    """JavaScript does not run here; what its part of the GPT does is a lesson."""
    found = nearest_lesson("microgpt-backpropagation", section, heading, code).name
    assert found is not None
    assert found.partition("_")[2] == slug
