"""Optimizers under PyTorch's names: what turns gradients into a step."""

from tracer.optim import lr_scheduler
from tracer.optim.adam import Adam, AdamW
from tracer.optim.optimizer import Optimizer
from tracer.optim.sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "lr_scheduler"]
