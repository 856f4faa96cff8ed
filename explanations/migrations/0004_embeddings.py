"""The vector of an explanation is called an embedding; a constraint says what it is about."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("explanations", "0003_functions_by_subject")]
    operations = [
        migrations.RemoveConstraint("Meaning", "one_meaning_per_explanation_and_encoder"),
        migrations.RenameModel("Meaning", "Embedding"),
        migrations.AlterField(
            "Embedding",
            "explanation",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="embeddings",
                to="explanations.explanation",
            ),
        ),
        migrations.AddConstraint(
            "Embedding",
            models.UniqueConstraint(
                fields=["explanation", "encoder"], name="one_embedding_per_explanation_and_encoder"
            ),
        ),
        migrations.RemoveConstraint(
            "Explanation", "one_unmethodical_explanation_per_neuron_and_text"
        ),
        migrations.AddConstraint(
            "Explanation",
            models.UniqueConstraint(
                condition=Q(method__isnull=True),
                fields=["neuron", "author_kind", "text"],
                name="one_human_explanation_per_neuron_and_text",
            ),
        ),
    ]
