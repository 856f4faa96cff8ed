"""`make bench`: runs every benchmark of this folder in turn, each in its own process.

Run: python -m tests.benchmarks [NAME ...], the names being those of `bench_NAME.py`.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

# Threads of numpy's matrix library wait for each other where other work holds the cores, and that
# would be measured instead.
ENVIRONMENT = os.environ | {"OPENBLAS_NUM_THREADS": "1"}


def main() -> int:
    """Run the benchmarks, or those that are named; exit status 1 when one of them failed."""
    paths = {
        path.stem.removeprefix("bench_"): path
        for path in sorted(Path(__file__).parent.glob("bench_*.py"))
    }
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("names", nargs="*", metavar="NAME", help=", ".join(paths))
    asked = options.parse_args().names
    if unknown := set(asked) - set(paths):
        options.error(f"no benchmark {', '.join(sorted(unknown))}: there are {', '.join(paths)}")
    failed = []
    for name in asked or paths:
        path = paths[name]
        print(f"== {name}", flush=True)  # noqa: T201
        command = [sys.executable, "-m", f"tests.benchmarks.{path.stem}"]
        if subprocess.run(command, env=ENVIRONMENT).returncode:
            failed.append(path.stem)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)  # noqa: T201
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
