from tracer import Value

a, b = Value(2.0), Value(3.0)
d = a * b
d.backward()
