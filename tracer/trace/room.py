"""How much memory there is, for what a file asks for."""

from __future__ import annotations

import os


def free_memory() -> int | None:
    """Bytes this process may still take; None where the system does not say."""
    found = [room for room in (_available(), _limit()) if room is not None]
    return min(found, default=None)


def _available() -> int | None:
    """Of the machine: what programs can take without pushing others out."""
    try:
        with open("/proc/meminfo") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) << 10
    except (OSError, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _limit() -> int | None:
    """Of this process, where somebody has bounded it."""
    try:
        import resource

        soft, _ = resource.getrlimit(resource.RLIMIT_AS)
        if soft == resource.RLIM_INFINITY:
            return None
        with open("/proc/self/statm") as file:
            return max(0, soft - int(file.read().split()[0]) * resource.getpagesize())
    except (ImportError, OSError, ValueError, IndexError):
        return None


def bytes_in_words(count: int) -> str:
    """`1.2 GB`."""
    size, unit = float(count), "bytes"
    for larger in ("kB", "MB", "GB", "TB", "PB", "EB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:,.0f} {unit}" if unit == "bytes" or size >= 100 else f"{size:.1f} {unit}"
