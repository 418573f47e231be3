import tracer as torch


def behind(tensor):
    """How many operations a tensor holds on to."""
    seen, rest = set(), [tensor.grad_fn]
    while rest:
        node = rest.pop()
        if node is not None and node.next_functions and node not in seen:
            seen.add(node)
            rest += [before for before, _ in node.next_functions]
    return len(seen)


w = torch.tensor(5.0, requires_grad=True)
history, log = torch.tensor(0.0), torch.tensor(0.0)

for step in range(3):
    loss = (w - 3) ** 2
    loss.backward()
    history = history + loss
    log = log + loss.detach()
    print("step", step, " held:", behind(history), behind(log))
    with torch.no_grad():
        w -= 0.25 * w.grad
    w.grad = None

held_by_history = torch.tensor(behind(history))
held_by_log = torch.tensor(behind(log))
