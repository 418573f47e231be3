import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1)


class ByHand:
    def __init__(self, n_in, n_hidden, n_out):
        self.W1 = torch.randn(n_in, n_hidden) * 0.5
        self.b1 = torch.zeros(n_hidden)
        self.W2 = torch.randn(n_hidden, n_out) * 0.5
        self.b2 = torch.zeros(n_out)

    def forward(self, x):
        self.z1 = x @ self.W1 + self.b1
        self.a1 = torch.relu(self.z1)
        return self.a1 @ self.W2 + self.b2

    def backward(self, x, y, output):
        dz2 = (output - y) / x.shape[0]
        self.dW2 = self.a1.T @ dz2
        self.db2 = dz2.sum(dim=0)
        dz1 = (dz2 @ self.W2.T) * (self.z1 > 0).float()
        self.dW1 = x.T @ dz1
        self.db1 = dz1.sum(dim=0)

    def update(self, lr):
        self.W1 -= lr * self.dW1
        self.b1 -= lr * self.db1
        self.W2 -= lr * self.dW2
        self.b2 -= lr * self.db2


x, y = torch.randn(6, 4), torch.randn(6, 3)
net = ByHand(4, 5, 3)
for step in range(3):
    out = net.forward(x)
    net.backward(x, y, out)
    net.update(0.1)
    print(step, 0.5 * ((out - y) ** 2).sum() / 6)
print(net.dW1, net.W2)


class Net(nn.Module):
    def __init__(self, n_in, n_hidden, n_out):
        super().__init__()
        self.fc1 = nn.Linear(n_in, n_hidden)
        self.fc2 = nn.Linear(n_hidden, n_out)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))


model = Net(4, 5, 3)
print(model)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
labels = torch.tensor([0, 1, 2, 0, 1, 2])
for _ in range(4):
    loss = F.cross_entropy(model(x), labels)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    print(loss)
print(model.fc1.weight.grad, {name: tuple(p.shape) for name, p in model.named_parameters()})
