from tracer import Value

w = Value(5.0)

for step in range(4):
    miss = (w - 3).named("miss")
    loss = (miss**2).named("loss")
    loss.backward()
    w.data -= 0.25 * w.grad
    w.grad = 0
    print("step", step, " w =", w.data)
