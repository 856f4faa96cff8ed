"""`python -m deploy.web`: serve the site from processes that share preloaded memory."""

import argparse
import gc
import multiprocessing

from django.conf import settings
from django.template.loader import get_template
from django.urls import get_resolver
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels


def preload() -> None:
    """Load what every page needs, so that the processes forked afterwards share its memory.

    Garbage collection skips the objects loaded by then: it would write to each of them, and memory
    that is written to is no longer shared.
    """
    import deploy.wsgi  # noqa: F401

    list(get_resolver().url_patterns)
    folder = settings.BASE_DIR / "frontend" / "templates"
    for path in folder.rglob("*.html"):
        get_template(str(path.relative_to(folder)))
    gc.collect()
    gc.freeze()


def main() -> None:
    """Serve until SIGTERM or Ctrl-C; a process that dies is replaced."""
    options = argparse.ArgumentParser(prog="python -m deploy.web", description=__doc__)
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=settings.PORT)
    options.add_argument("--workers", type=int, default=2, help="processes")
    options.add_argument("--threads", type=int, default=2, help="requests at once in each")
    chosen = options.parse_args()
    multiprocessing.set_start_method("fork")
    preload()
    Granian(
        "deploy.wsgi:application",
        chosen.host,
        chosen.port,
        interface=Interfaces.WSGI,
        workers=chosen.workers,
        blocking_threads=chosen.threads,
        respawn_failed_workers=True,
        log_level=LogLevels.warning,
    ).serve()


if __name__ == "__main__":
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "deploy.settings")
    main()
