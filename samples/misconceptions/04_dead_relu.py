from tracer import Value

w, b = Value(1.0), Value(-10.0)
h1 = (w * 1 + b).relu()
h2 = (w * 3 + b).relu()
loss = (h1 - 2) ** 2 + (h2 - 4) ** 2

loss.backward()
for parameter in (w, b):
    parameter.data -= 0.05 * parameter.grad
print("w:", w.data, " b:", b.data)
