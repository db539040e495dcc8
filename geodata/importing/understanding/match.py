"""Which column is which field: by the registry's names, accents and case ignored, cut to ten letters."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.importing.headings import spellings
from geodata.importing.understanding.cut_names import (
    copies_of,
    fields_it_may_mean,
    fields_of_a_copy,
    is_numbered,
    is_own_export,
)
from geodata.query.spatial import MEASURED
from geodata.schema.column_names import LONGEST, short_names
from geodata.schema.feature import Feature
from geodata.schema.fields import Field, fold_column_name

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

#: Also as a .dbf cuts it.
_REASONS = frozenset(fold_column_name(name) for name in (REASON_COLUMN, REASON_COLUMN[:LONGEST]))


@dataclass(frozen=True, kw_only=True)
class Mapping_:  # noqa: N801 - `Mapping` is the collection
    """Field name -> column index, the columns no field wants, and those cut so short that several fields may be meant."""

    columns: Mapping[str, int]
    unmapped: tuple[int, ...]
    doubtful: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


def importable_fields(kind: type[Feature]) -> tuple[Field, ...]:
    """Return the fields a file may fill."""
    return tuple(field for field in kind.fields() if not field.derived)


def check_constants(kind: type[Feature], names: Iterable[str]) -> None:
    """Raise InvalidValueError for a constant that is given to no field a file may fill."""
    known = {field.name for field in importable_fields(kind)}
    for name in names:
        if name not in known:
            raise InvalidValueError(
                name="--set", value=name, reason=f"fields of this layer: {', '.join(sorted(known))}"
            )


def called(field: Field) -> list[str]:
    """Return how files call a field, the surest first."""
    return [field.name, *field.source_names, field.label]


def own_names(kind: type[Feature]) -> dict[str, list[str]]:
    """Return how files call code and name of a layer: plainly, or with the layer's word (MA_CHO, TEN_CHO)."""
    found = {}
    for name, prefix in (("code", "MA_"), ("name", "TEN_")):
        if (field := kind.field(name)) is not None:
            words = [code.removeprefix("MA_") for code in kind.layer.code_names if code.startswith("MA_")]
            found[name] = [*called(field), *(prefix + word for word in words)]
    return found


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
    found |= {name: find_given(column, names) for name, column in given.items() if column}
    free = [index for index in range(len(names)) if index not in used and index not in found.values()]
    skipped = set(given) | set(constants)
    wanted = {name: called(field) for name, field in fields.items()} | own_names(kind)
    own = shorter if is_own_export(kind, names) else {}
    known = {name: [*spellings, *([own[name]] if name in own else [])] for name, spellings in wanted.items()}
    found |= match_names(known, names, free, set(found) | skipped)
    free = [index for index in free if index not in found.values()]
    copied = fields_of_a_copy(copies_of(kind), [names[index] for index in free])
    found |= {
        copied[names[index]]: index
        for index in free
        if copied.get(names[index]) in fields.keys() - found.keys() - skipped
    }
    free = [index for index in free if names[index] not in copied]
    doubtful: dict[int, tuple[str, ...]] = {}
    for index in list(free):
        possible = fields_it_may_mean(names[index], wanted, found.keys() | skipped)
        if len(possible) == 1 and not is_numbered(names[index]):
            found[possible[0]] = index
            free.remove(index)
        elif possible:
            doubtful[index] = possible
    pool = [index for index in range(len(names)) if index not in used]
    for name in FALLBACKS.keys() & fields.keys() - found.keys() - skipped:
        folded = {fold_column_name(other) for other in (*called(fields[name]), *FALLBACKS[name])}
        if matches := [index for index in pool if fold_column_name(names[index]) in folded]:
            found[name] = matches[0]
    computed = _computed_names(kind)
    unmapped = tuple(
        index
        for index in free
        if _is_wanted(names[index]) and index not in found.values() and fold_column_name(names[index]) not in computed
    )
    return Mapping_(columns=found, unmapped=unmapped, doubtful=doubtful)


def match_names(
    wanted: Mapping[str, Sequence[str]], names: Sequence[str], free: Sequence[int], taken: set[str]
) -> dict[str, int]:
    """Return field -> the column that is called like it, each column once: as written, then without units and storeys."""
    found: dict[str, int] = {}
    read = {index: spellings(names[index]) for index in free}
    for is_loose in (False, True):
        for name, known in wanted.items():
            if name in taken or name in found:
                continue
            left = [index for index in free if index not in found.values()]
            for spelling in map(fold_column_name, known):
                index = next((at for at in left if spelling in (read[at] if is_loose else read[at][:1])), None)
                if index is not None:
                    found[name] = index
                    break
    return found


def _is_wanted(name: str) -> bool:
    folded = fold_column_name(name)
    return folded not in IGNORED and folded not in _REASONS


def find_given(column: str, names: Sequence[str]) -> int:
    """Return the column of a name that was given. Raises InvalidValueError."""
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
    names += [name for field in MEASURED for name in (field.name, field.name[:LONGEST])]
    return frozenset(map(fold_column_name, names))
