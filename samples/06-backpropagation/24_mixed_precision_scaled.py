import tracer as torch

w = torch.tensor([1.0, 1.0], requires_grad=True)  # float32
x = torch.tensor([1024.0, 4.0], dtype=torch.float16)
v = torch.tensor([1 / 1024, 1 / 4], dtype=torch.float16)
scale = torch.tensor(1024.0)

h = w.half() * x  # forward in float16
out = h * v
loss = out.float().sum() / 65536  # a mean over very many numbers
scaled = loss * scale
scaled.backward()
w.grad = w.grad / scale

with torch.no_grad():
    w -= 0.5 * w.grad  # the update in float32
in_half = w.half()
print("w.grad:", w.grad, " w:", w.data, " as float16:", in_half.data)
