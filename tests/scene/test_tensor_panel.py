"""One tensor's panel: what is known of it, its twin, the chosen element, and boxes that show its shape."""

from __future__ import annotations

import numpy as np
import pytest
from rich.cells import cell_len

import tracer
from tests.explain import tensor_programs
from tracer.core.record import record
from tracer.scene.canvas import draw
from tracer.scene.scene import build_scene
from tracer.scene.tensor import tensor_panel
from tracer.scene.values import values_panel
from tracer.text import LANGS, Lang
from tracer.trace.trace import Trace


def panel(trace: Trace, name: str, position: int = -1, width: int = 52, height: int = 8, **more: object) -> list[str]:
    cursor = trace.cursor(position)
    shown = tensor_panel(cursor, int(trace.find(name)), height=height, **more)  # type: ignore[arg-type]
    return [line.plain.rstrip() for line in shown.lines(width)]


def large() -> Trace:
    with record() as rec:
        x = tracer.tensor(np.arange(1200.0).reshape(30, 40) - 600, requires_grad=True).named("x")
        (x * x).mean().named("L").backward()
    return rec.trace


def test_values_and_gradient_stand_side_by_side_with_their_figures() -> None:
    assert panel(tensor_programs.layer(), "A", width=60) == [
        "A  (2, 3)  float32",
        "     0  1  2     ∂    0    1    2",
        " 0   1  2  3    0   1.5  1.5  1.5",
        " 1   4  5  6    1   1.5  1.5  1.5",
        "value  min 1  max 6  mean 3.5  std 1.871  ‖·‖ 9.539",
        "∂  min 1.5  max 1.5  mean 1.5  std 0  ‖·‖ 3.674",
    ]


def test_before_it_is_made_nothing_is_shown_of_it() -> None:
    trace = tensor_programs.layer()
    assert panel(trace, "C", 2) == ["C  ?   ∂ ?"]
    assert panel(trace, "C", trace.made_at(int(trace.find("C"))))[0] == "C  (2, 4)  float32   ∂ ?"


def test_data_without_gradient_says_so() -> None:
    assert panel(tensor_programs.trained(), "X")[0].endswith("∂ –")


def test_a_gradient_that_misses_a_contribution_says_so() -> None:
    trace = tensor_programs.moved()
    this = trace.passes[0]
    first = this.position_of(int(this.deliveries_to(int(trace.find("x")))[0]))
    assert panel(trace, "x", first)[0].endswith("∂ …")


def test_the_key_for_emphasis_chooses_the_face() -> None:
    trace = tensor_programs.layer()
    assert "∂" not in "".join(panel(trace, "A", show="values")[1:])
    assert panel(trace, "A", show="gradients")[1].startswith("  ∂")


def test_where_both_have_no_room_the_busy_one_is_shown_with_its_own_figures() -> None:
    trace = tensor_programs.layer()
    lines = panel(trace, "B", width=30)
    assert lines[1].startswith("  ∂")
    assert not any(line.startswith("value") for line in lines)
    made = panel(trace, "B", 2, width=30)
    assert "∂" not in made[1]


def test_a_chosen_element_is_told_with_every_digit_of_its_dtype() -> None:
    with record() as rec:
        x = tracer.tensor([[0.1, 0.2], [1 / 3, 4.0]], requires_grad=True).named("x")
        (x * 3).sum().backward()
    lines = panel(rec.trace, "x", cell=2)
    assert "x[1, 0] = 0.33333334   ∂ 3" in lines


def test_an_element_is_found_under_the_pointer() -> None:
    trace = tensor_programs.layer()
    shown = tensor_panel(trace.cursor(-1), int(trace.find("A")), height=8)
    lines = [line.plain for line in shown.lines(60)]
    assert shown.element_at(lines[3].index("5"), 3, 60) == 4
    assert shown.element_at(lines[3].rindex("1.5"), 3, 60) == 5
    assert shown.element_at(0, 0, 60) is None


