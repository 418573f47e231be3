from tracer import Value

x = Value(3.0)
y = x * x
y.backward()
