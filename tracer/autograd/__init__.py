"""`tracer.autograd`: backward passes by function, under PyTorch's names."""

from tracer.autograd import functional
from tracer.core.autograd import backward, grad
from tracer.core.grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled
from tracer.core.gradcheck import gradcheck

__all__ = [
    "backward", "enable_grad", "functional", "grad", "gradcheck", "inference_mode", "no_grad", "set_grad_enabled",
]  # fmt: skip
