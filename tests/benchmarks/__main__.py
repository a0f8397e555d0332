"""All benchmarks, one after the other: `python -m tests.benchmarks`, or by name: `python -m tests.benchmarks store`."""

import importlib
import sys
from pathlib import Path


def main(names: list[str]) -> None:
    """Run those benchmarks, or all."""
    found = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    for module in [f"bench_{name}" for name in names] or found:
        importlib.import_module(f"tests.benchmarks.{module}").main()


if __name__ == "__main__":
    main(sys.argv[1:])
