from tracer import Value

z0, z1 = Value(0.0), Value(-800.0)  # logits; class 1 is right
e0, e1 = z0.exp(), z1.exp()
total = e0 + e1
logp = z1 - total.log()
loss = -logp

loss.backward()
print(loss, z0.grad, z1.grad)
