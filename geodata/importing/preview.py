"""The steps of an import: read, place, decode, match, convert, check, compare; then, when told so, store."""

import hashlib
import json
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from geodata.errors import InvalidValueError
from geodata.history import ChangeSet, lock_layer
from geodata.i18n import N_
from geodata.importing import encoding as letters
from geodata.importing.check import check_geometries, unusable_coordinates
from geodata.importing.coordinates import find_transformation, transform_geometries
from geodata.importing.likeness import MATCH, Proposal, decided, problems_of
from geodata.importing.locations import degrees_note, find_location_columns, read_locations
from geodata.importing.match import Mapping_, importable_fields, match_columns
from geodata.importing.numbers import NumberStyle, style_of
from geodata.importing.placing import Placed, named_places, resolve_crs
from geodata.importing.progress import Progress, Step, silent
from geodata.importing.results import (
    MAX_PROBLEMS,
    Choice,
    Counts,
    ImportOptions,
    ImportReport,
    Known,
    Mode,
    Problem,
    Question,
    RefusedError,
    Severity,
    Status,
    Text,
    in_file_order,
    problem,
)
from geodata.importing.sandbox import collector_paused, read_table
from geodata.importing.table import Geometries, Table, Value
from geodata.importing.values import BadValueError, clean_text, convert_column, cut_warning, parser_of
from geodata.importing.write import CheckedRows, Staging, new_change_set
from geodata.layer import Feature

