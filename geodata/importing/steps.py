"""The steps of an import of objects, one function each: what the step before found and the answers → what comes next, or Stopped.

Nothing is stored here, and nothing is changed but temporary tables of the session's connection. A step may also raise
AskError or RefusedError where it has found nothing yet; the walk then stops at the value before.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from geodata.base.i18n import N_
from geodata.base.numbers import NumberStyle
from geodata.importing.asking import READER_ASKS, AskError, which_columns, which_field, with_match
from geodata.importing.converting import convert_rows
from geodata.importing.facts import number_style, sha256_of
from geodata.importing.found import (
    Checked,
    Compared,
    Converted,
    Decoded,
    Found,
    Located,
    Matched,
    Placed,
    Read,
    Stopped,
    grown,
)
from geodata.importing.progress import Step
from geodata.importing.reading.sandbox import read_table
from geodata.importing.results import (
    MAX_PROBLEMS,
    Counts,
    ImportOptions,
    Known,
    Problem,
    Question,
    RefusedError,
    Severity,
    Status,
    problem,
)
from geodata.importing.storing.alike import are_mostly_stored, find_alike
from geodata.importing.storing.kept_rows import new_lines
from geodata.importing.storing.likeness import decided, problems_of
from geodata.importing.storing.matching import compare as compare_staged, stage
from geodata.importing.storing.sense import sense_problems
from geodata.importing.storing.staged import StagedRows
from geodata.importing.table import empty_geometries
from geodata.importing.understanding.check import check_geometries, unusable_coordinates
from geodata.importing.understanding.coordinates import find_transformation, transform_geometries
from geodata.importing.understanding.corners import from_corners, is_corner_table, with_keys_down
from geodata.importing.understanding.decode import decode_table, samples_of
from geodata.importing.understanding.locations import (
    LocationColumns,
    ask_for_places,
    degrees_note,
    find_location_columns,
    is_degrees,
    read_locations,
)
from geodata.importing.understanding.match import importable_fields, match_columns
from geodata.importing.understanding.named_units import elsewhere_problems, named_places
from geodata.importing.understanding.placing import Evidence, operation_note, resolve_crs
from geodata.importing.understanding.province_area import outside_problems, province_area
from geodata.importing.understanding.values import text_of


def read(before: Found, answers: ImportOptions) -> Read | Stopped:
    """Return the layer of the file as its reader hands it over, or the question which layer or which row of names."""
    sent = before.sent
    before = replace(before, report=replace(before.report, file_sha256=sha256_of(sent.path)))
    sent.progress(Step.READ, 0, 0)
    try:
        found = read_table(
            sent.path,
            before.report.file_name or sent.path.name,
            answers.source_layer,
            answers.limits,
            words=sent.words,
            header_row=answers.header_row,
            geometry=sent.kind.layer.geometry.value,
            kept=sent.kept,
        )
    except RefusedError as why:
        return before.stopped(why)
    if isinstance(found, Question):
        code, template = READER_ASKS[found.about]
        return before.stopped(AskError(found, [problem(code, template)]))
    return grown(
        Read, before, found.problems, table=found, report=replace(before.report, counts=Counts(read=len(found)))
    )


def decode(before: Read, answers: ImportOptions) -> Decoded:
    """Return the table in Unicode; where several readings are possible, that is asked when it is known where the file lies."""
    decoded = decode_table(before.table, answers.encoding)
    return grown(
        Decoded, before, decoded.problems,
        table=decoded.table, samples=samples_of(decoded.table), raw_samples=samples_of(before.table), unsure=decoded.question,
        report=replace(before.report, encoding=decoded.encoding),
    )  # fmt: skip


def locate(before: Decoded, answers: ImportOptions) -> Located | Stopped:
    """Return the geometry in the file's own coordinates, its own or that of columns."""
    table, kind = before.table, before.sent.kind
    if table.geometries is not None:
        return grown(Located, before, geometries=table.geometries)
    style = number_style(table)
    columns = find_location_columns(table, answers.coordinates)
    if columns is None:
        return _without_places(before, answers, style)
    geometries, told, order_is_known = read_locations(table, columns, style)
    crs = columns.crs
    if columns.is_wgs84_by_name or (columns.pair is not None and crs is None and is_degrees(geometries)):
        crs = "EPSG:4326"
        told = [*told, *([degrees_note()] if answers.crs is None else [])]
    table = replace(table, crs=crs, crs_source="file" if crs else "none")
    key = _key_column(before, answers, columns)
    table, keys_told = with_keys_down(table, key, columns.corner, kind.layer.geometry)
    counts = before.report.counts
    if key is not None and columns.wkt is None and is_corner_table(table, key, columns.corner, kind.layer.geometry):
        table, geometries, corners_told = from_corners(
            table, geometries, kind.layer.geometry, key=key, corner=columns.corner, used=columns.used
        )
        counts, told = Counts(read=len(table)), [*told, *corners_told]
    return grown(
        Located, before, [*keys_told, *told],
        table=table, geometries=geometries, order_is_known=order_is_known, used=columns.used,
        report=replace(before.report, counts=counts),
    )  # fmt: skip


