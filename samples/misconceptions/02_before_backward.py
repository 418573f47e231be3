from tracer import Value

x = Value(3.0)
y = x * x

print("x:", x.grad)  # nobody has called y.backward()
