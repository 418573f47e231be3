from tracer import Value

z = [Value(1.0), Value(2.0), Value(3.0)]  # logits; class 1 is right
e = [value.exp() for value in z]
total = e[0] + e[1] + e[2]
p = [value / total for value in e]
logp = p[1].log()
L = -logp

L.backward()
print([round(value.grad, 4) for value in z])
