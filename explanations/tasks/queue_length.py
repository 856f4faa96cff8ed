"""How many messages wait in the broker."""

from amqp.exceptions import ChannelError
from celery import current_app


def messages_waiting(queue: str) -> int:
    """Return how many messages wait in a queue of the broker."""
    with current_app.connection_or_acquire() as connection:
        try:
            declared = connection.default_channel.queue_declare(queue, passive=True)
        except ChannelError:
            return 0
        return int(declared.message_count)
