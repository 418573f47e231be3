import tracer as torch
from tracer import optim

steep = torch.tensor(1.0, requires_grad=True)
flat = torch.tensor(1.0, requires_grad=True)
optimizer = optim.SGD([steep, flat], lr=0.02)

for step in range(3):
    loss = 50 * steep**2 + 0.005 * flat**2  # 0 is best for both
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    print("step", step, " steep", steep.item(), " flat", flat.item())
