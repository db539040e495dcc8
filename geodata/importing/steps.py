"""The steps of an import: read, place, decode, match, convert, check, compare. Nothing is stored here."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from geodata.base.i18n import N_
from geodata.base.numbers import NumberStyle
from geodata.importing.asking import READER_ASKS, AskError, which_columns, which_field, with_match
from geodata.importing.converting import Conversion
from geodata.importing.details import HangingRows, Line
from geodata.importing.facts import number_style, sha256_of, words_of
from geodata.importing.preview import Preview
from geodata.importing.progress import Progress, Step, silent
from geodata.importing.proposals import Proposal
from geodata.importing.reading.sandbox import collector_paused, read_table
from geodata.importing.results import (
    MAX_PROBLEMS,
    Counts,
    ImportOptions,
    ImportReport,
    Known,
    Problem,
    Question,
    RefusedError,
    Severity,
    Status,
    Text,
    in_file_order,
    problem,
)
from geodata.importing.storing.alike import are_mostly_stored, find_alike
from geodata.importing.storing.likeness import decided, problems_of
from geodata.importing.storing.objections import classify
from geodata.importing.storing.rows import CheckedRows
from geodata.importing.storing.sense import sense_problems
from geodata.importing.storing.staging import Staging
from geodata.importing.table import Geometries, Table, empty_geometries
from geodata.importing.understanding.check import check_geometries, unusable_coordinates
from geodata.importing.understanding.coordinates import Places, find_transformation, transform_geometries
from geodata.importing.understanding.corners import from_corners, is_corner_table, with_keys_down
from geodata.importing.understanding.decode import check_answers, decode_table, samples_of
from geodata.importing.understanding.locations import (
    LocationColumns,
    ask_for_places,
    degrees_note,
    find_location_columns,
    is_degrees,
    read_locations,
)
from geodata.importing.understanding.match import Mapping_, check_constants, importable_fields, match_columns
from geodata.importing.understanding.named_units import elsewhere_problems, named_places
from geodata.importing.understanding.placing import Evidence, Placed, operation_note, resolve_crs
from geodata.importing.understanding.province_area import ProvinceArea, outside_problems, province_area, unit_kind
from geodata.importing.understanding.values import text_of
from geodata.schema.feature import Feature


def build_preview(
    session: Session,
    kind: type[Feature],
    path: Path,
    options: ImportOptions,
    progress: Progress = silent,
) -> Preview:
    """Return what importing the file would do; nothing is stored."""
    with collector_paused():
        if options.detail is not None:
            from geodata.importing.detail_preview import preview_details

            return preview_details(session, kind, path, options, progress)
        return Import(session, kind, path, options, progress).preview()


class Import:
    """One file on its way; each step adds to the report."""

    def __init__(
        self, session: Session, kind: type[Feature], path: Path, options: ImportOptions, progress: Progress
    ) -> None:
        self.session, self.kind, self.path, self.options = session, kind, path, options
        self.progress = progress
        self.file_name = options.file_name or path.name
        self.report = ImportReport(layer=kind.layer.name, file_name=self.file_name)
        self.problems: list[Problem] = []
        self.samples: tuple[str, ...] = ()
        self.raw_samples: tuple[str, ...] = ()
        self.table: Table | None = None
        self.staging: Staging | None = None
        self.unanswered: AskError | None = None
        self.proposals: tuple[Proposal, ...] = ()
        self.area: ProvinceArea | None = None
        self.places: Places | None = None
        self.rows: CheckedRows | None = None
        self.hanging: HangingRows | None = None
        self.lines: tuple[Line, ...] = ()

    def words(self) -> frozenset[str]:
        """Return the folded names by which the header of a sheet is known."""
        return words_of(self.kind)

    def steps(self) -> None:
        """Read, convert, compare."""
        self._check_options()
        self.rows = self._compared(self._checked_rows())

    def preview(self) -> Preview:
        """Return what the steps found, or the question or refusal at which they ended."""
        try:
            self.report = replace(self.report, file_sha256=sha256_of(self.path))
            self.steps()
        except AskError as ask:
            self.problems += ask.problems
            self.report = replace(self.report, status=Status.ASK, question=ask.question)
        except RefusedError as error:
            text = Text(template=error.message_template, details=error.details)
            if not any(item.code == error.reason for item in self.problems):
                self.problems.append(Problem(code=error.reason, text=text))
            self.report = replace(self.report, status=Status.REFUSED, reason=error.reason, reason_text=text)
        self.report = self.report.with_problems(self.problems)
        is_ready = self.report.status in {Status.OK, Status.PARTIAL}
        return Preview(
            report=self.report,
            kind=self.kind,
            options=self.options,
            rows=self.rows if is_ready else None,
            hanging=self.hanging if is_ready else None,
            lines=self.lines if is_ready else (),
            problems=in_file_order(self.problems),
            samples=self.samples,
            raw_samples=self.raw_samples,
            table=self.table,
            staging=self.staging,
            proposals=self.proposals,
        )

    def _check_options(self) -> None:
        check_answers(self.options)
        check_constants(self.kind, self.options.constants)

    # reading

    def _checked_rows(self) -> CheckedRows:
        table, unsure = self._decoded(self._read())
        style = number_style(table)
        columns = None
        if table.geometries is None:
            columns = find_location_columns(table, self.options.coordinates)
        if table.geometries is None and columns is None:
            return self._without_places(table, unsure, style)
        table, geometries, order_is_known = self._located(table, columns, style)
        self.table = table
        self.progress(Step.PLACE, 0, len(table))
        placed = self._placed(table, geometries, order_is_known=order_is_known)
        self.progress(Step.CHECK, 0, len(table))
        good, geometries = self._checked_geometries(table, placed, geometries)
        if unsure is not None:
            raise unsure
        mapping = self._mapping(table, columns.used if columns else frozenset())
        return self._converted(table, mapping, geometries, good)

    def _read(self) -> Table:
        """Return the layer as read. Raises AskError, RefusedError."""
        options = self.options
        self.progress(Step.READ, 0, 0)
        found = read_table(
            self.path,
            self.file_name,
            options.source_layer,
            options.limits,
            words=self.words(),
            header_row=options.header_row,
            geometry=self.kind.layer.geometry.value,
        )
        if isinstance(found, Question):
            code, template = READER_ASKS[found.about]
            raise AskError(found, [problem(code, template)])
        self.problems += found.problems
        self.report = replace(self.report, counts=Counts(read=len(found)))
        return found

    def _located(
        self, table: Table, columns: LocationColumns | None, style: NumberStyle
    ) -> tuple[Table, Geometries, bool]:
        """Return the table with its geometry in the file's coordinates, and whether their order is known."""
        if columns is None:
            assert table.geometries is not None  # noqa: S101 - a table without geometry has location columns
            return table, table.geometries, False
        geometries, problems, order_is_known = read_locations(table, columns, style)
        crs = columns.crs
        if columns.is_wgs84_by_name or (columns.pair is not None and crs is None and is_degrees(geometries)):
            crs = "EPSG:4326"
            problems += [degrees_note()] if self.options.crs is None else []
        table = replace(table, crs=crs, crs_source="file" if crs else "none")
        key = self._key_column(table, columns.used)
        table, told = with_keys_down(table, key, columns.corner, self.kind.layer.geometry)
        self.problems += told
        is_corners = columns.wkt is None and is_corner_table(table, key, columns.corner, self.kind.layer.geometry)
        if is_corners and key is not None:
            table, geometries, told = from_corners(
                table,
                geometries,
                self.kind.layer.geometry,
                key=key,
                corner=columns.corner,
                used=columns.used,
            )
            self.report = replace(self.report, counts=Counts(read=len(table)))
            problems = [*problems, *told]
        self.problems += problems
        return table, geometries, order_is_known

    def _key_column(self, table: Table, used: frozenset[int]) -> int | None:
        """Return the column of codes, else that of names."""
        columns = match_columns(self.kind, table.names, self.options.mapping, self.options.constants, used).columns
        return columns.get("code", columns.get("name"))

    def _without_places(self, table: Table, unsure: AskError | None, style: NumberStyle) -> CheckedRows:
        """Return the rows of a table that changes attributes of stored objects by their codes; else ask for the places."""
        self.table = table
        if unsure is not None:
            raise unsure
        columns = match_columns(
            self.kind, table.names, self.options.mapping, self.options.constants, frozenset()
        ).columns
        if "code" not in columns or (
            "none" not in self.options.coordinates and not self._is_known(table, columns["code"])
        ):
            raise AskError(*ask_for_places(table, style))
        self.problems.append(
            problem(
                "missing_field",
                N_("The file has no coordinates: objects are known by their codes, and stay where they are."),
                severity=Severity.WARNING,
            )
        )
        mapping = self._mapping(table, frozenset())
        good = np.ones(len(table), dtype=bool)
        rows = self._converted(table, mapping, empty_geometries(len(table)), good)
        return replace(rows, keeps_places=True)

    def _is_known(self, table: Table, index: int) -> bool:
        """Say whether most codes of a column are stored."""
        codes = {text for value in table.columns[index] if (text := text_of(value))}
        return are_mostly_stored(self.session, self.kind, codes)

    def _decoded(self, found: Table) -> tuple[Table, AskError | None]:
        """Return the table in Unicode, and the question where several readings are possible."""
        decoded = decode_table(found, self.options.encoding)
        self.problems += decoded.problems
        self.report = replace(self.report, encoding=decoded.encoding)
        self.samples, self.raw_samples = samples_of(decoded.table), samples_of(found)
        return decoded.table, AskError(decoded.question) if decoded.question else None

    # placing

    def _placed(self, table: Table, geometries: Geometries, *, order_is_known: bool) -> Placed:
        self.area = province_area(self.session) if self.kind is not unit_kind() else None
        self.places = named_places(self.session, table) if self.area is not None else None
        evidence = Evidence(places=None if self.options.crs else self.places, area=self.area)
        found = resolve_crs(table, geometries, self.options, evidence, order_is_known=order_is_known)
        self.problems += found.problems
        if found.question is not None:
            raise AskError(found.question)
        if found.refused is not None:
            raise found.refused
        assert found.recognised is not None  # noqa: S101 - neither a question nor a refusal
        transformation = find_transformation(found.recognised)
        operation = transformation.operation if transformation else None
        if transformation is not None and (note := operation_note(transformation, found.recognised.name)):
            self.problems.append(note)
        self.report = replace(
            self.report, crs=Known(value=found.recognised.name, source=found.source), operation=operation
        )
        return found

    def _checked_geometries(
        self, table: Table, placed: Placed, geometries: Geometries
    ) -> tuple[np.ndarray[Any, np.dtype[np.bool_]], Geometries]:
        absurd = unusable_coordinates(geometries)
        self.problems += [
            problem("bad_coordinates", N_("The coordinates are no place on earth."), row=int(row), field="geom")
            for row in table.rows[absurd]
        ]
        known_bad = {item.row for item in self.problems if item.severity is Severity.ERROR}
        bad = absurd | np.isin(table.rows, [row for row in known_bad if row is not None])
        usable = geometries.copy()
        usable[bad] = None
        assert placed.recognised is not None  # noqa: S101
        transformation = find_transformation(placed.recognised)
        if transformation is None:
            raise RefusedError(
                "crs_unknown", N_("No exact way from {crs} to WGS 84 is known."), crs=placed.recognised.name
            )
        usable = transform_geometries(usable, transformation, swapped=placed.swapped)
        checked = check_geometries(self.kind.layer.geometry, usable, table.rows, bad, self.options.limits)
        self.problems += checked.problems
        if self.area is not None:
            self.problems += outside_problems(self.area, checked.geometries, table.rows.tolist(), checked.good)
        if self.places is not None:
            self.problems += elsewhere_problems(self.places, checked.geometries, table.rows.tolist(), checked.good)
        if not checked.good.any():
            self._refuse_if_all_alike(checked.problems, len(table))
        return checked.good, checked.geometries

    def _refuse_if_all_alike(self, problems: Sequence[Problem], count: int) -> None:
        codes = [item.code for item in self.problems if item.severity is Severity.ERROR and item.row is not None]
        for code in ("out_of_extent", "wrong_geometry_type", "null_geometry", "bad_coordinates"):
            if codes.count(code) == count:
                first = next(item for item in self.problems if item.code == code)
                self.report = replace(self.report, counts=replace(self.report.counts, rejected=count))
                raise RefusedError(code, first.text.template, **first.text.details)

    # fields

    def _mapping(self, table: Table, used: frozenset[int]) -> Mapping_:
        mapping = match_columns(self.kind, table.names, self.options.mapping, self.options.constants, used)
        named = {name: table.names[index] for name, index in mapping.columns.items()}
        self.report = replace(
            self.report, mapping=named, unmapped=tuple(table.names[index] for index in mapping.unmapped)
        )
        if mapping.doubtful:
            raise AskError(*which_field(table.names, mapping.doubtful))
        missing = {
            field.name: field.label
            for field in importable_fields(self.kind)
            if field.required and field.name not in mapping.columns and field.name not in self.options.constants
        }
        if missing:
            ask = which_columns(table, missing)
            if list(missing) != ["code"]:
                raise ask
            # Whether names and places tell the objects is seen when they have been compared.
            self.unanswered = None if self.options.match or self.options.take_matches else ask
        return mapping

    def _converted(
        self, table: Table, mapping: Mapping_, geometries: Geometries, good: NDArray[np.bool_]
    ) -> CheckedRows:
        conversion = Conversion(self.kind, table, mapping, self.options, self.problems)
        return conversion.rows(geometries, good, self.progress)

    # comparing

    def _compared(self, rows: CheckedRows) -> CheckedRows:
        rows, staging = self._recognised(rows, self._compared_with_stored(rows))
        found = classify(staging)
        self.problems += found.problems
        if found.rejected:
            rows = rows.without(found.rejected)
            staging = self._compared_with_stored(rows)
            found = classify(staging)
        read = self.report.counts.read
        rejected = read - len(rows.rows) - len(self.options.excluded_rows)
        self.report = replace(
            self.report,
            counts=Counts(
                read=read,
                new=found.new,
                changed=found.changed,
                unchanged=found.unchanged,
                absent=found.absent,
                rejected=rejected,
            ),
            status=Status.PARTIAL if rejected else Status.OK,
        )
        self.staging = staging
        self.problems += sense_problems(self.session, rows, staging)
        return rows

    def _compared_with_stored(self, rows: CheckedRows) -> Staging:
        staging = Staging(self.session, rows, self.options.mode)
        staging.fill(self.progress, Step.COMPARE)
        return staging

    def _recognised(self, rows: CheckedRows, staging: Staging) -> tuple[CheckedRows, Staging]:
        """Return the rows with the codes of the objects that they were said to be; rows left without a code are rejected."""
        self.proposals = decided(find_alike(staging), self.options)
        self.report = replace(self.report, matches=self.proposals[:MAX_PROBLEMS])
        columns = zip(rows.rows, rows.values["code"], rows.values.get("name", rows.rows), strict=True)
        codeless = {row: str(name) for row, code, name in columns if code is None}
        taken = {proposal.row: proposal.taken.code for proposal in self.proposals if proposal.taken}
        found = problems_of(self.proposals, {row: name for row, name in codeless.items() if row not in taken})
        if self.unanswered is not None:
            raise with_match(self.unanswered, self.proposals, len(rows.rows))
        self.problems += found
        bad = frozenset(item.row for item in found if item.severity is Severity.ERROR and item.row is not None)
        if not (bad or taken):
            return rows, staging
        spared = frozenset(
            item.code for proposal in self.proposals if proposal.row in bad for item in proposal.candidates
        )
        rows = rows.taking(taken).without(bad).sparing(spared - set(taken.values()))
        return rows, self._compared_with_stored(rows)
