from tracer import Value

x = Value(3.0)
a = x + 2
b = x - 1
y = a * b
y.backward()
