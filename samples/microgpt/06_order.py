from tracer import Value

a = Value(1.0)
b = a + a
c = b + b

c.backward()
print("a:", a.grad)
