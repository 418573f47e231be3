from tracer import Value

x = [Value(-1.0), Value(2.0), Value(-0.5), Value(3.0)]
y = [value.relu() for value in x]
L = y[0] + y[1] + y[2] + y[3]

L.backward()
print([value.grad for value in x])