def test_a_large_tensor_is_a_picture_with_a_scale_and_numbers_on_demand() -> None:
    trace = large()
    picture, numbers = panel(trace, "x", height=12), panel(trace, "x", height=12, zoom="numbers")
    assert any("▀" in line for line in picture)
    assert "rows 0–" in picture[0]
    assert "-1            0          1" in picture[-2]
    assert picture[-1].startswith("∂  min -1  max 0.9983")
    assert not any("▀" in line for line in numbers)
    assert panel(tensor_programs.layer(), "A", zoom="heat")[2].strip().startswith("0")


def test_slices_of_more_axes_are_named() -> None:
    with record() as rec:
        tracer.tensor(np.arange(24.0).reshape(2, 3, 4)).named("q")
    assert "[1, :, :]" in panel(rec.trace, "q", cell=14)[0]
    assert panel(rec.trace, "q", cell=14)[2].replace("›", " ").split()[1:] == ["12", "13", "14", "15"]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("width", [20, 40, 78])
@pytest.mark.parametrize("height", [3, 7, 18])
def test_lines_fit_their_panel(lang: Lang, width: int, height: int) -> None:
    for trace, name in ((tensor_programs.layer(), "A"), (large(), "x")):
        for zoom in ("numbers", "heat"):
            shown = tensor_panel(trace.cursor(-1), int(trace.find(name)), lang, height=height, cell=0, zoom=zoom)  # type: ignore[arg-type]
            lines = shown.lines(width)
            assert len(lines) <= max(height, 3)
            assert max(cell_len(line.plain) for line in lines) <= width


def test_the_table_of_nodes_has_shapes_and_few_numbers() -> None:
    trace = tensor_programs.layer()
    lines = [line.plain for line in values_panel(trace.cursor(-1), height=12).lines(70)]
    assert any(line.split()[:4] == ["A", "(2,", "3)", "all"] for line in lines)
    assert any("[1, -2, -20, 4]"[:13] in line for line in lines)


# The picture


def test_boxes_show_shape_and_a_word_on_many_numbers() -> None:
    trace = tensor_programs.layer()
    lines = draw(build_scene(trace.cursor(-1), by="node")).lines()
    assert any("(2, 3)" in line and "‖·‖ 9.539" in line for line in lines)
    assert any("all 1.5" in line for line in lines)
    assert any("[1, -2, -20, 4]" in line for line in lines)
    wire = next(w for w in build_scene(trace.cursor(-1), by="node").wires if w.label)
    assert wire.label == "(2, 4) → (2, 3)"


def test_words_in_boxes_follow_the_language() -> None:
    scene = build_scene(tensor_programs.layer().cursor(-1), lang="ja")
    assert any("すべて 1.5" in box.grad for box in scene.boxes)


def test_a_dtype_other_than_float32_is_named() -> None:
    with record() as rec:
        tracer.tensor([1, 2, 3]).named("i")
        tracer.tensor(2.0, dtype=tracer.float64).named("d")
    assert [box.dims for box in build_scene(rec.trace.cursor(-1)).boxes] == ["(3,) int64", "float64"]


def test_textbook_wires_name_the_shape_of_what_is_summed_up() -> None:
    lines = draw(build_scene(tensor_programs.layer().cursor(-1), notation="textbook")).lines()
    assert any("C (2, 4) ‖·‖" in line for line in lines)
    assert not any("C = (2, 4)" in line for line in lines)


def test_the_picture_does_not_move_while_the_walk_goes_on() -> None:
    trace = tensor_programs.trained("Adam")
    places = {
        tuple((box.node, box.x, box.y, box.width) for box in build_scene(trace.cursor(p), by="node", lang=lang).boxes)
        for p in range(0, len(trace) + 1, 4)
        for lang in LANGS
    }
    assert len(places) == 1


def test_no_number_is_cut_in_its_box() -> None:
    trace = tensor_programs.trained("SGD")
    for position in range(0, len(trace) + 1, 3):
        for lang in LANGS:
            for box in build_scene(trace.cursor(position), by="node", lang=lang).boxes:
                room = box.width - 4
                assert cell_len(box.value) + (cell_len(box.dims) + 1 if box.dims else 0) <= room
                assert cell_len(box.grad) + 2 <= room
