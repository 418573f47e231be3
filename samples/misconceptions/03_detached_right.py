from tracer import Value

x = Value(3.0)
square = x * x
cube = square * x

cube.backward()
print("x:", x.grad)
