"""Labels hide as little as they can."""

from hypothesis import given
from hypothesis import strategies as st

from tracer.scene.label import label_place
from tracer.scene.scene import Wire

UPRIGHT = Wire(0, 0, 1, ((5, 0), (5, 6)), working=True, label="5 · 1")
LEVEL = Wire(0, 0, 1, ((0, 3), (20, 3)), working=True, label="5 · 1")
BENT = Wire(0, 0, 1, ((5, 0), (5, 3), (30, 3), (30, 8)), working=True, label="5 · 1")


def nothing(x, y):
    return 0


def test_beside_an_upright_wire_near_its_user():
    assert label_place(UPRIGHT, 7, nothing) == (6, 5)


def test_on_the_other_side_where_the_first_is_taken():
    assert label_place(UPRIGHT, 7, lambda x, y: int(x > 5)) == (5 - 7, 5)


def test_under_a_level_wire_else_over_it_else_in_it():
    assert label_place(LEVEL, 7, nothing)[1] == 4
    assert label_place(LEVEL, 7, lambda x, y: int(y > 3))[1] == 2
    x, y = label_place(LEVEL, 7, lambda x, y: int(y != 3))
    assert y == 3
    assert 3 <= x <= 20 - 7 - 2, "some of the wire is left to see on both sides"


@given(
    st.sampled_from([UPRIGHT, LEVEL, BENT]),
    st.integers(1, 12),
    st.sets(st.tuples(st.integers(-8, 40), st.integers(0, 9))),
)
def test_no_place_it_could_have_taken_beside_the_last_piece_hides_less(wire, size, taken):
    def cost(x, y):
        return int((x, y) in taken)

    x, y = label_place(wire, size, cost)
    chosen = sum(cost(column, y) for column in range(x, x + size))
    (x0, y0), (x1, y1) = wire.points[-2:]
    if x0 == x1:
        for row in range(min(y0, y1) + 1, max(y0, y1)):
            assert chosen <= sum(cost(column, row) for column in range(x1 + 1, x1 + 1 + size))
