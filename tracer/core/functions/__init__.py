"""PyTorch's functions under PyTorch's names, by topic."""
