from tracer import Value

a = Value(3.0)
b = Value(2.0)
c = a * b
d = c + 1
print(d)
