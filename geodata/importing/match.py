"""Which column is which field: by the registry's names, accents and case ignored, cut to ten letters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from geodata.column_names import short_names
from geodata.errors import InvalidValueError
from geodata.i18n import N_
from geodata.layer import Feature, Field, fold_column_name
from geodata.spatial import MEASURED

#: Names that mean a shared field when nothing better is there.
FALLBACKS: dict[str, tuple[str, ...]] = {
    "name": ("full_name", "ten_day_du", "ho_ten", "ten_doi_tuong"),
    "code": ("ma_doi_tuong", "ma_dt"),
}
#: Columns other programs add; they say nothing about the object.
IGNORED = frozenset(
    {
        "objectid",
        "fid",
        "ogcfid",
        "gid",
        "shapeleng",
        "shapelength",
        "shapearea",
        "shapelen",
        "idkhong",
        "layer",
        "paperspace",
        "subclasses",
        "linetype",
        "entityhandle",
    }
)
#: The problem column of a list of rejected rows that is sent again.
REASON_COLUMN = "ly_do_tu_choi"

_CUT = 10
#: Also as a .dbf cuts it.
_REASONS = frozenset(fold_column_name(name) for name in (REASON_COLUMN, REASON_COLUMN[:_CUT]))


@dataclass(frozen=True, kw_only=True)
class Mapping_:  # noqa: N801 - `Mapping` is the collection
    """Field name -> column index, and the columns no field wants."""

    columns: Mapping[str, int]
    unmapped: tuple[int, ...]


def importable_fields(kind: type[Feature]) -> tuple[Field, ...]:
    """Return the fields a file may fill."""
    return tuple(field for field in kind.fields() if not field.derived)


def _ordered_names(field: Field) -> list[str]:
    return [field.name, *field.source_names, field.label]


def _fold_cut(name: str) -> str:
    """Return a name as a .dbf would cut it: accents dropped, underscores kept, ten letters."""
    plain = "".join(fold_column_name(char) or "_" for char in name.strip())
    return plain[:_CUT]


def match_columns(
    kind: type[Feature],
    names: Sequence[str],
    given: Mapping[str, str],
    constants: Mapping[str, str],
    used: frozenset[int],
) -> Mapping_:
    """Return which column fills which field. Raises InvalidValueError for a field or column that is not there."""
    fields = {field.name: field for field in importable_fields(kind)}
    shorter = short_names(kind)
    found: dict[str, int] = {}
    if unknown := [name for name in (*given, *constants) if name not in fields]:
        raise InvalidValueError(name="--map", value=unknown[0], reason=f"fields of this layer: {', '.join(fields)}")
    found |= {name: _find_given(column, names) for name, column in given.items() if column}
    free = [index for index in range(len(names)) if index not in used and index not in found.values()]
    skipped = set(given) | set(constants)
    for exact in (True, False):
        for field in fields.values():
            if field.name in found or field.name in skipped:
                continue
            index = _find((*_ordered_names(field), shorter[field.name]), names, free, exact=exact)
            if index is not None:
                found[field.name] = index
                free.remove(index)
    pool = [index for index in range(len(names)) if index not in used]
    for name in FALLBACKS.keys() & fields.keys() - found.keys() - skipped:
        folded = {fold_column_name(other) for other in (*_ordered_names(fields[name]), *FALLBACKS[name])}
        index = next((index for index in pool if fold_column_name(names[index]) in folded), None)
        if index is not None:
            found[name] = index
    computed = _computed_names(kind)
    unmapped = tuple(
        index
        for index in free
        if _is_wanted(names[index]) and index not in found.values() and fold_column_name(names[index]) not in computed
    )
    return Mapping_(columns=found, unmapped=unmapped)


def _is_wanted(name: str) -> bool:
    folded = fold_column_name(name)
    return folded not in IGNORED and folded not in _REASONS


def _find_given(column: str, names: Sequence[str]) -> int:
    for same in (lambda name: name == column, lambda name: fold_column_name(name) == fold_column_name(column)):
        for index, name in enumerate(names):
            if same(name):
                return index
    raise InvalidValueError(
        N_("The file has no column “{value}”; it has: {reason}."), name="--map", value=column, reason=", ".join(names)
    )


def _computed_names(kind: type[Feature]) -> frozenset[str]:
    """Return the folded column names of what is computed: an export shows it, an import does not take it."""
    shorter = short_names(kind)
    computed = [field for field in kind.fields() if field.derived]
    names = [name for field in computed for name in (field.name, shorter[field.name], *field.source_names)]
    names += [name for field in MEASURED for name in (field.name, field.name[:_CUT])]
    return frozenset(map(fold_column_name, names))


def _find(wanted_names: Sequence[str], names: Sequence[str], free: Sequence[int], *, exact: bool) -> int | None:
    for wanted in wanted_names:
        for index in free:
            if exact and fold_column_name(names[index]) == fold_column_name(wanted):
                return index
            if (
                not exact
                and len(wanted) > _CUT
                and len(names[index]) == _CUT
                and _fold_cut(names[index]) == _fold_cut(wanted)
            ):
                return index
    return None
