from tracer import Value

t = Value(2.0)
x = t**2
y = t**3
z = x * y

z.backward()
print("dz/dt =", t.grad)
