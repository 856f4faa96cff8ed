"""Subjects whose code was run by `run_functions` say that their records are inputs and outputs."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def mark(apps: Apps, _schema: BaseDatabaseSchemaEditor) -> None:
    """Set what was known from the shape of the records alone until now."""
    subjects = apps.get_model("explanations", "Subject").objects
    ran = subjects.filter(
        tokenizer="", captures=None, neurons__explanations__method__name="find_code"
    )
    ran = ran.filter(neurons__records__isnull=False, neurons__records__document__image=None)
    pks = set(ran.values_list("pk", flat=True))
    subjects.filter(pk__in=pks).update(tokenizer="inputs")


class Migration(migrations.Migration):
    dependencies = [("explanations", "0002_images")]
    operations = [migrations.RunPython(mark, migrations.RunPython.noop)]
