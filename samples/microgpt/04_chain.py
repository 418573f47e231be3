from tracer import Value

spice = Value(3.0)
sauce = spice**2
dish = sauce * 0.3
loss = dish * 0.5

loss.backward()
print("gradient of spice:", round(spice.grad, 4))
