import tracer as torch
from tracer.nn import functional as F

tokens = torch.tensor([[0, 1, 3], [2, 0, 3]])  # (B, T) = (2, 3)
targets = torch.tensor([[1, 2, -1], [3, -1, -1]])  # -1: nothing to predict
wte = torch.tensor(
    [[1.0, 0.0], [0.0, 1.0], [-1.0, 1.0], [0.5, 0.5]], requires_grad=True
)
lm_head = torch.tensor(
    [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.5], [0.5, -1.0]], requires_grad=True
)

x = F.embedding(tokens, wte)  # (2, 3, 2)
half = F.linear(x.half(), lm_head.half())  # (2, 3, 4), float16
logits = half.float()
flat = logits.view(-1, logits.size(-1))  # (6, 4)
loss = F.cross_entropy(flat, targets.view(-1), ignore_index=-1)

loss.backward()
print("loss", loss.item())
print("lm_head", lm_head.grad)
print("wte", wte.grad)
