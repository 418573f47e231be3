"""Starts a module of ours in a fresh process: `python -P launch.py tracer.lessons.child`.

Ours is the package this file lies in, wherever that is and whatever else is called so.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path


def load_our_package() -> None:
    """Make `tracer` the package around this file, without a folder of ours on `sys.path`."""
    root = Path(__file__).resolve().parents[1]
    spec = importlib.util.spec_from_file_location(
        "tracer", root / "__init__.py", submodule_search_locations=[str(root)]
    )
    assert spec is not None, "a package has a loader"
    assert spec.loader is not None, "a package has a loader"
    package = importlib.util.module_from_spec(spec)
    sys.modules["tracer"] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    load_our_package()
    importlib.import_module(sys.argv[1]).main()
