from tracer import Value

x, y = Value(1.0), Value(2.0)
z = x * y
w = z + x
loss = w**2
loss.backward()


def f(x, y):
    return (x * y + x) ** 2


h = 0.001
difference = (f(x.data + h, y.data) - f(x.data - h, y.data)) / (2 * h)
print("backward:", x.grad, " finite difference:", round(difference, 6))
