"""An LSTM cell written out, unrolled over a sine; and a classifier of words that carries its hidden state along."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(5)


class LSTMCell(nn.Module):
    def __init__(self, n_in, n_hidden):
        super().__init__()
        self.W_ih = nn.Parameter(torch.Tensor(4 * n_hidden, n_in))
        self.W_hh = nn.Parameter(torch.empty(4 * n_hidden, n_hidden))
        self.b = nn.Parameter(torch.zeros(4 * n_hidden))
        for w in self.parameters():
            nn.init.uniform_(w, -0.3, 0.3)

    def forward(self, x, state):
        h, c = state
        i, f, g, o = (x @ self.W_ih.t() + h.mm(self.W_hh.t()) + self.b).chunk(4, 1)
        c = f.sigmoid() * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * c.tanh(), c


cell, head = LSTMCell(1, 6), nn.Linear(6, 1)
opt = torch.optim.Adam(list(cell.parameters()) + list(head.parameters()), lr=0.02)
seq = torch.sin(torch.arange(0, 6, 0.5)).view(-1, 1, 1)
best, waited = float("inf"), 0
for epoch in range(12):
    h, c = torch.zeros(1, 6), torch.zeros(1, 6)
    outs = []
    for t in range(seq.size(0) - 1):
        h, c = cell(seq[t], (h, c))
        outs.append(head(h))
    loss = F.mse_loss(torch.stack(outs), seq[1:])
    opt.zero_grad()
    loss.backward()
    total = nn.utils.clip_grad_norm_(cell.parameters(), max_norm=0.05)
    opt.step()
    if loss.item() < best - 0.02:
        best, waited = loss.item(), 0
    else:
        waited += 1
        if waited >= 3:
            print("early stop", epoch)
            break
print(loss, total, h.detach())


class RNN(nn.Module):
    def __init__(self, n_in, n_hidden, n_out):
        super().__init__()
        self.i2h = nn.Linear(n_in + n_hidden, n_hidden)
        self.i2o = nn.Linear(n_in + n_hidden, n_out)
        self.softmax = nn.LogSoftmax(dim=1)

    def forward(self, letter, hidden):
        combined = torch.cat((letter, hidden), 1)
        return self.softmax(self.i2o(combined)), torch.tanh(self.i2h(combined))


def line(word):
    letters = torch.zeros(len(word), 1, 5)
    for place, letter in enumerate(word):
        letters[place][0]["abcde".find(letter)] = 1
    return letters


rnn, criterion = RNN(5, 6, 3), nn.NLLLoss()
for word, category in [("abc", 0), ("dea", 2)]:
    hidden = torch.zeros(1, 6)
    rnn.zero_grad()
    for letter in line(word):
        output, hidden = rnn(letter, hidden)
    loss = criterion(output, torch.tensor([category], dtype=torch.long))
    loss.backward()
    for p in rnn.parameters():
        p.data.add_(p.grad.data, alpha=-0.1)
    top_n, top_i = output.topk(1)
    print(word, output, f"{loss:.4f}", top_i[0].item(), top_n)