_CHUNK = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What an import would do. `rows` is None where nothing can be stored yet (ask, refused).

    `problems` are all of them, of which the report names the first; `staging` lists what would change. `samples` are
    accented texts as they were read, `raw_samples` the same ones before decoding.
    """

    report: ImportReport
    kind: type[Feature]
    options: ImportOptions
    rows: CheckedRows | None = None
    problems: Sequence[Problem] = ()
    samples: tuple[str, ...] = ()
    raw_samples: tuple[str, ...] = ()
    table: Table | None = None
    staging: Staging | None = None
    proposals: tuple[Proposal, ...] = ()


class _AskError(Exception):
    """A question must be answered first."""

    def __init__(self, question: Question, problems: Sequence[Problem] = ()) -> None:
        super().__init__(question.about)
        self.question, self.problems = question, tuple(problems)


def build_preview(
    session: Session,
    kind: type[Feature],
    path: Path,
    options: ImportOptions,
    progress: Progress = silent,
) -> Preview:
    """Return what importing the file would do; nothing is stored."""
    with collector_paused():
        return _Import(session, kind, path, options, progress).preview()


class _Import:
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
        self.unanswered: _AskError | None = None
        self.proposals: tuple[Proposal, ...] = ()

    def preview(self) -> Preview:
        rows: CheckedRows | None = None
        try:
            self._check_options()
            self.report = self.report.replaced(file_sha256=sha256_of(self.path))
            rows = self._checked_rows()
            rows = self._compared(rows)
        except _AskError as ask:
            self.problems += ask.problems
            self.report = self.report.replaced(status=Status.ASK, question=ask.question)
        except RefusedError as error:
            text = Text(template=error.message_template, details=error.details)
            if not any(item.code == error.reason for item in self.problems):
                self.problems.append(Problem(code=error.reason, text=text))
            self.report = self.report.replaced(status=Status.REFUSED, reason=error.reason, reason_text=text)
            rows = None
        self.report = self.report.with_problems(self.problems)
        return Preview(
            report=self.report,
            kind=self.kind,
            options=self.options,
            rows=rows if self.report.status in {Status.OK, Status.PARTIAL} else None,
            problems=in_file_order(self.problems),
            samples=self.samples,
            raw_samples=self.raw_samples,
            table=self.table,
            staging=self.staging,
            proposals=self.proposals,
        )

    def _check_options(self) -> None:
        names = {field.name for field in importable_fields(self.kind)}
        for name in self.options.constants:
            if name not in names:
                raise InvalidValueError(
                    name="--set", value=name, reason=f"fields of this layer: {', '.join(sorted(names))}"
                )

    # reading

    def _checked_rows(self) -> CheckedRows:
        options = self.options
        self.progress(Step.READ, 0, 0)
        found = read_table(self.path, self.file_name, options.source_layer, options.limits)
        if isinstance(found, Question):
            raise _AskError(found, [problem("multiple_layers", N_("The file holds several layers; name one."))])
        self.problems += found.problems
        self.report = self.report.replaced(counts=Counts(read=len(found)))
        table, unsure = self._decoded(found)
        self.table = table
        style = _number_style(table)
        columns = find_location_columns(table) if table.geometries is None else None
        if table.geometries is None and columns is None:
            self._ask_for_location(table)
        geometries, order_is_known = table.geometries, False
        if columns is not None:
            geometries, problems, order_is_known = read_locations(table, columns, style)
            self.problems += problems
            crs = columns.crs or ("EPSG:4326" if columns.is_wgs84_by_name else None)
            table = replace(table, crs=crs, crs_source="file" if crs else "none")
            if options.crs is None and (note := degrees_note(columns)):
                self.problems.append(note)
        assert geometries is not None  # noqa: S101 - a table without geometry has location columns
        self.progress(Step.PLACE, 0, len(table))
        placed = self._placed(table, geometries, order_is_known=order_is_known)
        self.progress(Step.CHECK, 0, len(table))
        good, geometries = self._checked_geometries(table, placed, geometries)
        if unsure is not None:
            raise unsure
        mapping = self._mapping(table, columns.used if columns else frozenset())
        return self._converted(table, mapping, geometries, good, style)

    def _decoded(self, table: Table) -> tuple[Table, _AskError | None]:
        """Return the table in Unicode, and the question where several readings are possible."""
        given = letters.canonical(self.options.encoding) if self.options.encoding else None
        if self.options.encoding and given is None:
            raise InvalidValueError(
                name="--encoding", value=self.options.encoding, reason="utf-8, tcvn3, vni, cp1258, viqr, cp1252"
            )
        texts = _telling_texts(table)
        unsure = None
        if table.texts == "bytes":
            samples = [*(name.encode("latin1") for name in table.names), *(text.encode("latin1") for text in texts)]
            detected = letters.detect(samples, table.declared_encoding)
            encoding, source = given or detected.encoding, "given" if given else detected.source
            if detected.declared_is_wrong and not given and detected.encoding:
                self.problems.append(
                    problem(
                        "encoding_unknown",
                        N_("The declared encoding {declared} does not fit the texts; {found} does."),
                        severity=Severity.WARNING,
                        declared=table.declared_encoding or "",
                        found=detected.encoding,
                    )
                )
            if encoding is None:
                unsure = _AskError(
                    _encoding_question(detected.readings),
                    [problem("encoding_unknown", N_("The letters can be read in several ways; choose one."))],
                )
                encoding = "cp1252"
        else:
            reading = letters.detect_in_text([*table.names, *texts]) if given is None else None
            viqr = (
                reading is None
                and given is None
                and letters.detect([text.encode() for text in texts if text.isascii()]).encoding == "viqr"
            )
            inner = "viqr" if viqr else reading.encoding if reading else given if given not in {None, "utf-8"} else None
            encoding, source = inner or "utf-8", "given" if given else "detected"
            if inner is None:
                encoding = "unicode"
        self.report = self.report.replaced(
            encoding=Known(value=None if unsure else "utf-8" if encoding == "unicode" else encoding, source=source)
        )
        decoded = _decode_table(table, encoding)
        self.samples = _samples(decoded)
        self.raw_samples = _samples(table)
        for name, column, raw, width in zip(
            decoded.names, decoded.columns, table.columns, table.widths or (0,) * len(table.names), strict=True
        ):
            if width >= 254 - 3:
                self.problems += [
                    cut_warning(name, int(row), str(value), width)
                    for row, value, cell in zip(table.rows, column, raw, strict=True)
                    if isinstance(cell, str) and len(cell) >= width - 3
                ]
        return decoded, unsure

    def _ask_for_location(self, table: Table) -> None:
        why = Text(template=N_("a column of numbers"))
        choices = tuple(
            Choice(value=name, why=why)
            for name, column in zip(table.names, table.columns, strict=True)
            if any(
                isinstance(value, int | float) or (isinstance(value, str) and value[:1].isdigit())
                for value in column[:20]
            )
        )
        raise _AskError(
            Question(about="columns", choices=choices),
            [
                problem(
                    "missing_field",
                    N_("No columns with coordinates were found. Name them lon and lat, X and Y, or WKT."),
                )
            ],
        )

    # placing

    def _placed(self, table: Table, geometries: Geometries, *, order_is_known: bool) -> Placed:
        places = named_places(self.session, table) if self.options.crs is None else None
        found = resolve_crs(table, geometries, self.options, places, order_is_known=order_is_known)
        self.problems += found.problems
        if found.question is not None:
            raise _AskError(found.question)
        if found.refused is not None:
            raise found.refused
        assert found.recognised is not None  # noqa: S101 - neither a question nor a refusal
        transformation = find_transformation(found.recognised)
        operation = transformation.operation if transformation else None
        self.report = self.report.replaced(
            crs=Known(value=found.recognised.name, source=found.source), operation=operation
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
        if not checked.good.any():
            self._refuse_if_all_alike(checked.problems, len(table))
        return checked.good, checked.geometries

    def _refuse_if_all_alike(self, problems: Sequence[Problem], count: int) -> None:
        codes = [item.code for item in self.problems if item.severity is Severity.ERROR and item.row is not None]
        for code in ("out_of_extent", "wrong_geometry_type", "null_geometry", "bad_coordinates"):
            if codes.count(code) == count:
                first = next(item for item in self.problems if item.code == code)
                self.report = self.report.replaced(counts=replace(self.report.counts, rejected=count))
                raise RefusedError(code, first.text.template, **first.text.details)

    # fields

    def _mapping(self, table: Table, used: frozenset[int]) -> Mapping_:
        mapping = match_columns(self.kind, table.names, self.options.mapping, self.options.constants, used)
        named = {name: table.names[index] for name, index in mapping.columns.items()}
        self.report = self.report.replaced(
            mapping=named, unmapped=tuple(table.names[index] for index in mapping.unmapped)
        )
        missing = [
            field.name
            for field in importable_fields(self.kind)
            if field.required and field.name not in mapping.columns and field.name not in self.options.constants
        ]
        if missing:
            ask = _AskError(
                Question(about="columns", choices=_column_choices(table, missing)),
                [
                    problem(
                        "missing_field",
                        N_("No column fills the field “{name}”; say which one does."),
                        field=name,
                        name=name,
                    )
                    for name in missing
                ],
            )
            if missing != ["code"]:
                raise ask
            # Whether names and places tell the objects is seen when they have been compared.
            self.unanswered = None if self.options.match or self.options.take_matches else ask
        return mapping

    def _converted(
        self,
        table: Table,
        mapping: Mapping_,
        geometries: Geometries,
        good: np.ndarray[Any, np.dtype[np.bool_]],
        style: NumberStyle,
    ) -> CheckedRows:
        rows = table.rows.tolist()
        values: dict[str, Sequence[Any]] = {}
        longest = self.options.limits.text_length
        fields = importable_fields(self.kind)
        for done, field in enumerate(fields):
            self.progress(Step.CONVERT, len(rows) * done // len(fields), len(rows))
            if field.name in mapping.columns:
                cells = _replaced(table.columns[mapping.columns[field.name]], self.options.values.get(field.name))
                values[field.name], problems = convert_column(self.kind, field, cells, rows, style, longest=longest)
                self.problems += problems
                if field.required and field.name != "code":
                    self.problems += self._missing(field.name, values[field.name], rows, problems)
            elif field.name in self.options.constants:
                values[field.name] = [self._constant(field.name)] * len(rows)
        values.setdefault("code", [None] * len(rows))
        if "is_illustration" not in values:
            values["is_illustration"] = [False] * len(rows)
        elif any(value is None for value in values["is_illustration"]):
            values["is_illustration"] = [bool(value) for value in values["is_illustration"]]
        self._duplicates(values, rows)
        extra = self._extra(table, mapping)
        bad = {
            item.row for item in self.problems if item.severity is Severity.ERROR and item.row is not None
        } | self.options.excluded_rows
        whole = CheckedRows(kind=self.kind, rows=rows, values=values, geometries=geometries, extra=extra)
        return whole.without(frozenset(bad | {int(row) for row in table.rows[~good]}))

    def _missing(
        self, name: str, values: Sequence[Any], rows: Sequence[int], problems: Sequence[Problem]
    ) -> list[Problem]:
        told = {item.row for item in problems}
        return [
            problem("missing_field", N_("The field “{name}” is empty."), row=row, field=name, name=name)
            for row, value in zip(rows, values, strict=True)
            if value is None and row not in told
        ]

    def _constant(self, name: str) -> Any:
        field = self.kind.field(name)
        assert field is not None  # noqa: S101 - checked by match_columns
        try:
            return parser_of(self.kind, field, NumberStyle.UNKNOWN)(self.options.constants[name])
        except BadValueError as error:
            reason = error.template.format_map({"value": self.options.constants[name]})
            raise InvalidValueError(name=f"--set {name}", value=self.options.constants[name], reason=reason) from error

    def _duplicates(self, values: Mapping[str, Sequence[Any]], rows: Sequence[int]) -> None:
        parts = [values[name] for name in self.kind.layer.key if name in values]
        rejected = {item.row for item in self.problems if item.severity is Severity.ERROR}
        if not rejected and len(parts) == 1 and len(set(parts[0])) == len(rows):
            return
        seen: dict[tuple[Any, ...], int] = {}
        for row, *key in zip(rows, *parts, strict=True):
            if row in rejected or key[0] is None:
                continue
            first = seen.setdefault(tuple(key), row)
            if first != row:
                self.problems.append(
                    problem(
                        "duplicate_in_file",
                        N_("The code “{value}” is in row {first} already."),
                        row=row,
                        field="code",
                        value=key[0],
                        first=first,
                    )
                )

    def _extra(self, table: Table, mapping: Mapping_) -> list[dict[str, Any] | None] | None:
        if not mapping.unmapped:
            return None
        names = [clean_text(table.names[index])[:100] for index in mapping.unmapped]
        columns = [table.columns[index] for index in mapping.unmapped]
        limit = self.options.limits.extra_bytes
        extra: list[dict[str, Any] | None] = []
        for row, *cells in zip(table.rows.tolist(), *columns, strict=True):
            kept = {
                name: clean_text(cell) if isinstance(cell, str) else cell
                for name, cell in zip(names, cells, strict=True)
                if cell is not None
            }
            if any(isinstance(cell, str) and len(cell) > 500 for cell in cells) and len(json.dumps(kept)) > limit:
                self.problems.append(
                    problem(
                        "too_long",
                        N_(
                            "The columns without a field have more than the limit extra_bytes, {limit}; they were left out."
                        ),
                        row=row,
                        severity=Severity.WARNING,
                        limit=limit,
                    )
                )
                kept = {}
            extra.append(kept)
        return extra

    # comparing

    def _compared(self, rows: CheckedRows) -> CheckedRows:
        rows, staging = self._recognised(rows, self._compared_with_stored(rows))
        found = staging.classify()
        self.problems += found.problems
        if found.rejected:
            rows = rows.without(found.rejected)
            staging = self._compared_with_stored(rows)
            found = staging.classify()
        read = self.report.counts.read
        rejected = read - len(rows.rows) - len(self.options.excluded_rows)
        self.report = self.report.replaced(
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
        return rows

    def _compared_with_stored(self, rows: CheckedRows) -> Staging:
        staging = Staging(self.session, rows, self.options.mode)
        staging.fill(self.progress, Step.COMPARE)
        return staging

    def _recognised(self, rows: CheckedRows, staging: Staging) -> tuple[CheckedRows, Staging]:
        """Return the rows with the codes of the objects that they were said to be; rows left without a code are rejected."""
        self.proposals = decided(staging.find_alike(), self.options)
        self.report = self.report.replaced(
            matches=tuple(proposal.as_json() for proposal in self.proposals[:MAX_PROBLEMS])
        )
        columns = zip(rows.rows, rows.values["code"], rows.values.get("name", rows.rows), strict=True)
        codeless = {row: str(name) for row, code, name in columns if code is None}
        taken = {proposal.row: proposal.taken.code for proposal in self.proposals if proposal.taken}
        found = problems_of(self.proposals, {row: name for row, name in codeless.items() if row not in taken})
        if self.unanswered is not None:
            raise _with_match(self.unanswered, self.proposals, len(rows.rows))
        self.problems += found
        bad = frozenset(item.row for item in found if item.severity is Severity.ERROR and item.row is not None)
        if not (bad or taken):
            return rows, staging
        spared = frozenset(
            item.code for proposal in self.proposals if proposal.row in bad for item in proposal.candidates
        )
        rows = rows.taking(taken).without(bad).sparing(spared - set(taken.values()))
        return rows, self._compared_with_stored(rows)


def store(
    session: Session,
    preview: Preview,
    *,
    user_name: str,
    accept_partial: bool,
    progress: Progress = silent,
    on_stored: Callable[[ChangeSet], None] | None = None,
) -> ImportReport:
    """Store what a preview showed, compared anew under the layer's lock, in one transaction. Commits."""
    report = preview.report
    if preview.rows is None or (report.status is Status.PARTIAL and not accept_partial) or not len(preview.rows.rows):
        return report
    try:
        lock_layer(session, preview.kind.layer.name)
        staging = _staged(session, preview, progress)
        found = staging.classify()
        if found.rejected:
            session.rollback()
            return report.replaced(status=Status.PARTIAL).with_problems([*report.problems, *found.problems])
        counts = replace(
            report.counts, new=found.new, changed=found.changed, unchanged=found.unchanged, absent=found.absent
        )
        change_set = new_change_set(
            session,
            layer=preview.kind.layer.name,
            user_name=user_name,
            file_name=report.file_name,
            file_sha256=report.file_sha256,
            crs=report.crs.value,
            encoding=report.encoding.value if report.encoding else None,
            counts=counts.as_json(),
            mapping=_remembered(preview),
        )
        staging.write(change_set, found, progress)
        staging.drop()
        import_id = str(change_set.id)
        if on_stored is not None:
            on_stored(change_set)
        session.commit()
    except (IntegrityError, DataError) as error:
        session.rollback()
        reason = str(error.orig).strip().splitlines()[0][:200]
        text = Text(template=N_("The database refused the rows: {reason}."), details={"reason": reason})
        return report.replaced(status=Status.REFUSED, reason="bad_value", reason_text=text)
    return report.replaced(counts=counts, import_id=import_id)


