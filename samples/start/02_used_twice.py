from tracer import Value

a = Value(2.0)
b = Value(3.0)
ab = a * b
d = ab + a

d.backward()
print(d, "a:", a.grad, "b:", b.grad)