def _key_column(before: Decoded, answers: ImportOptions, places: LocationColumns) -> int | None:
    """Return the column of codes, else that of names."""
    names = before.table.names
    columns = match_columns(before.sent.kind, names, answers.mapping, answers.constants, places.used).columns
    return columns.get("code", columns.get("name"))


def _without_places(before: Decoded, answers: ImportOptions, style: NumberStyle) -> Located | Stopped:
    """Take a table without places as news of stored objects that its codes name; else ask for the places."""
    table, kind = before.table, before.sent.kind
    if before.unsure is not None:
        return before.stopped(AskError(before.unsure))
    columns = match_columns(kind, table.names, answers.mapping, answers.constants, frozenset()).columns
    codes = {text for value in table.columns[columns["code"]] if (text := text_of(value))} if "code" in columns else ()
    is_said = "none" in answers.coordinates and "code" in columns
    if not is_said and not are_mostly_stored(before.sent.session, kind, codes):
        return before.stopped(AskError(*ask_for_places(table, style)))
    template = N_("The file has no coordinates: objects are known by their codes, and stay where they are.")
    note = problem("missing_field", template, severity=Severity.WARNING)
    return grown(Located, before, [note], geometries=empty_geometries(len(table)), keeps_places=True)


def place(before: Located, answers: ImportOptions) -> Placed | Stopped:
    """Return the CRS of the geometry, or the question which one it is."""
    if before.keeps_places:
        return grown(Placed, before)
    sent, table = before.sent, before.table
    sent.progress(Step.PLACE, 0, len(table))
    area = province_area(sent.session, sent.units) if sent.kind is not sent.units else None
    places = named_places(sent.session, sent.units, table) if area is not None else None
    evidence = Evidence(places=None if answers.crs else places, area=area)
    found = resolve_crs(table, before.geometries, answers, evidence, order_is_known=before.order_is_known)
    if found.question is not None:
        return before.stopped(AskError(found.question), found.problems)
    if found.refused is not None:
        return before.stopped(found.refused, found.problems)
    assert found.recognised is not None  # noqa: S101 - neither a question nor a refusal
    way = find_transformation(found.recognised)
    note = operation_note(way, found.recognised.name) if way else None
    crs = Known(value=found.recognised.name, source=found.source)
    return grown(
        Placed, before, [*found.problems, *([note] if note else [])],
        crs=found.recognised, swapped=found.swapped, area=area, places=places,
        report=replace(before.report, crs=crs, operation=way.operation if way else None),
    )  # fmt: skip


def check(before: Placed, answers: ImportOptions) -> Checked | Stopped:
    """Return the geometry in EPSG:4326 as the layer stores it, and which rows have a good one."""
    sent, table, rows = before.sent, before.table, before.table.rows
    if before.crs is None:
        return grown(Checked, before, good=np.ones(len(table), dtype=bool))
    sent.progress(Step.CHECK, 0, len(table))
    absurd = unusable_coordinates(before.geometries)
    nowhere = N_("The coordinates are no place on earth.")
    told = [problem("bad_coordinates", nowhere, row=int(row), field="geom") for row in rows[absurd]]
    known_bad = {item.row for item in (*before.problems, *told) if item.severity is Severity.ERROR}
    bad = absurd | np.isin(rows, [row for row in known_bad if row is not None])
    way = find_transformation(before.crs)
    if way is None:
        template = N_("No exact way from {crs} to WGS 84 is known.")
        return before.stopped(RefusedError("crs_unknown", template, crs=before.crs.name), told)
    usable = before.geometries.copy()
    usable[bad] = None
    usable = transform_geometries(usable, way, swapped=before.swapped)
    checked = check_geometries(sent.kind.layer.geometry, usable, rows, bad, answers.limits)
    told += checked.problems
    if before.area is not None:
        told += outside_problems(before.area, checked.geometries, rows.tolist(), checked.good)
    if before.places is not None:
        told += elsewhere_problems(before.places, checked.geometries, rows.tolist(), checked.good)
    if not checked.good.any() and (refused := _all_alike([*before.problems, *told], len(table))) is not None:
        return before.stopped(refused, told, replace(before.report.counts, rejected=len(table)))
    return grown(Checked, before, told, geometries=checked.geometries, good=checked.good)