def _staged(session: Session, preview: Preview, progress: Progress) -> Staging:
    """Return the rows in the database, matched with what is stored now; those of the preview where they are still there."""
    assert preview.rows is not None  # noqa: S101 - only what is ready is stored
    staging = preview.staging
    if staging is not None and staging.session is session and staging.checked is preview.rows:
        progress(Step.STORE, 0, len(preview.rows.rows))
        if staging.match_anew():
            return staging
    staging = Staging(session, preview.rows, preview.options.mode)
    staging.fill(progress, Step.STORE)
    return staging


def _remembered(preview: Preview) -> dict[str, Any]:
    options = preview.options
    return {
        "columns": dict(preview.report.mapping),
        "constants": dict(options.constants),
        "values": {name: dict(table) for name, table in options.values.items()},
        "mode": options.mode.value,
        "swap_axes": options.swap_axes,
        "source_layer": options.source_layer,
        "match": options.match or options.take_matches,
        "matches": {str(row): code for row, code in preview.rows.taken.items()} if preview.rows else {},
        "operation": preview.report.operation,
        "signature": signature_of(preview.table) if preview.table else None,
    }


def _with_match(ask: _AskError, proposals: Sequence[Proposal], count: int) -> _AskError:
    """Return the question for the column of codes, with recognising by name and place among the answers where it helps."""
    if not proposals:
        return ask
    first = proposals[0]
    why = Text(
        template=N_(
            "Recognise the objects by name and place: {unique} of {count} rows resemble one stored object and no other, "
            "for example “{name}” → {code} “{other}”, {metres} m. Each proposal is shown for you to confirm."
        ),
        details={
            "unique": sum(proposal.is_unique for proposal in proposals),
            "count": count,
            "name": first.name,
            "code": first.candidates[0].code,
            "other": first.candidates[0].name,
            "metres": f"{first.candidates[0].metres:.0f}",
        },
    )
    question = Question(about=ask.question.about, choices=(*ask.question.choices, Choice(value=MATCH, why=why)))
    return _AskError(question, ask.problems)


