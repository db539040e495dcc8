"""A preview as documents: what the pages show of it, in any language later."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from geodata.importing.preview import Preview, unknown_values
from geodata.importing.proposals import Proposal
from geodata.importing.reading import encoding as letters
from geodata.importing.results import Problem
from geodata.importing.sessions.documents import ChangeFacts, ColumnFacts, Facts, Landing, Reading
from geodata.importing.table import Value
from geodata.importing.understanding.coordinates import find_transformation, parse_crs, representative_points
from geodata.importing.understanding.values import text_of

#: What the switch of the encoding offers.
ENCODINGS = ("utf-8", "tcvn3", "vni", "cp1258", "viqr", "cp1252")
_SKETCH_POINTS = 150
#: What a rejected row is called by, and how much of it is shown: it was not checked.
_CALLED, _CALLED_LENGTH = ("code", "name"), 200
#: Kind, row, code, name and data of one line of a list.
Item = tuple[str, int | None, str | None, str | None, ChangeFacts | Proposal | Problem]


def other_items(preview: Preview) -> Iterator[Item]:
    """Return what is listed beside the changes: rows that may be a stored object, and problems by their severity."""
    for line in preview.lines:
        yield (
            line.action.value,
            line.row,
            line.code,
            line.key,
            ChangeFacts(feature_id=line.feature_id, fields=line.fields),
        )
    for proposal in preview.proposals:
        yield "match", proposal.row, proposal.code, proposal.name, proposal
    code_and_name = _code_and_name(preview)
    # Of a file that cannot be stored as it is, the first problems are enough.
    is_ready = preview.rows is not None or preview.hanging is not None
    for item in preview.problems if is_ready else preview.report.problems:
        yield item.severity.value, item.row, *code_and_name(item.row), item


def _code_and_name(preview: Preview) -> Callable[[int | None], tuple[str | None, str | None]]:
    """Return what says how the file calls the object of a row."""
    table, mapping = preview.table, preview.report.mapping
    if table is None:
        return lambda _: (None, None)
    columns = [table.columns[table.names.index(mapping[field])] if field in mapping else None for field in _CALLED]

    def called(row: int | None) -> tuple[str | None, str | None]:
        at = int(np.searchsorted(table.rows, row)) if row is not None else len(table)
        cells = [column[at] if column is not None and at < len(table) else None for column in columns]
        code, name = map(text_of, cells)
        return code and code[:_CALLED_LENGTH], name and name[:_CALLED_LENGTH]

    return called


def facts_of(preview: Preview) -> Facts:
    """Return what the questions need to know of the file: columns, encodings, places, unknown values."""
    table = preview.table
    if table is None:
        return Facts()
    columns = tuple(
        ColumnFacts(name=name, samples=_samples(column), filled=sum(value is not None for value in column[:10_000]))
        for name, column in zip(table.names, table.columns, strict=True)
    )
    return Facts(
        format=table.format,
        header_row=table.header_row,
        is_table=table.geometries is None and preview.detail is None,
        rows=len(table),
        columns=columns,
        samples=preview.samples,
        encodings=_encodings(preview.raw_samples),
        places=tuple(_places(preview)),
        values={name: tuple(cells) for name, cells in unknown_values(preview).items()},
        signature=preview.signature,
        undecided=sum(proposal.decision is None for proposal in preview.proposals),
    )


def _samples(column: Sequence[Value], most: int = 3) -> tuple[str, ...]:
    found = dict.fromkeys(str(value)[:60] for value in column[:1000] if value is not None)
    return tuple(found)[:most]


def _encodings(raw: Sequence[str]) -> tuple[Reading, ...]:
    if not raw:
        return ()
    return tuple(
        Reading(value=name, samples=tuple(letters.decode_text(text, name)[:80] for text in raw)) for name in ENCODINGS
    )


def _places(preview: Preview) -> Iterator[Landing]:
    """Return where each CRS in question puts some of the objects, as lon, lat."""
    table, question = preview.table, preview.report.question
    if table is None or table.geometries is None or question is None or question.about != "crs":
        return
    import shapely

    shapes = table.geometries[~(shapely.is_missing(table.geometries) | shapely.is_empty(table.geometries))]
    points = representative_points(shapes[:: len(shapes) // _SKETCH_POINTS + 1])
    for choice in question.choices:
        recognised = parse_crs(choice.value)
        transformation = find_transformation(recognised) if recognised else None
        if transformation is None:
            continue
        landed = transformation.apply(points[:, ::-1] if preview.options.swap_axes else points)
        landed = landed[np.isfinite(landed).all(axis=1)]
        yield Landing(value=choice.value, points=tuple((round(x, 5), round(y, 5)) for x, y in landed.tolist()))