def _all_alike(problems: Sequence[Problem], count: int) -> RefusedError | None:
    """Return the refusal of a file of which no row has a good geometry, all for the same reason."""
    codes = [item.code for item in problems if item.severity is Severity.ERROR and item.row is not None]
    for code in ("out_of_extent", "wrong_geometry_type", "null_geometry", "bad_coordinates"):
        if codes.count(code) == count:
            first = next(item for item in problems if item.code == code)
            return RefusedError(code, first.text)
    return None


def match(before: Checked, answers: ImportOptions) -> Matched | Stopped:
    """Return which column fills which field, or the question which."""
    table, kind = before.table, before.sent.kind
    if before.unsure is not None:
        return before.stopped(AskError(before.unsure))
    mapping = match_columns(kind, table.names, answers.mapping, answers.constants, before.used)
    report = replace(
        before.report,
        mapping={name: table.names[index] for name, index in mapping.columns.items()},
        unmapped=tuple(table.names[index] for index in mapping.unmapped),
    )
    matched = grown(Matched, before, report=report, mapping=mapping, unanswered=None)
    if mapping.doubtful:
        return matched.stopped(AskError(*which_field(table.names, mapping.doubtful)))
    missing = {
        field.name: field.label
        for field in importable_fields(kind)
        if field.required and field.name not in mapping.columns and field.name not in answers.constants
    }
    if not missing:
        return matched
    ask = which_columns(table, missing)
    if list(missing) != ["code"]:
        return matched.stopped(ask)
    # Whether names and places tell the objects is seen when they have been compared.
    return matched if answers.match or answers.take_matches else replace(matched, unanswered=ask)


def convert(before: Matched, answers: ImportOptions) -> Converted:
    """Return the rows as the fields hold them, or the question in which order days are written."""
    rows, told = convert_rows(before, answers)
    return grown(Converted, before, told, rows=replace(rows, keeps_places=before.keeps_places))


def compare(before: Converted, answers: ImportOptions) -> Compared | Stopped:
    """Return what the rows would do to what is stored; rows that the database rejects are left out."""
    rows, staged = before.rows, _staged(before, answers)
    proposals = decided(find_alike(staged), answers)
    report = replace(before.report, matches=proposals[:MAX_PROBLEMS])
    if before.unanswered is not None:
        return replace(before, report=report).stopped(with_match(before.unanswered, proposals, len(rows.rows)))
    taken = {proposal.row: proposal.taken.code for proposal in proposals if proposal.taken}
    named = zip(rows.rows, rows.values["code"], rows.values.get("name", rows.rows), strict=True)
    codeless = {row: str(name) for row, code, name in named if code is None and row not in taken}
    told = problems_of(proposals, codeless)
    bad = frozenset(item.row for item in told if item.severity is Severity.ERROR and item.row is not None)
    if bad or taken:
        spared = {item.code for proposal in proposals if proposal.row in bad for item in proposal.candidates}
        rows = rows.taking(taken).without(bad).sparing(frozenset(spared - set(taken.values())))
        staged = _staged(replace(before, rows=rows), answers)
    comparison = compare_staged(staged)
    told += comparison.found.problems
    if comparison.found.rejected:
        rows = rows.without(comparison.found.rejected)
        comparison = compare_staged(_staged(replace(before, rows=rows), answers))
    told += sense_problems(before.sent.session, rows, comparison.staged)
    counts = comparison.found.counts(report.counts.read, len(rows.rows), len(answers.excluded_rows))
    report = replace(report, counts=counts, status=Status.PARTIAL if counts.rejected else Status.OK)
    return grown(Compared, before, told, report=report, rows=rows, comparison=comparison, proposals=proposals)


def _staged(before: Converted, answers: ImportOptions) -> StagedRows:
    sent = before.sent
    lines = new_lines(sent.kept) if sent.kept is not None and sent.kept.is_dir() else None
    return stage(sent.session, before.rows, answers.mode, sent.progress, Step.COMPARE, lines=lines)
