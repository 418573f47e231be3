from tracer import Value

a, b = Value(2.0), Value(3.0)
plus = a + b
plus.backward()

c, d = Value(2.0), Value(3.0)
times = c * d
times.backward()

e = Value(2.0)
power = e**3
power.backward()

f = Value(2.0)
ln = f.log()
ln.backward()

g = Value(2.0)
exp = g.exp()
exp.backward()

h = Value(2.0)
gate = h.relu()
gate.backward()

print("+", a.grad, b.grad, " ×", c.grad, d.grad, " power", e.grad)
print("ln", f.grad, " exp", g.grad, " relu", h.grad)
