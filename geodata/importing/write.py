"""From checked rows to the database: a temporary table by COPY, comparison and writing set by set, one transaction."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from psycopg import sql
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    FromClause,
    Index,
    Integer,
    MetaData,
    Numeric,
    Select,
    Subquery,
    Table,
    Text as TextType,
    and_,
    case,
    cast,
    delete,
    exists,
    false,
    func,
    insert,
    literal,
    literal_column,
    not_,
    null,
    or_,
    select,
    text,
    true,
    type_coerce,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, distinct_on
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateIndex, CreateTable, DropTable

import shapely

from geodata.crs import current_province
from geodata.data_version import DataChange, data_version
from geodata.history import (
    AnyGeometry,
    ChangeKind,
    ChangeSet,
    FeatureChange,
    PlainGeometry,
    data_columns,
    hold_rows,
    record_deletions,
    row_json,
    table_of,
)
from geodata.i18n import N_
from geodata.importing.check import same_place
from geodata.importing.indexes import bring_back, keep_writers_out, missing
from geodata.importing.likeness import ALIKE, ALIKE_M, MAX_ROWS, SAME_NAME_M, Candidate, Proposal, propose
from geodata.importing.progress import Progress, Step, silent
from geodata.importing.results import Action, Mode, Problem, Severity, problem
from geodata.importing.table import Geometries
from geodata.layer import Feature, LabelledEnum

_BATCH = 50_000
#: So many rows are added by one statement; between two, people see how far it is.
_LOT = 200_000
_STAGED_OID = text("SELECT CAST(to_regclass('pg_temp.import_staging') AS oid)")
_SORT_IN = text(
    "SELECT gin_clean_pending_list(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
    "JOIN pg_am a ON a.oid = c.relam WHERE i.indrelid = CAST(:table AS regclass) AND a.amname = 'gin'"
)
#: A little more than the farthest proposal.
_NEAR_DEGREES = 0.012


@dataclass(frozen=True, kw_only=True)
class CheckedRows:
    """Rows that passed the checks of the file: values by field, geometry in EPSG:4326, and what no field took."""

    kind: type[Feature]
    rows: Sequence[int]
    values: Mapping[str, Sequence[Any]]
    geometries: Geometries
    extra: Sequence[dict[str, Any] | None] | None = None
    rejected_codes: frozenset[str] = frozenset()
    taken: Mapping[int, str] = field(default_factory=dict)

    def taking(self, codes: Mapping[int, str]) -> "CheckedRows":
        """Return the rows with the codes of the stored objects that they are said to be."""
        if not codes:
            return self
        pairs = zip(self.rows, self.values["code"], strict=True)
        return replace(
            self, values={**self.values, "code": [codes.get(row, code) for row, code in pairs]}, taken=dict(codes)
        )

    def sparing(self, codes: frozenset[str]) -> "CheckedRows":
        """Return the rows; these codes do not count as absent."""
        return replace(self, rejected_codes=self.rejected_codes | codes)

    def without(self, rejected: frozenset[int]) -> "CheckedRows":
        """Return the rows but these; their codes are remembered, so that they do not count as absent."""
        if not rejected:
            return self
        keep = [index for index, row in enumerate(self.rows) if row not in rejected]
        dropped = {
            str(self.values["code"][index])
            for index, row in enumerate(self.rows)
            if row in rejected and "code" in self.values and self.values["code"][index] is not None
        }
        return CheckedRows(
            kind=self.kind,
            rows=[self.rows[index] for index in keep],
            values={name: [column[index] for index in keep] for name, column in self.values.items()},
            geometries=self.geometries[np.array(keep, dtype=int)],
            extra=None if self.extra is None else [self.extra[index] for index in keep],
            rejected_codes=self.rejected_codes | dropped,
            taken={row: code for row, code in self.taken.items() if row not in rejected},
        )


@dataclass(frozen=True, kw_only=True)
class Classified:
    """What the rows would do, and what only the database could see."""

    new: int
    changed: int
    unchanged: int
    absent: int
    problems: tuple[Problem, ...] = ()

    @property
    def rejected(self) -> frozenset[int]:
        """The rows that the database's rules reject."""
        return frozenset(item.row for item in self.problems if item.severity is Severity.ERROR and item.row is not None)


