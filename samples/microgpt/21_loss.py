from tracer import Value, scope

# two positions, each with the two numbers that reach the head
xs = [[Value(1.0), Value(0.5)], [Value(-1.0), Value(1.0)]]
targets = [0, 2]  # the symbols that come next: a, BOS
lm_head = [  # a row for each symbol: a, n, BOS
    [Value(2.0), Value(0.0)],
    [Value(-1.0), Value(1.0)],
    [Value(0.0), Value(-1.0)],
]

logits, p, losses = [], [], []
for t, x in enumerate(xs):
    with scope(f"position {t}"):
        logits.append([w[0] * x[0] + w[1] * x[1] for w in lm_head])
        exps = [score.exp() for score in logits[t]]
        total = exps[0] + exps[1] + exps[2]
        p.append([e / total for e in exps])
        losses.append(-p[t][targets[t]].log())

loss = (losses[0] + losses[1]) / 2
loss.backward()
print("probabilities of the right symbols:", p[0][0].data, p[1][2].data)
