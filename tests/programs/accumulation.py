import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(3)
emb = nn.Embedding(7, 8)
head = nn.Linear(8, 7, bias=False)
params = list(emb.parameters()) + list(head.parameters())
tokens = torch.randint(0, 7, (4, 5))
targets = torch.randint(0, 7, (4, 5))
targets[0, :2] = -1
print(tokens)


def loss_of(x, y):
    logits = head(emb(x)).float()
    return F.cross_entropy(
        logits.view(-1, logits.size(-1)), targets.view(-1) if y is None else y.reshape(-1), ignore_index=-1
    )


steps = 2
for i in range(steps):
    loss = loss_of(tokens[2 * i : 2 * i + 2], targets[2 * i : 2 * i + 2])
    train_loss = loss.detach()
    loss = loss / steps
    loss.backward()
    print(train_loss, loss)
print(head.weight.grad.norm(), emb.weight.grad.abs().sum(dim=1))
norm = torch.nn.utils.clip_grad_norm_(params, 0.5)
print(norm, head.weight.grad.norm())
opt = torch.optim.AdamW(params, lr=1e-2, betas=(0.9, 0.95), weight_decay=0.1)
opt.step()
opt.zero_grad(set_to_none=True)
print(head.weight.grad, emb.weight[0, :4])
with torch.no_grad():
    print(loss_of(tokens, None).item() < 3)
