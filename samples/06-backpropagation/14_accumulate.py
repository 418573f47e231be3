from tracer import Value

x = Value(2.0)

y1 = x**2
y1.backward()
print("after the first pass: ", x.grad)

y2 = x**3
y2.backward()
print("after the second pass:", x.grad)

x.grad = 0
print("after zeroing:        ", x.grad)
