from tracer import Value

a = Value(2.0)
b = Value(3.0)
c = a * b
d = c + a

d.backward()
print("a:", a.grad, " b:", b.grad, " c:", c.grad)

nudged = Value(a.data + 0.001)
d2 = nudged * b + nudged
print(d2, "instead of", d)
