"""A trigger that refuses to update a draw, on SQLite and on PostgreSQL."""

from typing import Any

from django.db import migrations

CREATE = {
    "sqlite": [
        """
        CREATE TRIGGER draws_are_append_only BEFORE UPDATE ON studies_pairdraw
        BEGIN SELECT RAISE(ABORT, 'draws are append-only'); END
        """
    ],
    "postgresql": [
        """
        CREATE FUNCTION draws_are_append_only() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'draws are append-only' USING ERRCODE = '23514'; END $$
        """,
        """
        CREATE TRIGGER draws_are_append_only BEFORE UPDATE ON studies_pairdraw
        FOR EACH ROW EXECUTE FUNCTION draws_are_append_only()
        """,
    ],
}
DROP = {
    "sqlite": ["DROP TRIGGER draws_are_append_only"],
    "postgresql": [
        "DROP TRIGGER draws_are_append_only ON studies_pairdraw",
        "DROP FUNCTION draws_are_append_only()",
    ],
}


def create(apps: Any, schema_editor: Any) -> None:
    for statement in CREATE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def drop(apps: Any, schema_editor: Any) -> None:
    for statement in DROP[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("studies", "0006_draws_and_dealing")]
    operations = [migrations.RunPython(create, drop)]
