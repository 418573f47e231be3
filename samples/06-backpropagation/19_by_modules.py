import tracer as torch
from tracer import nn, optim


class TwoLayerNet(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        self.fc1 = nn.Linear(inputs, hidden)
        self.fc2 = nn.Linear(hidden, outputs)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))


x = torch.tensor([[1.0, 0.0, -1.0, 2.0], [0.0, 1.0, 1.0, -1.0]])
y = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
torch.manual_seed(0)
model = TwoLayerNet(4, 5, 3)
fc1 = [  # the numbers of the version by hand, (out, in)
    [0.5, 1.0, 0.0, 0.5],
    [-1.0, 0.5, 1.0, 0.0],
    [0.0, -0.5, 0.5, -1.0],
    [1.0, 0.0, -0.5, 0.5],
    [0.5, -1.0, 1.0, 1.0],
]
fc2 = [[1, 0.5, 0, -0.5, 1], [-0.5, 0, 1, 0.5, 0], [0, -1, 0.5, 1, -0.5]]
model.fc1.weight = nn.Parameter(torch.tensor(fc1))
model.fc2.weight = nn.Parameter(torch.tensor(fc2))
nn.init.zeros_(model.fc1.bias)
nn.init.zeros_(model.fc2.bias)
optimizer = optim.SGD(model.parameters(), lr=0.5)

output = model(x)
loss = ((output - y) ** 2).sum() / (2 * len(x))
loss.backward()
optimizer.step()
optimizer.zero_grad()
print("after the step:", model.fc1.weight.data)
