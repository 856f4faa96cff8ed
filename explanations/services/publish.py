"""Send messages that call workers."""

import logging

from celery import current_app
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def publish(task: str, *args: int | str, queue: str | None = None) -> bool:
    """Send a message for a task; return False without a broker.

    That is no error, because the sweep calls a worker later.
    """
    try:
        current_app.send_task(task, args, queue=queue, retry=False)
    except OperationalError as error:
        logger.warning("%s%s waits for the sweep: no broker (%s)", task, args, error)
        return False
    return True
