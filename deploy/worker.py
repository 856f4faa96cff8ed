"""Start a worker: `python -m deploy.worker [--queues gpu,llm,cpu] [--concurrency N]`."""

import argparse
import logging

from deploy.celery_app import app

QUEUES = ("gpu", "llm", "cpu")


def main(arguments: list[str] | None = None) -> None:
    """Work until stopped; on SQLite and an in-memory broker, or as one of many behind Redis."""
    options = _parser().parse_args(arguments)
    app.worker_main(
        [
            "worker",
            "--pool=threads",
            f"--queues={options.queues}",
            f"--concurrency={options.concurrency}",
            f"--loglevel={options.loglevel}",
            # Workers coordinate through the database; messages between them would only be traffic.
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
            *([f"--hostname={options.name}@%h"] if options.name else []),
        ]
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.worker", description=__doc__)
    parser.add_argument(
        "--queues", type=_queues, default=",".join(QUEUES), help="which queues, comma-separated"
    )
    parser.add_argument("--concurrency", type=_positive, default=2, help="chunks at a time")
    parser.add_argument("--loglevel", choices=list(logging.getLevelNamesMapping()), default="INFO")
    parser.add_argument(
        "--name", default="", help="name in logs, to tell workers on one machine apart"
    )
    return parser


def _queues(text: str) -> str:
    unknown = sorted(set(text.split(",")) - set(QUEUES))
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown queue: {', '.join(unknown)}")
    return text


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


if __name__ == "__main__":
    main()
