"""Fields and constraints have their usual names. No row changes."""

from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("annotation", "0012_not_for")]

    operations = [
        migrations.RemoveIndex("item", "items_to_claim"),
        migrations.RemoveConstraint("item", "an_item_leans_by_its_claims_at_most"),
        migrations.RemoveConstraint("item", "a_catch_trial_has_a_known_answer"),
        migrations.RenameField("item", "lean", "order_balance"),
        migrations.AddConstraint(
            "item",
            models.CheckConstraint(
                condition=Q(order_balance__lte=F("claims")) & Q(order_balance__gte=-F("claims")),
                name="order_balance_within_claims",
            ),
        ),
        migrations.AddConstraint(
            "item",
            models.CheckConstraint(
                condition=Q(is_catch=False) | Q(gold__isnull=False),
                name="catch_trials_have_a_known_answer",
            ),
        ),
        migrations.AddIndex(
            "item",
            models.Index(
                fields=[
                    "batch",
                    "claims",
                    "position",
                    "overlap",
                    "order_balance",
                    "group",
                    "is_catch",
                    "repeats",
                ],
                name="items_to_claim",
            ),
        ),
        migrations.RenameField("batch", "catch_every", "catch_interval"),
        migrations.RemoveConstraint("batch", "a_rater_is_asked_something"),
        migrations.AddConstraint(
            "batch",
            models.CheckConstraint(
                condition=Q(items_per_rater__gte=1), name="items_per_rater_at_least_one"
            ),
        ),
        migrations.RemoveConstraint("enrolment", "one_enrolment_per_batch_and_place"),
        migrations.AddConstraint(
            "enrolment",
            models.UniqueConstraint(
                fields=["batch", "ordinal"], name="one_enrolment_per_batch_and_ordinal"
            ),
        ),
        migrations.RemoveConstraint("exclusion", "a_rule_is_broken_once_by_a_rater"),
        migrations.AddConstraint(
            "exclusion",
            models.UniqueConstraint(
                fields=["enrolment", "rule"], name="one_exclusion_per_enrolment_and_rule"
            ),
        ),
    ]
