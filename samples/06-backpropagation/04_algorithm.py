from tracer import Value, mark, scope

x, target = Value(2.0), Value(4.0)
w, b = Value(3.0), Value(-1.0)

with scope("forward"):
    p = w * x
    z = p + b
    h = z.relu()

with scope("loss"):
    e = h - target
    L = e**2

for value in (w, x, z, e):  # what the rules of ×, relu and ^ ask for
    mark(value, "kept")

L.backward()

for parameter in (w, b):
    parameter.data -= 0.05 * parameter.grad
print("w:", w.data, " b:", b.data)