def _replaced(cells: Sequence[Value], table: Mapping[str, str] | None) -> Sequence[Value]:
    """Return the cells with what a table of values says instead."""
    if not table:
        return cells
    return [table.get(clean_text(str(cell)), cell) if cell is not None else None for cell in cells]


def _samples(table: Table) -> tuple[str, ...]:
    """Return the first five accented texts of a table."""
    found: dict[str, None] = {}
    for column in table.columns:
        for value in column:
            if isinstance(value, str) and not value.isascii():
                found[value] = None
                if len(found) == 5:
                    return tuple(found)
    return tuple(found)


def signature_of(table: Table) -> str:
    """Return what makes two files the same source: their columns."""
    return hashlib.sha256("\x1f".join(sorted(name.casefold() for name in table.names)).encode()).hexdigest()[:32]


def sha256_of(path: Path) -> str:
    """Return the file's SHA-256."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except FileNotFoundError as error:
        raise RefusedError("malformed_file", N_("There is no file “{name}”."), name=path.name) from error
    except (IsADirectoryError, PermissionError) as error:
        raise RefusedError("malformed_file", N_("“{name}” is no readable file."), name=path.name) from error
    return digest.hexdigest()


def _number_style(table: Table) -> NumberStyle:
    """Return the file's way of writing numbers, proven by its text cells."""
    cells = (value for column in table.columns for value in column[:5000] if isinstance(value, str) and len(value) < 40)
    return (
        style_of(cells)
        if table.format in {"csv", "xlsx"}
        else NumberStyle.ENGLISH
        if table.format == "shp"
        else style_of(cells)
    )


