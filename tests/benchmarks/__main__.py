"""`make bench`: runs every benchmark of this folder in turn, each in its own process."""

import os
import subprocess
import sys
from pathlib import Path

# Threads of numpy's matrix library wait for each other where other work holds the cores, and that
# would be measured instead.
ENVIRONMENT = os.environ | {"OPENBLAS_NUM_THREADS": "1"}


def main() -> int:
    """Run the benchmarks; the exit status is 1 when one of them failed."""
    failed = []
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        print(f"== {path.stem.removeprefix('bench_')}", flush=True)  # noqa: T201
        command = [sys.executable, "-m", f"tests.benchmarks.{path.stem}"]
        if subprocess.run(command, env=ENVIRONMENT).returncode:
            failed.append(path.stem)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)  # noqa: T201
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
