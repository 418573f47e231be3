"""What holds for every test."""

import os

# Workers side by side, each with as many threads as there are cores, wait for each other: PyTorch's backward pass
# then takes 100 ms instead of 1. Set before anything loads NumPy.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from hypothesis import HealthCheck, settings

# A law is not broken because the machine was busy for a moment.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")