class Staging:
    """The rows of one import in temporary tables of this connection; a commit between preview and storing keeps them."""

    def __init__(self, session: Session, checked: CheckedRows, mode: Mode) -> None:
        self.session, self.checked, self.mode = session, checked, mode
        self.kind = checked.kind
        self.target = table_of(self.kind)
        metadata = MetaData()
        self.names = tuple(checked.values)
        self.staged = Table(
            "import_staging",
            metadata,
            Column("row_no", Integer),
            *[Column(name, self._type(name)) for name in self.names],
            Column("geom", PlainGeometry()),
            Column("extra", JSONB),
            prefixes=["TEMPORARY"],
        )
        self.match = Table(
            "import_match",
            metadata,
            Column("row_no", Integer),
            Column("target_id", BigInteger),
            Column("differs", Boolean),
            Column("moved", Boolean),
            prefixes=["TEMPORARY"],
        )
        self.match_indexes = (
            Index("import_match_row_no", self.match.c.row_no, unique=True),
            Index("import_match_target_id", self.match.c.target_id),
        )
        self.oid: int | None = None
        self.version: str | None = None
        self.found: Classified | None = None

    def _type(self, name: str) -> Any:
        column = self.target.c[name].type
        values = self.kind.field(name)
        return TextType() if values is not None and values.values is not None else column

    # filling

    def fill(self, progress: Progress = silent, step: Step = Step.COMPARE) -> None:
        """COPY the rows and match them with what is stored."""
        connection = self.session.connection()
        self.drop()
        connection.execute(CreateTable(self.staged))
        columns = ["row_no", *self.names, "geom", *(["extra"] if self.checked.extra is not None else [])]
        statement = sql.SQL("COPY import_staging ({}) FROM STDIN").format(
            sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        cursor = connection.connection.cursor()
        with cursor.copy(statement) as copy:
            for done, chunk in enumerate(self._lines()):
                progress(step, min(done * _BATCH, len(self.checked.rows)), len(self.checked.rows))
                copy.write(chunk)
        cursor.close()
        self.session.execute(text("ANALYZE import_staging"))
        self.oid = self.session.scalar(_STAGED_OID)
        self._match()

    def match_anew(self) -> bool:
        """Match rows that this connection holds already with what is stored now; say whether it still holds them.

        Where nothing of the layer has changed since, the earlier comparison holds.
        """
        if not self.is_held():
            return False
        if self.version is None or self._version() != self.version:
            self._match()
        return True

    def is_held(self) -> bool:
        """Say whether this connection still holds the rows; another import in it takes their place."""
        return self.oid is not None and self.session.scalar(_STAGED_OID) == self.oid

    def _version(self) -> str | None:
        """Return the layer's state of data; None when this transaction has changed it itself, which no version tells."""
        layer = self.kind.layer.name
        own = cast(cast(func.pg_current_xact_id_if_assigned(), TextType), BigInteger)
        is_changed = select(exists().where(DataChange.layer == layer, DataChange.transaction_id == own))
        return None if self.session.scalar(is_changed) else data_version(self.session, layer)

    def drop(self) -> None:
        """Remove the temporary tables of an earlier import of this transaction."""
        connection = self.session.connection()
        for table in (self.match, self.staged):
            connection.execute(DropTable(table, if_exists=True))

    def _lines(self) -> Iterator[bytes]:
        """Return the rows in COPY's text form, in blocks."""
        checked = self.checked
        for start in range(0, len(checked.rows), _BATCH):
            stop = min(start + _BATCH, len(checked.rows))
            shapes = _copy_shapes(checked.geometries[start:stop])
            columns: list[Iterable[str]] = [map(str, checked.rows[start:stop])]
            columns += [_copy_texts(checked.values[name][start:stop]) for name in self.names]
            columns.append(shapes)
            if checked.extra is not None:
                columns.append(_copy_json(checked.extra[start:stop]))
            yield ("\n".join(map("\t".join, zip(*columns, strict=True))) + "\n").encode()

    # matching and comparing

    @property
    def has_whole_key(self) -> bool:
        """Whether the file says every part of the layer's key."""
        return all(name in self.names for name in self.kind.layer.key)

    def _current(self) -> FromClause:
        """Return (id, code) of the stored features a code means: by whole key each, else the current one of each code."""
        target = self.target
        if self.has_whole_key or self.kind.layer.key == ("code",):
            return target
        # What ended is not the object of a newer file, unless the two would have the same key.
        same_key = [target.c[name].is_(None) for name in self.kind.layer.key if name not in self.names]
        return (
            select(target)
            .where(or_(target.c.valid_to.is_(None), target.c.valid_to >= func.current_date(), and_(*same_key)))
            .ext(distinct_on(target.c.code))
            .order_by(
                target.c.code,
                target.c.valid_to.is_(None).desc(),
                target.c.valid_to.desc(),
                target.c.valid_from.desc(),
                target.c.id.desc(),
            )
            .subquery("current_feature")
        )

    def _match(self) -> None:
        # Read before the rows: what is committed in between makes the comparison too new, never too old.
        self.version, self.found = self._version(), None
        staged, stored = self.staged, self._current()
        same_key = [staged.c.code == stored.c.code]
        if self.has_whole_key:
            same_key += [
                staged.c[name].is_not_distinct_from(stored.c[name]) for name in self.kind.layer.key if name != "code"
            ]
        differs = [staged.c[name].is_distinct_from(self._plain(stored, name)) for name in self.names]
        if self.checked.extra is not None:
            merged = stored.c.extra.concat(func.coalesce(staged.c.extra, func.jsonb_build_object(type_=JSONB)))
            differs.append(merged.is_distinct_from(stored.c.extra))
        moved = type_coerce(stored.c.geom, AnyGeometry()).is_distinct_from(type_coerce(staged.c.geom, AnyGeometry()))
        query = select(
            staged.c.row_no,
            stored.c.id,
            and_(stored.c.id.is_not(None), or_(false(), *differs)),
            and_(stored.c.id.is_not(None), moved),
        ).select_from(staged.outerjoin(stored, and_(*same_key)))
        self.session.execute(DropTable(self.match, if_exists=True))
        self.session.execute(CreateTable(self.match))
        self.session.execute(insert(self.match).from_select(["row_no", "target_id", "differs", "moved"], query))
        for index in self.match_indexes:
            self.session.execute(CreateIndex(index))
        self.session.execute(text("ANALYZE import_match"))
        self._forgive_rewritten_geometry()

    def _plain(self, stored: FromClause, name: str) -> ColumnElement[Any]:
        column = stored.c[name]
        field_ = self.kind.field(name)
        return cast(column, TextType) if field_ is not None and field_.values is not None else column

    def _forgive_rewritten_geometry(self) -> None:
        """Take as unmoved what only starts its rings elsewhere or differs below 1e-9 degrees."""
        query = (
            select(
                self.match.c.row_no,
                func.ST_AsBinary(type_coerce(self.staged.c.geom, AnyGeometry())),
                func.ST_AsBinary(type_coerce(self.target.c.geom, AnyGeometry())),
            )
            .join(self.staged, self.staged.c.row_no == self.match.c.row_no)
            .join(self.target, self.target.c.id == self.match.c.target_id)
            .where(self.match.c.moved)
        )
        same: list[int] = []
        result = self.session.execute(query)
        for rows in result.partitions(_BATCH):
            first = shapely.from_wkb([bytes(row[1]) for row in rows])
            second = shapely.from_wkb([bytes(row[2]) for row in rows])
            same += [row[0] for row, is_same in zip(rows, same_place(first, second), strict=True) if is_same]
        for start in range(0, len(same), _BATCH):
            self.session.execute(
                update(self.match).where(self.match.c.row_no.in_(same[start : start + _BATCH])).values(moved=False)
            )

    @property
    def _is_change(self) -> ColumnElement[bool]:
        return and_(self.match.c.target_id.is_not(None), or_(self.match.c.differs, self.match.c.moved))

    # what only the database can see

    def classify(self) -> Classified:
        """Return counts and the database's objections; asked again, the same until the rows are matched anew."""
        if self.found is None:
            self.found = self._classify()
        return self.found

    def _classify(self) -> Classified:
        match = self.match.c
        new, changed, unchanged = self.session.execute(
            select(
                func.count().filter(match.target_id.is_(None)),
                func.count().filter(self._is_change),
                func.count().filter(and_(match.target_id.is_not(None), not_(match.differs), not_(match.moved))),
            ).select_from(self.match)
        ).one()
        problems = [*self._key_problems(), *self._rule_problems(), *self._lost_matches()]
        return Classified(
            new=new, changed=changed, unchanged=unchanged, absent=self._absent(), problems=tuple(problems)
        )

    def _absent_condition(self) -> ColumnElement[bool]:
        matched = exists().where(self.match.c.target_id == self.target.c.id)
        condition: ColumnElement[bool] = not_(matched)
        if self.checked.rejected_codes:
            condition = and_(condition, self.target.c.code.not_in(sorted(self.checked.rejected_codes)))
        return condition

    def _absent(self) -> int:
        if self.mode is Mode.APPEND:
            return 0
        return self.session.scalar(select(func.count()).select_from(self.target).where(self._absent_condition())) or 0

    def _key_problems(self) -> list[Problem]:
        if self.mode is not Mode.APPEND:
            return []
        query = (
            select(self.match.c.row_no, self.staged.c.code)
            .join(self.staged, self.staged.c.row_no == self.match.c.row_no)
            .where(self.match.c.target_id.is_not(None))
        )
        return [
            problem(
                "duplicate_existing",
                N_("The code “{value}” is stored already, and the file is to be added only."),
                row=row,
                field="code",
                value=code,
            )
            for row, code in self.session.execute(query)
        ]

    def _whole_rows(self) -> Subquery:
        """Return the rows as they would be stored: the file's fields, the stored ones for the rest."""
        joined = self.staged.join(self.match, self.match.c.row_no == self.staged.c.row_no).outerjoin(
            self.target, self.target.c.id == self.match.c.target_id
        )
        columns: list[ColumnElement[Any]] = [self.staged.c.row_no]
        for name in data_columns(self.kind):
            if name in self.names:
                columns.append(self.staged.c[name])
            elif name == "geom":
                columns.append(self.staged.c.geom)
            elif name != "extra":
                columns.append(
                    type_coerce(self.target.c[name], TextType()).label(name)
                    if self._is_choice(name)
                    else self.target.c[name]
                )
        return select(*columns).select_from(joined).subquery("whole")

    def _is_choice(self, name: str) -> bool:
        field_ = self.kind.field(name)
        return field_ is not None and field_.values is not None

    def _rules(self) -> list[tuple[str, Any]]:
        """Return (name, condition) of the table's own rules about the file's fields; geometry was checked before."""
        return [
            (str(rule.name), literal_column(str(rule.sqltext), Boolean()))
            for rule in self.target.constraints
            if isinstance(rule, CheckConstraint)
            and not getattr(rule, "_type_bound", False)
            and not str(rule.name).endswith(("valid_geometry", "inside_extent"))
            and not set(self.names).isdisjoint(_WORD.findall(str(rule.sqltext)))
        ]

    def _rule_problems(self) -> list[Problem]:
        whole = self._whole_rows()
        rules = self._rules()
        broken = [not_(func.coalesce(condition, True)) for _, condition in rules]
        if not rules:
            return []
        query = select(whole.c.row_no, *[item.label(f"rule_{index}") for index, item in enumerate(broken)]).where(
            or_(*broken)
        )
        problems = []
        for row_no, *flags in self.session.execute(query.select_from(whole)):
            problems += [
                self._rule_problem(row_no, name, str(condition))
                for flag, (name, condition) in zip(flags, rules, strict=True)
                if flag
            ]
        return problems

    def _rule_problem(self, row_no: int, name: str, condition: str) -> Problem:
        fields = [
            item for item in data_columns(self.kind) if item in condition.replace("(", " ").replace(")", " ").split()
        ]
        chosen = next((item for item in fields if item in self.names), fields[0] if fields else name)
        index = self._position(row_no)
        value = self.checked.values[chosen][index] if chosen in self.names else None
        code = "too_long" if "length(" in condition and isinstance(value, str) and value else "bad_value"
        return problem(
            code,
            N_("“{value}” breaks the rule of this field: {rule}."),
            row=row_no,
            field=chosen,
            value=value,
            rule=condition,
        )

    def _position(self, row_no: int) -> int:
        if not hasattr(self, "_positions"):
            self._positions = {row: index for index, row in enumerate(self.checked.rows)}
        return self._positions[row_no]

    # the same object without its code

    def find_alike(self) -> tuple[Proposal, ...]:
        """Return what the rows that no code identifies may be: stored objects that no other row means."""
        staged, stored, match = self.staged, self._current(), self.match
        if "name" not in self.names or not 0 < self._count_new() <= MAX_ROWS:
            return ()
        shapes = [type_coerce(item.c.geom, AnyGeometry()) for item in (stored, staged)]
        metric = current_province().metric_srid
        metres = func.ST_Distance(*[func.ST_Transform(shape, metric) for shape in shapes])
        alike = func.similarity(func.fold_text(stored.c.name), func.fold_text(staged.c.name))
        other = match.alias("other")
        same_key = (
            [
                staged.c[name].is_not_distinct_from(stored.c[name])
                for name in self.kind.layer.key
                if name != "code" and name in self.names
            ]
            if self.has_whole_key
            else []
        )
        middle = func.ST_PointOnSurface(shapes[1])
        query = (
            select(
                staged.c.row_no,
                staged.c.code,
                staged.c.name,
                func.ST_X(middle),
                func.ST_Y(middle),
                stored.c.id,
                stored.c.code,
                stored.c.name,
                metres,
                alike,
            )
            .join(match, match.c.row_no == staged.c.row_no)
            .join(stored, and_(func.ST_DWithin(*shapes, _NEAR_DEGREES), *same_key))
            .where(
                match.c.target_id.is_(None),
                staged.c.code.is_distinct_from(stored.c.code),
                alike >= ALIKE,
                metres <= case((alike >= 1, SAME_NAME_M), else_=ALIKE_M),
                not_(exists().where(other.c.target_id == stored.c.id)),
            )
            .order_by(staged.c.row_no)
            .limit(MAX_ROWS * 3)
        )
        return propose(
            (
                row,
                code,
                name,
                (lon, lat),
                Candidate(
                    feature_id=id_,
                    code=other_code,
                    name=other_name,
                    metres=round(away, 1),
                    likeness=round(likeness, 3),
                ),
            )
            for row, code, name, lon, lat, id_, other_code, other_name, away, likeness in self.session.execute(query)
        )

    def _count_new(self) -> int:
        query = select(func.count()).select_from(self.match).where(self.match.c.target_id.is_(None))
        return self.session.scalar(query) or 0

    def _lost_matches(self) -> list[Problem]:
        """Return a problem for each row whose object, recognised in the preview, is stored no more."""
        rows = sorted(self.checked.taken)
        if not rows:
            return []
        query = select(self.match.c.row_no).where(self.match.c.row_no.in_(rows), self.match.c.target_id.is_(None))
        template = N_("The object {value} that this row was said to be is stored no more.")
        return [
            problem("bad_value", template, row=row, field="code", value=self.checked.taken[row])
            for row in self.session.scalars(query)
        ]

    # preview

    def lists(self) -> tuple[Select[Any], ...]:
        """Return what a preview lists, a query for each sort: (kind, position, row_number, code, name, data).

        The database makes the lists: of millions of rows none becomes an object here. Positions count from 1 without a
        gap; `data` says what changes, field -> [old, new], and by how many metres the location moves.
        """
        match = self.match.c
        same_as_stored = and_(match.target_id.is_not(None), not_(match.differs), not_(match.moved))
        lists = (self._changed(), self._new(), self._stored_as(Action.UNCHANGED, self._ranked(same_as_stored)))
        return lists if self.mode is Mode.APPEND else (*lists, self._stored_as(Action.ABSENT, self._ranked_absent()))

    def _ranked(self, condition: ColumnElement[bool]) -> Subquery:
        """Return the rows of one sort with their place in its list."""
        match = self.match.c
        place = func.row_number().over(order_by=match.row_no).label("position")
        return select(match.row_no, match.target_id, match.moved, place).where(condition).subquery("ranked")

    def _ranked_absent(self) -> Subquery:
        place = func.row_number().over(order_by=(self.target.c.code, self.target.c.id)).label("position")
        row_no = null().cast(Integer).label("row_no")
        return select(row_no, self.target.c.id.label("target_id"), place).where(self._absent_condition()).subquery()

    def _changed(self) -> Select[Any]:
        staged, target, ranked = self.staged, self.target, self._ranked(self._is_change)
        metric = current_province().metric_srid
        old, new = (type_coerce(item.c.geom, AnyGeometry()) for item in (target, staged))
        metres = func.ST_Distance(*[func.ST_Transform(func.ST_Centroid(shape), metric) for shape in (old, new)])
        data = func.jsonb_build_object(
            "feature_id", target.c.id,
            "fields", self._differences(),
            "moved_m", case((ranked.c.moved, func.round(cast(metres, Numeric), 2))),
            "point", _point(new),
            "old_point", case((ranked.c.moved, _point(old))),
            type_=JSONB,
        )  # fmt: skip
        listed = _listed(Action.CHANGED, ranked, staged.c.code, target.c.name, data)
        return listed.join(staged, staged.c.row_no == ranked.c.row_no).join(target, target.c.id == ranked.c.target_id)

    def _differences(self) -> ColumnElement[Any]:
        """Return field -> [old, new] of what differs; of the columns without a field those that the file has."""
        nothing = func.jsonb_build_object(type_=JSONB)
        found: ColumnElement[Any] = nothing
        for name in self.names:
            old, new = self._plain(self.target, name), self.staged.c[name]
            pair = func.jsonb_build_object(name, func.jsonb_build_array(_shown(old), _shown(new)), type_=JSONB)
            found = found.concat(case((new.is_distinct_from(old), pair), else_=nothing))
        if self.checked.extra is None:
            return found
        column = func.jsonb_each(self.staged.c.extra).table_valued("key", "value", name="other_column")
        was = func.coalesce(func.jsonb_extract_path(self.target.c.extra, column.c.key), literal_column("'null'::jsonb"))
        pairs = func.jsonb_object_agg(column.c.key, func.jsonb_build_array(was, column.c.value), type_=JSONB)
        extra = select(pairs).select_from(column).where(was.is_distinct_from(column.c.value)).scalar_subquery()
        return found.concat(func.coalesce(extra, nothing))

    def _new(self) -> Select[Any]:
        staged, ranked = self.staged, self._ranked(self.match.c.target_id.is_(None))
        point = _point(type_coerce(staged.c.geom, AnyGeometry()))
        name = staged.c.name if "name" in self.names else null()
        listed = _listed(Action.NEW, ranked, staged.c.code, name, func.jsonb_build_object("point", point))
        return listed.join(staged, staged.c.row_no == ranked.c.row_no)

    def _stored_as(self, action: Action, ranked: Subquery) -> Select[Any]:
        target = self.target
        data = func.jsonb_build_object("feature_id", target.c.id)
        return _listed(action, ranked, target.c.code, target.c.name, data).join(
            target, target.c.id == ranked.c.target_id
        )

    # writing

    def write(self, change_set: ChangeSet, found: Classified, progress: Progress = silent) -> None:
        """Delete, update and insert, with before and after of what was there. Statements that would touch nothing are not sent."""
        lacks_indexes = bool(missing(self.session, self.kind))
        if lacks_indexes:
            keep_writers_out(self.session, self.kind)
        self._batch_text_index()
        if self.mode is Mode.REPLACE and found.absent:
            self._delete_absent(change_set.id)
        if found.changed:
            self._update(change_set.id)
        if found.new:
            self._insert(change_set.id, found, progress)
        # What waits to be sorted into the index is read one by one by every search.
        self.session.execute(_SORT_IN, {"table": self.target.name})
        if lacks_indexes:
            bring_back(self.session, self.kind, progress)

    def _batch_text_index(self) -> None:
        """Let the text index take its new entries in larger lots until this transaction ends."""
        for name, value in (("gin_pending_list_limit", "64MB"), ("work_mem", "128MB")):
            self.session.execute(select(func.set_config(name, value, true())))

    def _delete_absent(self, change_set_id: int) -> None:
        hold_rows(self.session, self.target, select(self.target.c.id).where(self._absent_condition()))
        record_deletions(self.session, self.kind, change_set_id, self._absent_condition())
        self.session.execute(delete(self.target).where(self._absent_condition()))

    def _update(self, change_set_id: int) -> None:
        target, staged, match = self.target, self.staged, self.match
        layer = self.kind.layer.name
        changed = select(target.c.id).join(match, match.c.target_id == target.c.id).where(self._is_change)
        hold_rows(self.session, target, changed)
        before = (
            select(literal(change_set_id), literal(layer), target.c.id, target.c.code, row_json(self.kind))
            .join(match, match.c.target_id == target.c.id)
            .where(self._is_change)
        )
        self.session.execute(
            insert(FeatureChange).from_select(["change_set_id", "layer", "feature_id", "code", "before"], before)
        )
        values: dict[str, Any] = {name: staged.c[name] for name in self.names}
        values["geom"] = case((match.c.moved, staged.c.geom), else_=type_coerce(target.c.geom, PlainGeometry()))
        if self.checked.extra is not None:
            values["extra"] = target.c.extra.concat(func.coalesce(staged.c.extra, func.jsonb_build_object(type_=JSONB)))
        self.session.execute(
            update(target)
            .where(target.c.id == match.c.target_id, staged.c.row_no == match.c.row_no, self._is_change)
            .values(**values, change_set_id=change_set_id, updated_at=func.now())
        )
        change = table_of(FeatureChange)
        self.session.execute(
            update(change)
            .where(
                change.c.change_set_id == change_set_id,
                change.c.feature_id == target.c.id,
                change.c.before.is_not(None),
                target.c.change_set_id == change_set_id,
            )
            .values(after=row_json(self.kind))
        )

    def _insert(self, change_set_id: int, found: Classified, progress: Progress) -> None:
        target, staged, match = self.target, self.staged, self.match
        names = [*self.names, "geom", "extra", "change_set_id"]
        extra = func.coalesce(staged.c.extra, func.jsonb_build_object(type_=JSONB))
        rows = select(*[staged.c[name] for name in self.names], staged.c.geom, extra, literal(change_set_id))
        numbers = self.checked.rows
        if found.new < len(numbers):
            is_new = exists().where(match.c.row_no == staged.c.row_no, match.c.target_id.is_(None))
            rows = rows.where(is_new).order_by(staged.c.row_no)
        # Nothing is written down for them: until they change, the rows themselves say what was added.
        for start in range(0, len(numbers), _LOT):
            progress(Step.STORE, start, len(numbers))
            lot = numbers[start : start + _LOT]
            some = rows if len(lot) == len(numbers) else rows.where(staged.c.row_no.between(lot[0], lot[-1]))
            self.session.execute(insert(target).from_select(names, some, include_defaults=False))


def new_change_set(session: Session, **facts: Any) -> ChangeSet:
    """Return a stored change set of an import."""
    change_set = ChangeSet(kind=ChangeKind.IMPORT, **facts)
    session.add(change_set)
    session.flush()
    return change_set


def _listed(action: Action, ranked: Subquery, code: Any, name: Any, data: Any) -> Select[Any]:
    """Return the query of one list of a preview, still to be joined with where the values are."""
    columns = code.label("code"), name.label("name"), data.label("data")
    kind, number = literal(action.value).label("kind"), ranked.c.row_no.label("row_number")
    return select(kind, ranked.c.position, number, *columns).select_from(ranked)


def _point(shape: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return lon and lat of a place on an object."""
    middle = func.ST_PointOnSurface(shape)
    return func.jsonb_build_array(func.ST_X(middle), func.ST_Y(middle))


def _shown(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a value as JSON keeps it: numbers with a fraction as they are written, without loss."""
    return value if isinstance(value.type, Integer | Boolean | TextType) else cast(value, TextType)


_WORD = re.compile(r"\w+")
_ESCAPED = re.compile(r"[\\\t\n\r]")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _copy_text(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, LabelledEnum):
        return value.value
    if isinstance(value, bool):
        return "t" if value else "f"
    return str(value).translate(_ESCAPES) if isinstance(value, str) else str(value)


def _copy_texts(values: Sequence[Any]) -> list[str]:
    types = set(map(type, values))
    if types == {str} and not _ESCAPED.search("".join(values)):
        return list(values)
    if types == {int}:
        return list(map(str, values))
    return [_copy_text(value) for value in values]


#: A point as EWKB in EPSG:4326: byte order, type with the mark for an SRID, SRID, coordinates.
_POINT = np.dtype([("order", "u1"), ("type", "<u4"), ("srid", "<u4"), ("x", "<f8"), ("y", "<f8")])


def _copy_shapes(geometries: Geometries) -> list[str]:
    """Return geometries as hex EWKB; whole points are written at once, many times faster."""
    xy = shapely.get_coordinates(geometries)
    if len(xy) == len(geometries) and (shapely.get_type_id(geometries) == shapely.GeometryType.POINT).all():
        points = np.empty(len(xy), dtype=_POINT)
        points["order"], points["type"], points["srid"] = 1, 0x20000001, 4326
        points["x"], points["y"] = xy[:, 0], xy[:, 1]
        letters, size = points.tobytes().hex().upper(), 2 * _POINT.itemsize
        return [letters[start : start + size] for start in range(0, len(letters), size)]
    whole: list[str] = shapely.to_wkb(shapely.set_srid(geometries, 4326), hex=True, include_srid=True).tolist()
    return whole


def _copy_json(values: Sequence[dict[str, Any] | None]) -> list[str]:
    import json

    return [
        "{}" if not value else json.dumps(value, ensure_ascii=False, allow_nan=False).translate(_ESCAPES)
        for value in values
    ]


__all__ = ["CheckedRows", "Classified", "Staging", "new_change_set", "true"]
