from tracer import Value, scope

w = Value(1.0)
lr, beta1, beta2, eps = 0.1, 0.85, 0.99, 1e-8
m = v = 0.0

for step, goal in enumerate([0.0, 3.0, 0.5], start=1):
    with scope(f"step {step}"):
        loss = (w - goal) ** 2  # each document has a goal of its own
        loss.backward()

        g = Value(w.grad)
        m = beta1 * m + (1 - beta1) * g  # mean of the gradients
        v = beta2 * v + (1 - beta2) * g**2  # mean of their squares
        m_hat = m / (1 - beta1**step)  # both means began at 0
        v_hat = v / (1 - beta2**step)
        variance = v_hat - m_hat**2  # not used by Adam
        move = lr * m_hat / (v_hat**0.5 + eps)

        w.data -= move.data
        w.grad = 0
        print("gradient", g.data, " move", move.data, " w", w.data)
