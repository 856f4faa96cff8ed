"""Queries that run with every question: compiled to SQL once, then only given their values.

Django needs far longer to build a query than SQLite or PostgreSQL to answer it. Without this module
a web process spends twice the time on a question and its answer (19 ms instead of 9), and a site
rates half as many pairs per second (tests/benchmarks/bench_rating.py, on both databases).
"""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.query import get_related_populators
from django.db.models.sql import UpdateQuery
from django.db.models.sql.compiler import SQLCompiler
from django.utils.module_loading import import_string

Row = TypeVar("Row")
Plan = TypeVar("Plan")
M = TypeVar("M", bound=Model)


class Slot(Expression):
    """A placeholder in a query for a value of a field's type, given later by that name."""

    def __init__(self, name: str, field: Field[Any, Any]) -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Any:
        """Leave a gap, and itself in the place of its value."""
        return "%s", (self,)

    def filled(self, values: dict[str, Any], connection: BaseDatabaseWrapper) -> Any:
        """Return the value as the database takes it."""
        return self.output_field.get_db_prep_value(values[self.name], connection)


class Prepared(Generic[Row]):
    """A query with slots. `build` makes the queryset, once for each connection.

    Rows are what the queryset yields: models with annotations, or tuples.
    """

    def __init__(self, build: Callable[[], QuerySet[Any, Row]]) -> None:
        self._build = build

    def all(self, **values: Any) -> list[Row]:
        """Return the rows for these values."""
        connection = connections[DEFAULT_DB_ALIAS]
        plan = _plan_of(connection, self, lambda: _Plan(self._build(), connection))
        return plan.rows(values, connection)

    def first(self, **values: Any) -> Row | None:
        """Return the first row, if there is one."""
        return next(iter(self.all(**values)), None)


class PreparedUpdate:
    """A conditional update with slots, in its condition and in what it sets."""

    def __init__(self, build: Callable[[], QuerySet[Any, Any]], **changes: Any) -> None:
        self._build, self._changes = build, changes

    def update(self, **values: Any) -> int:
        """Return how many rows were changed."""
        connection = connections[DEFAULT_DB_ALIAS]
        sql, params = _plan_of(connection, self, lambda: self._compiled(connection))
        with _cursor(connection) as cursor:
            cursor.execute(sql, _filled(params, values, connection))
            return int(cursor.rowcount)

    def _compiled(self, connection: BaseDatabaseWrapper) -> tuple[str, Sequence[Any]]:
        query: Any = self._build().query.chain(UpdateQuery)
        query.add_update_values(self._changes)
        sql, params = query.get_compiler(connection=connection).as_sql()
        return sql, params


def insert(model: M) -> M:
    """Store a new model, whose fields are all set, by one statement; no signal is sent."""
    connection = connections[DEFAULT_DB_ALIAS]
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(field.column)) for field in fields)
    table, key = quote(model._meta.db_table), quote(str(model._meta.pk.column))
    gaps = ", ".join(["%s"] * len(fields))
    with _cursor(connection) as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) VALUES ({gaps}) RETURNING {key}",  # noqa: S608  names
            [field.get_db_prep_save(getattr(model, field.attname), connection) for field in fields],
        )
        model.pk = cursor.fetchone()[0]
    model._state.adding, model._state.db = False, DEFAULT_DB_ALIAS
    return model


def _plan_of(connection: BaseDatabaseWrapper, query: object, make: Callable[[], Plan]) -> Plan:
    """Return what was made of a query for a connection: it is kept there, and ends with it."""
    plans = vars(connection).setdefault("_plans_of_annotation", {})
    if query not in plans:
        plans[query] = make()
    plan: Plan = plans[query]
    return plan


class _Plan:
    """A compiled queryset."""

    def __init__(self, queryset: QuerySet[Any, Any], connection: BaseDatabaseWrapper) -> None:
        compiler = queryset.query.get_compiler(connection=connection)
        self._sql, self._params = compiler.as_sql()
        columns = [column[0] for column in compiler.select]
        self._converters = compiler.get_converters(columns)
        self._compiler = compiler
        is_of_models = queryset.query.default_cols
        self._model = _Models(compiler, queryset.db) if is_of_models else None

    def rows(self, values: dict[str, Any], connection: BaseDatabaseWrapper) -> list[Any]:
        with _cursor(connection) as cursor:
            cursor.execute(self._sql, _filled(self._params, values, connection))
            found = cursor.fetchall()
        if self._converters:
            found = list(self._compiler.apply_converters(found, self._converters))
        return [self._model.made(row) for row in found] if self._model else list(map(tuple, found))


class _Models:
    """Makes models of rows, as `django.db.models.query.ModelIterable` does."""

    def __init__(self, compiler: SQLCompiler, database: str) -> None:
        info = compiler.klass_info or {}
        fields = info["select_fields"]
        self._model: type[Model] = info["model"]
        self._columns = slice(fields[0], fields[-1] + 1)
        self._names = [column[0].target.attname for column in compiler.select[self._columns]]
        # The stubs are of a newer Django.
        self._related = get_related_populators(info, compiler.select, database)  # type: ignore[call-arg]
        self._database = database

    def made(self, row: Sequence[Any]) -> Model:
        model = self._model.from_db(self._database, self._names, row[self._columns])
        for related in self._related:
            related.populate(row, model)
        return model


def _cursor(connection: BaseDatabaseWrapper) -> CursorWrapper:
    """Return a cursor that leaves it to the server to put values into a statement.

    The server keeps no plan: one made while a study was empty would serve it badly ever after.
    """
    if connection.vendor != "postgresql":
        return connection.cursor()
    postgres: Any = connection
    # As Django's own cursors do: the server may have gone since the last request.
    postgres.close_if_health_check_failed()
    postgres.ensure_connection()
    binding = import_string("django.db.backends.postgresql.base.ServerBindingCursor")
    cursor: CursorWrapper = postgres._prepare_cursor(binding(postgres.connection))
    return cursor


def _filled(
    params: Sequence[Any], values: dict[str, Any], connection: BaseDatabaseWrapper
) -> list[Any]:
    return [p.filled(values, connection) if isinstance(p, Slot) else p for p in params]
