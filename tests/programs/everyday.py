import torch
import torch.nn.functional as F

x = torch.arange(12, dtype=torch.float32).reshape(3, 4)
print(x[1], x[:, ::2], x[-1, -1], x[None].shape, x[..., 0], x[x > 5], x[[0, 2]], x[torch.tensor([0, 0])][:, 1])
print(x.sum(), x.sum(0), x.mean(dim=1, keepdim=True), x.max(), x.max(dim=1), x.argmax(1), x.min(0).indices)
print(x.var(), x.std(dim=0), x.prod(), x.norm(), x.cumsum(0), (x > 3).all(), (x > 3).any(dim=0))
print(
    x.view(2, 6),
    x.t(),
    x.T.is_contiguous(),
    x.unsqueeze(1).shape,
    x.permute(1, 0).shape,
    x.flatten(),
    x.transpose(0, 1),
)
print(torch.cat([x, x], dim=1).shape, torch.stack([x, x]).shape, [p.shape for p in x.split(2)], x.chunk(2, dim=1)[1])
print(torch.where(x > 5, x, torch.zeros(())), x.masked_fill(x > 5, -1), torch.tril(x), torch.triu(x, 1))
print(
    x.gather(1, torch.tensor([[0], [1], [2]])), F.one_hot(torch.tensor([0, 2, 1]), 3), torch.eye(2), torch.full((2,), 7)
)
print(x.clamp(2, 7), x.abs(), x.sqrt(), x.pow(2), torch.exp(-x), torch.log(x + 1), torch.sin(x), torch.cos(x))
print(torch.minimum(x, x.flip(0)), torch.maximum(x, x.flip(1)), torch.einsum("ij,kj->ik", x, x))
print(x @ x.T, x @ x[0], x[0] @ x[1], torch.matmul(x.view(1, 3, 4), x.view(1, 4, 3)))
print(
    x.long(),
    x.int().dtype,
    x.bool(),
    x.double(),
    x.dtype,
    x.tolist(),
    x[0, 1].item(),
    x.numpy().shape,
    len(x),
    x.numel(),
)
print(
    torch.zeros(2, 3),
    torch.ones_like(x[:2, :2]),
    torch.linspace(0, 1, 5),
    torch.arange(0, 1, 0.25),
    torch.tensor([1, 2]),
)
print(torch.tensor([1e-8, 1.0]), torch.tensor([1e10, 1.0]), torch.tensor(float("nan")), torch.tensor([True, False]))
print(
    torch.tensor([1, 2]) / 2, torch.tensor([1, 2]) * 1.5, torch.tensor(1) + torch.tensor([0.5]), 7 // torch.tensor([2])
)
print(F.leaky_relu(x - 6), F.gelu(x - 2), F.silu(x - 6), F.softplus(x - 6), torch.softmax(x, 1), torch.logsumexp(x, 1))
print(F.mse_loss(x, x + 1), F.nll_loss(torch.log_softmax(x, 1), torch.tensor([0, 1, 2]), reduction="none"))
print(F.binary_cross_entropy_with_logits(x[0], torch.ones(4)), F.layer_norm(x, (4,)), F.rms_norm(x, (4,)))
image = torch.arange(25.0).view(1, 1, 5, 5).requires_grad_()
kernel = torch.ones(1, 1, 3, 3, requires_grad=True)
out = F.max_pool2d(F.conv2d(image, kernel, padding=1), 2)
out.sum().backward()
print(out, kernel.grad, image.grad)
for bad in (lambda: x @ x, lambda: x.sum(5), lambda: x[3], lambda: x.view(5), lambda: torch.cat([x, x[0]])):
    try:
        bad()
    except (RuntimeError, IndexError) as problem:
        print([kind.__name__ for kind in (RuntimeError, IndexError) if isinstance(problem, kind)])
