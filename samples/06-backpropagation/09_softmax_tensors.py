import tracer as torch
from tracer.nn import functional as F

logits = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
target = 1  # the right class

log_probs = F.log_softmax(logits, dim=0)
loss = -log_probs[target]
loss.backward()
print(logits.grad)

probs = F.softmax(logits.detach(), dim=0)
onehot = torch.tensor([0.0, 1.0, 0.0])
by_hand = probs - onehot
print(by_hand)
