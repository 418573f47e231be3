"""Derivatives of derivatives: until nothing is left, along a curve, and of a norm of a gradient."""

import torch
import torch.nn as nn
from torch.autograd import grad
from torch.func import grad as slope
from torch.func import jacrev


def sum_of_cubes(x):
    return (x**3).sum()


x = torch.tensor(2.0, requires_grad=True)
y = x**4
while y.requires_grad:
    (y,) = grad(y, x, create_graph=True)
    print(y.item())

torch.manual_seed(0)
critic = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2, inplace=True), nn.Linear(8, 1))
real, fake = torch.randn(4, 2) + 3, torch.randn(4, 2)
between = torch.lerp(real, fake, torch.rand(4, 1)).requires_grad_(True)
score = critic(between)
slopes = grad(score, between, grad_outputs=torch.ones_like(score), create_graph=True)[0]
penalty = ((slopes.norm(2, dim=1) - 1) ** 2).mean()
penalty.backward()
print(f"{penalty:.4f}", slopes.shape, critic[0].weight.grad)

t = torch.linspace(0, 1, 6).reshape(-1, 1).requires_grad_()
swing = torch.tanh(critic[0].weight[0, 0] * t) ** 2
(speed,) = grad(swing, t, torch.ones_like(swing), create_graph=True)
(force,) = grad(speed.sum(), t, create_graph=True)
(force + swing).pow(2).mean().backward()
print(force.detach().flatten(), t.grad.flatten())
print(jacrev(slope(sum_of_cubes))(torch.tensor([1.0, 2.0])), slope(sum_of_cubes)(torch.ones(2)))
print(torch.autograd.functional.hessian(lambda w: (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2, torch.ones(2)))
