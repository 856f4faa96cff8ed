"""Items may be kept from some raters."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotation", "0011_parts")]

    operations = [
        migrations.AddField(
            model_name="item",
            name="not_for",
            field=models.ManyToManyField(
                blank=True,
                help_text="Raters who are never asked it",
                related_name="+",
                to="annotation.rater",
            ),
        ),
    ]
