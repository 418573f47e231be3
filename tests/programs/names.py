"""Made-up names from ten: counted pairs, then a network over three letters, with its gradient by hand beside it."""

import torch
import torch.nn.functional as F

words = ["emma", "olivia", "ava", "isabella", "sophia", "charlotte", "mia", "amelia", "harper", "evelyn"]
chars = sorted(set("".join(words)))
stoi = {s: i + 1 for i, s in enumerate(chars)}
stoi["."] = 0
itos = {i: s for s, i in stoi.items()}
V = len(itos)

N = torch.zeros((V, V), dtype=torch.int32)
for w in words:
    for c1, c2 in zip("." + w, w + ".", strict=True):
        N[stoi[c1], stoi[c2]] += 1
P = (N + 1).float()
P /= P.sum(1, keepdims=True)
g = torch.Generator().manual_seed(2147483647)
for _ in range(3):
    name, ix = "", 0
    while True:
        ix = torch.multinomial(P[ix], num_samples=1, replacement=True, generator=g).item()
        if ix == 0:
            break
        name += itos[ix]
    print(name)
log_likelihood = 0.0
for c1, c2 in zip("." + words[0], words[0] + ".", strict=True):
    log_likelihood += torch.log(P[stoi[c1], stoi[c2]])
print(f"{log_likelihood=} {-log_likelihood / 5:.4f}")

X, Y = [], []
for w in words:
    context = [0] * 3
    for ch in w + ".":
        X.append(context)
        Y.append(stoi[ch])
        context = [*context[1:], stoi[ch]]
X, Y = torch.tensor(X), torch.tensor(Y)
C = torch.randn((V, 4), generator=g)
W1 = torch.randn((12, 30), generator=g) * (5 / 3) / (12**0.5)
W2 = torch.randn((30, V), generator=g) * 0.01
gain, bias = torch.ones((1, 30)), torch.zeros((1, 30))
parameters = [C, W1, W2, gain, bias]
running = torch.zeros((1, 30))
for p in parameters:
    p.requires_grad = True
print(X.shape, X.dtype, sum(p.nelement() for p in parameters))
lossi = []
for _ in range(20):
    ix = torch.randint(0, X.shape[0], (32,), generator=g)
    emb = C[X[ix]]
    pre = emb.view(emb.shape[0], -1) @ W1
    mean, std = pre.mean(0, keepdim=True), pre.std(0, keepdim=True)
    with torch.no_grad():
        running = 0.9 * running + 0.1 * mean
    h = torch.tanh(gain * (pre - mean) / std + bias)
    logits = h @ W2
    loss = F.cross_entropy(logits, Y[ix])
    for p in parameters:
        p.grad = None
    logits.retain_grad()
    loss.backward()
    for p in parameters:
        p.data += -0.1 * p.grad
    lossi.append(loss.log10().item())
print(f"{loss.item():.4f}", torch.tensor(lossi).view(-1, 10).mean(1), running[0, :4])
dlogits = F.softmax(logits, 1)
dlogits[range(32), Y[ix]] -= 1
dlogits /= 32
print(torch.allclose(dlogits, logits.grad, atol=1e-7), torch.allclose(h.T @ dlogits, W2.grad, atol=1e-6))
