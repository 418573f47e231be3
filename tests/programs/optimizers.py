"""Optimizers and schedules: steps, groups, state, clipping."""

import torch
import torch.nn as nn
import torch.optim as optim
import torch.optim.lr_scheduler as schedules

torch.manual_seed(0)
x, y = torch.randn(16, 3), torch.randn(16, 1)


def train(make, steps=5, clip=None):
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
    optimizer = make(model)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = nn.MSELoss()(model(x), y)
        loss.backward()
        if clip is not None:
            print(nn.utils.clip_grad_norm_(model.parameters(), clip))
        optimizer.step()
    print(type(optimizer).__name__, loss, model[2].weight.data)
    return model, optimizer


train(lambda m: optim.SGD(m.parameters(), lr=0.1))
train(lambda m: optim.SGD(m.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01))
train(lambda m: optim.Adam(m.parameters(), lr=0.05, betas=(0.85, 0.99)), clip=0.5)
model, optimizer = train(
    lambda m: optim.AdamW([{"params": m[0].parameters()}, {"params": m[2].parameters(), "lr": 1.0}])
)
print(optimizer)
state = optimizer.state_dict()
print(state["state"][3], state["param_groups"][1]["params"], len(state["state"]))

for make in (
    lambda o: schedules.LambdaLR(o, lambda step: 0.5**step),
    lambda o: schedules.LinearLR(o, start_factor=0.1, total_iters=3),
    lambda o: schedules.CosineAnnealingLR(o, T_max=4, eta_min=0.01),
    lambda o: schedules.SequentialLR(
        o, [schedules.LinearLR(o, 0.5, 1.0, 2), schedules.CosineAnnealingLR(o, 4)], milestones=[2]
    ),
):
    w = nn.Parameter(torch.tensor([1.0, -2.0]))
    optimizer = optim.SGD([w], lr=0.1)
    scheduler = make(optimizer)
    rates = []
    for _ in range(7):
        optimizer.zero_grad(set_to_none=False)
        (w**2).sum().backward()
        optimizer.step()
        rates.append(f"{scheduler.get_last_lr()[0]:.6f}")
        scheduler.step()
    print(type(scheduler).__name__, rates, w)

w = torch.tensor(3.0, requires_grad=True)
optimizer = optim.Adam([w], lr=0.1)


def closure():
    optimizer.zero_grad()
    loss = w**2
    loss.backward()
    return loss


for _ in range(3):
    print(optimizer.step(closure), w, w.grad)
for wrong in (lambda: optim.SGD([w], lr=-1), lambda: optim.SGD([]), lambda: optim.Adam([w], betas=(2.0, 0.9))):
    try:
        wrong()
    except ValueError as error:
        print("refused", isinstance(error, ValueError))
