from tracer import Value, by_hand

a = Value(1.0)
b = a + a
c = b + b
visited = set()


def back(v):
    if v in visited:
        return  # but its gradient has grown since
    visited.add(v)
    for slot, source in enumerate(v.inputs):
        hand.deliver(v, slot)
        back(source)


with by_hand(c) as hand:
    back(c)
print("a:", a.grad)
