"""Modules: parts, parameters, state, hooks, conversion."""

from collections import OrderedDict

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(42)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(7, 4, padding_idx=0)
        self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
        self.norm = nn.LayerNorm(4)
        self.drop = nn.Dropout(0.1)
        self.head = nn.Sequential(OrderedDict(fc=nn.Linear(4, 2), act=nn.Tanh()))
        self.scale = nn.Parameter(torch.ones(4) * 0.5)
        self.register_buffer("seen", torch.zeros(1))

    def forward(self, idx):
        x = self.embed(idx).mean(dim=1)
        for layer in self.layers:
            x = x + F.gelu(layer(self.norm(x))) * self.scale
        self.seen += 1
        return self.head(self.drop(x))


net = Net().eval()
print(net)
for name, p in net.named_parameters():
    print(name, tuple(p.shape), p.requires_grad)
print(net.embed.weight)
print(net.layers[1].bias, net.scale)

idx = torch.tensor([[1, 2, 0], [3, 3, 5]])
out = net(idx)
print(out)
loss = F.cross_entropy(out, torch.tensor([0, 1]))
loss.backward()
print(loss, net.embed.weight.grad, net.scale.grad, net.seen)
print([name for name, p in net.named_parameters() if p.grad is None])

state = net.state_dict()
print(list(state))
other = Net().eval()
print(other.load_state_dict(state))
print(torch.equal(other(idx), out), other.seen)
print(other.load_state_dict({"scale": torch.zeros(4), "shift": torch.zeros(1)}, strict=False))
try:
    other.load_state_dict({**state, "scale": torch.zeros(5)})
except RuntimeError as error:
    print("size mismatch for scale" in str(error))

handle = net.head.register_forward_hook(lambda module, args, output: print("hook", tuple(output.shape)))
net(idx)
handle.remove()
net(idx)
net.zero_grad()
print(net.scale.grad, net.training, net.train().drop.training)

for p in net.layers.parameters():
    p.requires_grad_(False)
print(sum(p.numel() for p in net.parameters() if p.requires_grad), "of", sum(p.numel() for p in net.parameters()))
print(net.double()(idx).dtype, net.seen.dtype)
del net.layers[0]
net.layers.append(nn.Identity())
print(net.layers, len(net.layers), net.head.fc, net.head[-1])


@torch.no_grad()
def init_weights(m):
    if type(m) is nn.Linear:
        m.weight.fill_(1.0)
        nn.init.zeros_(m.bias)


print(nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)).apply(init_weights)(torch.tensor([1.0, 2.0])))
