import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(5)


class Attention(nn.Module):
    def __init__(self, C, n_head):
        super().__init__()
        self.qkv = nn.Linear(C, 3 * C, bias=False)
        self.proj = nn.Linear(C, C, bias=False)
        self.n_head = n_head
        self.register_buffer("mask", torch.tril(torch.ones(8, 8)).view(1, 1, 8, 8))

    def forward(self, x):
        B, T, C = x.size()
        q, k, v = self.qkv(x).split(C, dim=2)
        q, k, v = (t.view(B, T, self.n_head, C // self.n_head).transpose(1, 2) for t in (q, k, v))
        att = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
        att = att.masked_fill(self.mask[:, :, :T, :T] == 0, float("-inf"))
        att = F.softmax(att, dim=-1)
        y = (att @ v).transpose(1, 2).contiguous().view(B, T, C)
        fused = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        print(torch.allclose(att @ v, fused, atol=1e-6))
        return self.proj(y)


class Block(nn.Module):
    def __init__(self, C):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(C), nn.LayerNorm(C)
        self.attn = Attention(C, 2)
        self.mlp = nn.Sequential(nn.Linear(C, 4 * C), nn.GELU(), nn.Linear(4 * C, C), nn.Dropout(0.0))

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


model = Block(8)
print(model)
x = torch.randn(2, 4, 8)
out = model(x)
print(out.shape, out.mean().item() < 10)
loss = (out**2).mean()
loss.backward()
print(round(loss.item(), 4))
print(sum(p.numel() for p in model.parameters()), all(p.grad is not None for p in model.parameters()))
