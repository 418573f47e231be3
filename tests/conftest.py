"""What holds for every test."""

import gc
import os

# Workers side by side, each with as many threads as there are cores, wait for each other: PyTorch's backward pass
# then takes 100 ms instead of 1. Set before anything loads NumPy.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

# A law is not broken because the machine was busy for a moment; and a test that passes today passes tomorrow:
# `HYPOTHESIS_PROFILE=explore pytest` looks for new cases; `many` tries every law on many, and nothing else.
patient = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("tests", derandomize=True, max_examples=30, **patient)  # type: ignore[arg-type]
settings.register_profile("many", derandomize=True, max_examples=200, **patient)  # type: ignore[arg-type]
settings.register_profile("explore", derandomize=False, **patient)  # type: ignore[arg-type]
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "tests")
settings.load_profile(PROFILE)


# A fifth of collecting, and a tenth of the time after it, would go into looking through the 8,000 tests themselves for
# what nobody uses any more.


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are cores: tests of the app and of child processes wait a good part of their time."""
    return len(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)) + 1


def pytest_configure(config: pytest.Config) -> None:
    gc.disable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if PROFILE == "many":
        items[:] = [item for item in items if is_hypothesis_test(getattr(item, "obj", None))]


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()
