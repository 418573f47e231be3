from tracer import Value, by_hand, mark

a = Value(2.0)
b = Value(3.0)
c = a * b
d = c + a

# 1. An order: inputs first
order = []
visited = set()


def visit(v):
    if v in visited:
        mark(v, "again")
        return
    visited.add(v)
    mark(v, "visited")
    for source in v.inputs:
        visit(source)
    order.append(v)
    mark(v, f"order {len(order)}")


visit(d)

# 2. The root's gradient is 1; 3. back through the order
with by_hand(d) as hand:
    for v in reversed(order):
        for slot in range(len(v.inputs)):
            hand.deliver(v, slot)  # input.grad += v.grad * local

print("a:", a.grad, " b:", b.grad, " c:", c.grad)