def _decode_table(table: Table, encoding: str) -> Table:
    known: dict[str, str] = {}

    def decoded(value: Value) -> Value:
        if not isinstance(value, str):
            return value
        if value not in known:
            known[value] = letters.decode_text(value, encoding)
        return known[value]

    columns = tuple(
        column if _is_plain(column, encoding) else [decoded(value) for value in column] for column in table.columns
    )
    return replace(table, names=tuple(str(decoded(name)) for name in table.names), columns=columns)


def _is_plain(column: Sequence[Value], encoding: str) -> bool:
    """Say whether decoding leaves a column as it is: looked at as one text, which is many times faster."""
    whole = "\n".join(value for value in column if isinstance(value, str))
    if whole.isascii():
        return encoding != "viqr"
    return encoding == "unicode" and unicodedata.is_normalized("NFC", whole)


def _telling_texts(table: Table) -> list[str]:
    """Return the texts that show the encoding: every different one with accents, and some without."""
    accented: dict[str, None] = {}
    for column in table.columns:
        accented.update(dict.fromkeys(_accented(column)))
    plain = (value for column in table.columns for value in column[:500] if isinstance(value, str) and value.isascii())
    return [*accented, *plain]


def _accented(column: Sequence[Value]) -> list[str]:
    """Return the texts of a column that are not plain ASCII; a column without any is looked at as one text."""
    texts = [value for value in column if isinstance(value, str)]
    return [] if "".join(texts).isascii() else [value for value in texts if not value.isascii()]


