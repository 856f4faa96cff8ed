"""`make demo`: set up a demo study on real neurons and serve it until Ctrl-C."""

import os
import secrets
import sys
import time
from pathlib import Path

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.urls import reverse

from deploy.processes import Died, Processes, free_port, web_command


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _port() -> int:
    """Return the port to serve on, with a message if the wanted one is taken."""
    wanted: int = settings.PORT
    port = free_port(wanted)
    if port != wanted:
        _say(f"Port {wanted} is taken by another program; using {port} instead.")
    return port


def _admin_password(folder: Path) -> str:
    """Return the demo administrator's password, creating the account on the first start."""
    path = folder / "demo-password"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(9))
    password = path.read_text()
    User = get_user_model()
    admin = User.objects.filter(username="admin").first()
    if admin is None:
        User.objects.create_superuser("admin", password=password)
    elif not admin.check_password(password):
        return "(the one you set)"
    return password


def _links(port: int, password: str) -> str:
    from studies.models import Study

    study = Study.objects.select_related("batch").get(slug="demo")
    assert study.batch is not None  # noqa: S101  prepare_demo builds it
    site = f"http://localhost:{port}"
    rate = reverse("annotation:invitation", args=[study.batch.token])
    results = reverse("studies:results", args=[study.slug])
    neurons = reverse("studies:subjects")
    return f"""
  Rate      {site}{rate}
  Admin     {site}{reverse("admin:index")}
            login: admin   password: {password}
  Results   {site}{results}
  Neurons   {site}{neurons}
            (both ask for the admin's login)

Press Ctrl-C to stop. The data stays in {settings.VAR_DIR}, so the next start takes seconds."""


def _run() -> None:
    began = time.monotonic()
    folder: Path = settings.VAR_DIR
    with Processes(folder / "log") as processes:
        port = _port()
        _say("Preparing the database ...")
        call_command("migrate", verbosity=0)
        password = _admin_password(folder)
        processes.start("worker", [sys.executable, "-m", "deploy.worker"])
        processes.run("the preparation", [sys.executable, "manage.py", "prepare_demo"])
        processes.start("web", web_command(port))
        processes.wait_for_port(port)
        _say(f"Ready after {time.monotonic() - began:.0f} s.")
        _say(_links(port, password))
        processes.wait()
    _say("\nStopped.")


def main() -> int:
    """Run the demo; the exit status is 0 after Ctrl-C and 1 when something failed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "deploy.settings")
    django.setup()
    try:
        _run()
    except (Died, OSError) as error:
        sys.stderr.write(f"The demo stopped: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
