"""What is done with a model beside training it: copied, saved, frozen, watched, measured, laid out as one vector."""

import copy

import torch
import torch.nn as nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

torch.manual_seed(1)
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.scales = nn.ParameterList([nn.Parameter(torch.randn(3)) for _ in range(2)])
        self.register_buffer("mean", torch.zeros(3))
        self.enc = nn.Linear(3, 3, bias=False)
        self.dec = nn.Linear(3, 3, bias=False)
        self.dec.weight = self.enc.weight

    def forward(self, x):
        for i, scale in enumerate(self.scales):
            x = x * scale + i
        self.mean.mul_(0.9).add_(x.detach().mean(0), alpha=0.1)
        return self.dec(torch.relu(self.enc(x)))


model = Encoder().to(device)
twin = copy.deepcopy(model)
print(twin.enc.weight is twin.dec.weight, twin.scales[0] is model.scales[0], list(dict(model.named_parameters())))
x = torch.randn(4, 3, device=device, requires_grad=True)
handle = x.register_hook(lambda g: print("grad", g.size(0), f"{g.norm():.4f}"))
model(x).pow(2).mean().backward()
handle.remove()

best = copy.deepcopy(model.state_dict())
opt = torch.optim.SGD(filter(lambda p: p.requires_grad, model.parameters()), lr=0.1, momentum=0.9)
opt.step()
opt.zero_grad()
print((model.scales[0] - twin.scales[0]).abs().sum(), [p.grad for p in model.parameters()])
print(model.state_dict())
print(model.load_state_dict(best), torch.allclose(model.scales[0], twin.scales[0]))

for p in model.enc.parameters():
    p.requires_grad = False
trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
print(f"{trainable:,} of {sum(p.nelement() for p in model.parameters()):>5d}; {next(model.parameters()).device}")

vector = parameters_to_vector(twin.parameters())
vector_to_parameters(torch.arange(float(len(vector))), twin.parameters())
print(vector, twin.scales[1], twin.enc.weight)

labels = torch.tensor([0, 2, 1, 1])
model.eval()
with torch.no_grad():
    guessed = model(x).argmax(dim=1)
    hits = guessed.eq(labels).sum().item()
    confusion = torch.zeros(3, 3, dtype=torch.int64)
    for t, p in zip(labels, guessed, strict=True):
        confusion[t, p] += 1
print(f"Accuracy: {hits}/{len(labels)} ({100.0 * hits / len(labels):.0f}%)", confusion)
