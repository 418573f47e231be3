from tracer import Value, by_hand

a = Value(1.0)
b = a + a
c = b + b


def back(v):
    for slot, source in enumerate(v.inputs):
        hand.deliver(v, slot)
        back(source)  # at once, ready or not


with by_hand(c) as hand:
    back(c)
print("a:", a.grad)
