"""Two roles: the owner migrates, the application reads and writes rows. What the application's role may do is said here.

Applied after every migration, by the owner, so that new tables are covered too.
"""

import psycopg
from psycopg import sql

#: Rows here are only ever added: not even the program may change what it has written down of people.
APPEND_ONLY = ("audit_entry",)
#: The schema's own state.
READ_ONLY = ("alembic_version", "spatial_ref_sys")
#: The owner's notes, reached through functions alone.
HIDDEN = ("index_aside",)
FUNCTIONS = ("set_index_aside(text)", "bring_index_back(text)", "sort_into_indexes(regclass)")


def grant_rights(connection: psycopg.Connection, role: str) -> None:
    """Give a role what the web server and the worker need: rows, no tables. The connection is the owner's."""
    who = sql.Identifier(role)
    run = connection.execute
    with connection.transaction():
        run(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(who))
        run(sql.SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC, {}").format(who))
        for name in _tables(connection):
            table = sql.Identifier("public", name)
            rights = "SELECT, INSERT, UPDATE, DELETE"
            if name in APPEND_ONLY:
                rights = "SELECT, INSERT"
            elif name in READ_ONLY:
                rights = "SELECT"
            run(sql.SQL("REVOKE ALL ON {} FROM {}").format(table, who))
            if name not in HIDDEN:
                run(sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(rights), table, who))
        run(sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}").format(who))
        for function in FUNCTIONS:
            run(sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(sql.SQL(function), who))


def _tables(connection: psycopg.Connection) -> list[str]:
    """Return the tables of the schema that the connection's role owns."""
    rows = connection.execute(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'v') AND relnamespace = 'public'::regnamespace"
        " AND pg_has_role(relowner, 'USAGE') ORDER BY 1"
    )
    return [name for (name,) in rows.fetchall()]


def owns_schema(connection: psycopg.Connection) -> bool:
    """Return whether the connection's role may change the schema: it then could also undo what is written down."""
    row = connection.execute(
        "SELECT coalesce(bool_or(pg_has_role(relowner, 'USAGE')), false) FROM pg_class"
        " WHERE relname = 'audit_entry' AND relnamespace = 'public'::regnamespace"
    ).fetchone()
    return bool(row and row[0])
