from tracer import Value

s0, s1 = Value(0.0), Value(20.0)  # scores
scale = 10

e0, e1 = (s0 / scale).exp(), (s1 / scale).exp()
p0 = e0 / (e0 + e1)
p1 = e1 / (e0 + e1)
out = p0 * 1 + p1 * 3

out.backward()
print("weights:", p0, p1, " gradient:", s0.grad)
