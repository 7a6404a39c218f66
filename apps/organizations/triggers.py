"""Triggers by which the database itself keeps entries of the audit as they were written."""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "organizations_auditentry"
_SQLITE = """
CREATE TRIGGER audit_kept_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, 'Audit entries are kept as they are.'); END
"""
_POSTGRESQL = (
    """
CREATE OR REPLACE FUNCTION audit_kept() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'Audit entries are kept as they are.' USING ERRCODE = 'integrity_constraint_violation'; END $$
""",
    "CREATE TRIGGER audit_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} EXECUTE FUNCTION audit_kept()",
)
_ADDED = {
    "sqlite": tuple(_SQLITE.replace("{verb}", verb) for verb in ("UPDATE", "DELETE")),
    "postgresql": _POSTGRESQL,
}
_REMOVED = {
    "sqlite": tuple(f"DROP TRIGGER IF EXISTS audit_kept_{verb}" for verb in ("UPDATE", "DELETE")),
    "postgresql": ("DROP TRIGGER IF EXISTS audit_kept ON {table}",),
}


def add(connection: BaseDatabaseWrapper) -> None:
    """From now on rows are only added. Whatever makes the table anew must call this again, on SQLite every change."""
    _execute(connection, _ADDED)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Let rows be changed and deleted: for migrations, and for tests that empty all tables."""
    _execute(connection, _REMOVED)


def _execute(connection: BaseDatabaseWrapper, statements: dict[str, tuple[str, ...]]) -> None:
    with connection.cursor() as cursor:
        for statement in statements[connection.vendor]:
            cursor.execute(statement.replace("{table}", TABLE))
