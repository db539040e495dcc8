"""Whether the triggers are there without which caches and the history would not hear of a change."""

from sqlalchemy import text

from geodata.base.database import ReadConnection
from geodata.history.documents import table_of
from geodata.schema.registry import Registry

# By the bits of pg_trigger.tgtype all four kinds of statement are told of, by one trigger or several; the layer is the first
# argument, and each ends with a zero byte.
_WATCHED = text(
    "SELECT relname, split_part(encode(tgargs, 'escape'), '\\000', 1) AS layer FROM pg_trigger"
    " JOIN pg_class ON pg_class.oid = tgrelid"
    " WHERE tgname LIKE 'note_data_change%' AND tgenabled <> 'D' AND relnamespace = 'public'::regnamespace"
    " GROUP BY relname, layer HAVING bit_or(tgtype) & 60 = 60"
)


def unwatched_tables(connection: ReadConnection, registry: Registry) -> list[tuple[str, str]]:
    """Return table and layer of what no trigger watches, of the layers and of what hangs on their objects (watch_layer)."""
    watched = {(table, layer) for table, layer in connection.execute(_WATCHED)}
    wanted = {(table_of(each).name, kind.layer.name) for kind in registry for each in (kind, *kind.details)}
    return sorted(wanted - watched)
