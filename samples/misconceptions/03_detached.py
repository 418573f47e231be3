from tracer import Value

x = Value(3.0)
square = x * x
copy = Value(square.data)  # a number, and its history is gone
cube = copy * x

cube.backward()
print("x:", x.grad)
