from tracer import Value, scope

chili = Value(3.0)

with scope("cook"):
    heat = chili * 2

with scope("taste"):
    too_hot = heat - 4
    loss = too_hot**2

loss.backward()  # trace back

chili.data -= 0.1 * chili.grad  # correct

with scope("cook_again"):
    new_heat = chili * 2
    new_loss = (new_heat - 4) ** 2

print("chili:", chili.data)
