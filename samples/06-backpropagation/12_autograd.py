from tracer import Value

x = Value(2.0)
y = x**3 + 2 * x**2 - 5 * x + 3

y.backward()
print("dy/dx =", x.grad)
