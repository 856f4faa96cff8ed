"""`python -m studies.analysis EXPORT.zip`: compute a study's results from its export alone."""

import argparse
import sys
from pathlib import Path

from studies.analysis.archive.read import RESULTS, ExportError, recompute


def main() -> int:
    """Write the results; the exit status is 1 when the export's own differ, 2 without any."""
    parser = argparse.ArgumentParser(prog="python -m studies.analysis", description=__doc__)
    parser.add_argument("export", type=Path, help="the zip of a study")
    parser.add_argument("--to", type=Path, help="a file for the results; else they are printed")
    options = parser.parse_args()
    try:
        computed = recompute(options.export)
    except ExportError as error:
        parser.exit(2, f"{error}\n")
    if options.to:
        options.to.write_text(computed.recomputed, encoding="utf-8", newline="")
    else:
        sys.stdout.buffer.write(computed.recomputed.encode())
    same = computed.recomputed == computed.exported
    which = "the same as" if same else "NOT the same as"
    sys.stderr.write(f"These results are {which} the export's own {RESULTS}.\n")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
