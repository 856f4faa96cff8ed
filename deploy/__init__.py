"""The Django project: settings, addresses, the Celery application, and how it is served."""

from deploy.celery_app import app as celery_app

__all__ = ["celery_app"]
