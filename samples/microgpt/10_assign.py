from tracer import Value, by_hand

w = Value(2.0)
first = w * 3
second = w * 4
y = first + second

with by_hand(y, combine="assign") as hand:  # input.grad = ...
    for v in (y, second, first):
        for slot in range(len(v.inputs)):
            hand.deliver(v, slot)
print("w:", w.grad)
