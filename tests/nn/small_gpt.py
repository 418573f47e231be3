"""A small GPT as people write it for PyTorch, with its training loop; `torch` is PyTorch or this package."""

from __future__ import annotations

from typing import Any

VOCABULARY, WIDTH, CONTEXT, HEADS, LAYERS = 11, 16, 8, 4, 2


def build(torch: Any) -> Any:
    """The model, with its first values drawn from seed 1337."""
    nn, F = torch.nn, torch.nn.functional

    class Head(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.key = nn.Linear(WIDTH, WIDTH // HEADS, bias=False)
            self.query = nn.Linear(WIDTH, WIDTH // HEADS, bias=False)
            self.value = nn.Linear(WIDTH, WIDTH // HEADS, bias=False)
            self.register_buffer("tril", torch.tril(torch.ones(CONTEXT, CONTEXT)))
            self.dropout = nn.Dropout(0.0)

        def forward(self, x: Any) -> Any:
            _, T, _ = x.shape
            k, q = self.key(x), self.query(x)
            wei = q @ k.transpose(-2, -1) * k.shape[-1] ** -0.5
            wei = wei.masked_fill(self.tril[:T, :T] == 0, float("-inf"))
            return self.dropout(F.softmax(wei, dim=-1)) @ self.value(x)

    class Attention(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.heads = nn.ModuleList([Head() for _ in range(HEADS)])
            self.proj = nn.Linear(WIDTH, WIDTH)

        def forward(self, x: Any) -> Any:
            return self.proj(torch.cat([head(x) for head in self.heads], dim=-1))

    class Block(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.sa = Attention()
            self.ffwd = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.ReLU(), nn.Linear(4 * WIDTH, WIDTH))
            self.ln1, self.ln2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)

        def forward(self, x: Any) -> Any:
            x = x + self.sa(self.ln1(x))
            return x + self.ffwd(self.ln2(x))

    class GPT(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.transformer = nn.ModuleDict(
                {"wte": nn.Embedding(VOCABULARY, WIDTH), "wpe": nn.Embedding(CONTEXT, WIDTH)}
            )
            self.blocks = nn.Sequential(*[Block() for _ in range(LAYERS)])
            self.ln_f = nn.LayerNorm(WIDTH)
            self.lm_head = nn.Linear(WIDTH, VOCABULARY, bias=False)
            self.apply(self._init_weights)

        def _init_weights(self, module: Any) -> None:
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, mean=0.0, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, mean=0.0, std=0.02)

        def forward(self, idx: Any, targets: Any = None) -> Any:
            x = self.transformer.wte(idx) + self.transformer.wpe(torch.arange(idx.shape[1]))
            logits = self.lm_head(self.ln_f(self.blocks(x)))
            if targets is None:
                return logits, None
            return logits, F.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1), ignore_index=-1)

        @torch.no_grad()  # type: ignore[misc]
        def generate(self, idx: Any, count: int) -> Any:
            self.eval()
            for _ in range(count):
                logits, _ = self(idx[:, -CONTEXT:])
                probs = F.softmax(logits[:, -1, :], dim=-1)
                idx = torch.cat((idx, torch.multinomial(probs, num_samples=1)), dim=1)
            return idx

    torch.manual_seed(1337)
    return GPT()


def train(torch: Any, model: Any, steps: int) -> tuple[list[float], list[float], list[int]]:
    """Losses, gradient norms and some generated symbols."""
    matrices = [p for _, p in model.named_parameters() if p.dim() >= 2]
    rest = [p for _, p in model.named_parameters() if p.dim() < 2]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}], lr=1e-2, betas=(0.9, 0.95)
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
    data = torch.randint(0, VOCABULARY, (200,))
    losses, norms = [], []
    for _ in range(steps):
        starts = torch.randint(len(data) - CONTEXT, (4,))
        x = torch.stack([data[i : i + CONTEXT] for i in starts])
        y = torch.stack([data[i + 1 : i + CONTEXT + 1] for i in starts])
        _, loss = model(x, y)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0).item())
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return losses, norms, model.generate(torch.zeros((1, 1), dtype=torch.long), 12)[0].tolist()
