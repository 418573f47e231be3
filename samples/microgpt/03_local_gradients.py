from tracer import Value

a, b = Value(2.0), Value(3.0)
plus = a + b
plus.backward()

c, d = Value(2.0), Value(3.0)
times = c * d
times.backward()

p = Value(2.0)
power = p**3
power.backward()

q = Value(2.0)
ln = q.log()
ln.backward()

r = Value(2.0)
exp = r.exp()
exp.backward()

s = Value(2.0)
gate = s.relu()
gate.backward()

print("+", a.grad, b.grad, " ×", c.grad, d.grad, " power", p.grad)
print("ln", q.grad, " exp", r.grad, " relu", s.grad)
