from tracer import Value

count = Value(4.0)
price = Value(3.0)
total = count * price

total.backward()
print(total, "count:", count.grad, "price:", price.grad)
