import tracer as torch
from tracer import nn

x = torch.tensor([[1.0, 2.0], [3.0, 0.0], [-1.0, 1.0], [2.0, -2.0]])
y = torch.tensor([1.0, 2.0, -1.0, 0.0])
w = torch.tensor([0.5, 0.5], requires_grad=True)
criterion = nn.MSELoss()

grad_accum_steps = 2
for micro_x, micro_y in zip(x.split(2), y.split(2)):
    micro_loss = criterion(micro_x @ w, micro_y)
    loss = micro_loss / grad_accum_steps
    loss.backward()
    print("so far:", w.grad)
