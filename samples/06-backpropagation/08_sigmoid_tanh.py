from tracer import Value

u = Value(0.5)
s = u.sigmoid()
s.backward()

v = Value(0.5)
t = v.tanh()
t.backward()
print("sigmoid:", u.grad, " tanh:", v.grad)