def _encoding_question(readings: Sequence[letters.Reading]) -> Question:
    ordered = sorted((reading for reading in readings if reading.score >= 0), key=lambda item: -item.score)
    choices = tuple(
        Choice(
            value=reading.encoding,
            samples=reading.samples,
            why=Text(
                template=N_("{share} % of the accented words read as Vietnamese: {sample}"),
                details={"share": f"{max(0.0, reading.score) * 100:.0f}", "sample": (reading.samples or ("",))[0][:60]},
            ),
        )
        for reading in ordered
    )
    return Question(about="encoding", choices=choices)


def _column_choices(table: Table, missing: Sequence[str]) -> tuple[Choice, ...]:
    """Return columns that could fill the missing fields: for a code, those without gaps and repetitions first."""
    choices = []
    for name, column in zip(table.names, table.columns, strict=True):
        filled = [value for value in column if value is not None]
        distinct = len(set(filled))
        if not filled:
            continue
        is_key = distinct == len(column)
        template = N_("every value is different") if is_key else N_("{distinct} different values in {count} rows")
        choices.append(
            (
                not is_key,
                Choice(value=name, why=Text(template=template, details={"distinct": distinct, "count": len(column)})),
            )
        )
    ordered = sorted(choices, key=lambda item: item[0]) if "code" in missing else choices
    return tuple(choice for _, choice in ordered)


__all__ = ["Decimal", "Mode", "Preview", "build_preview", "date", "datetime", "store"]
