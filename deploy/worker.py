"""Starts a worker: `python -m deploy.worker [--queues gpu,llm,cpu] [--concurrency N]`."""

import argparse
import logging

from deploy.celery_app import app

QUEUES = ("gpu", "llm", "cpu")


def main(arguments: list[str] | None = None) -> None:
    """Work until told to end; embedded on SQLite and memory, or one of many behind Redis."""
    options = _parser().parse_args(arguments)
    app.worker_main(
        [
            "worker",
            "--pool=threads",
            f"--queues={options.queues}",
            f"--concurrency={options.concurrency}",
            f"--loglevel={options.loglevel}",
            # Workers find each other through the database; talk between them is only traffic.
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
            *([f"--hostname={options.name}@%h"] if options.name else []),
        ]
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.worker", description=__doc__)
    parser.add_argument(
        "--queues", type=_queues, default=",".join(QUEUES), help="which work, by comma: gpu,llm,cpu"
    )
    parser.add_argument("--concurrency", type=_positive, default=2, help="chunks at a time")
    parser.add_argument("--loglevel", choices=list(logging.getLevelNamesMapping()), default="INFO")
    parser.add_argument("--name", default="", help="distinguishes workers on one machine in logs")
    return parser


def _queues(text: str) -> str:
    unknown = sorted(set(text.split(",")) - set(QUEUES))
    if unknown:
        raise argparse.ArgumentTypeError(f"no queue is called {', '.join(unknown)}")
    return text


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


if __name__ == "__main__":
    main()
