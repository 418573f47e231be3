from tracer import Value

w = Value(1.0)
loss = (w - 3) ** 2
loss.backward()
