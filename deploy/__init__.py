"""The Django project: settings, URLs, the Celery application, and how the site is served."""

from deploy.celery_app import app as celery_app

__all__ = ["celery_app"]
