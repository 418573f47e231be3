from tracer import Value

x = Value(2.0)
s = x**2
g = s + 1
y = g**3

y.backward()
print("dy/dx =", x.grad)
