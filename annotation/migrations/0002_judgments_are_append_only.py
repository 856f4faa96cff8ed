"""A trigger that refuses to update a judgment, on SQLite and on PostgreSQL."""

from typing import Any

from django.db import migrations

CREATE = {
    "sqlite": [
        """
        CREATE TRIGGER judgments_are_append_only BEFORE UPDATE ON annotation_judgment
        BEGIN SELECT RAISE(ABORT, 'judgments are append-only'); END
        """
    ],
    "postgresql": [
        """
        CREATE FUNCTION judgments_are_append_only() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'judgments are append-only' USING ERRCODE = '23514'; END $$
        """,
        """
        CREATE TRIGGER judgments_are_append_only BEFORE UPDATE ON annotation_judgment
        FOR EACH ROW EXECUTE FUNCTION judgments_are_append_only()
        """,
    ],
}
DROP = {
    "sqlite": ["DROP TRIGGER judgments_are_append_only"],
    "postgresql": [
        "DROP TRIGGER judgments_are_append_only ON annotation_judgment",
        "DROP FUNCTION judgments_are_append_only()",
    ],
}


def create(apps: Any, schema_editor: Any) -> None:
    for statement in CREATE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def drop(apps: Any, schema_editor: Any) -> None:
    for statement in DROP[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("annotation", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
