"""A feature in words: labels, formatted values, states with their tone, what hangs on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from flask import url_for

from geodata.accounts.access import Action, may, visible_details, visible_names
from geodata.base.crs import WGS84, current_province
from geodata.base.database import ReadConnection, today
from geodata.base.transformers import transformer
from geodata.base.values import FeatureRow
from geodata.history import change_sets
from geodata.query import documents, features, references
from geodata.query.documents import Act
from geodata.schema.described import Described
from geodata.schema.details import Detail
from geodata.schema.feature import Feature
from geodata.schema.fields import Field, Group
from geodata.schema.filters import Choice
from geodata.schema.grid import GridCircuits, GridStations
from geodata.schema.portrayal import Symbol
from geodata.schema.roles import Role, is_for
from webmap.app.as_stored import shown_until
from webmap.app.auth import current_reader, current_role, may_open
from webmap.app.extensions import db_session, layers
from webmap.app.i18n import format_value, translate
from webmap.app.links import map_address
from webmap.map.charts import end_sentence
from webmap.map.coordinates import Coordinates


@dataclass(frozen=True, kw_only=True)
class Target:
    """Another feature that the map can show."""

    layer: str
    id: int
    name: str
    note: str = ""

    @property
    def address(self) -> str:
        """The map with the feature chosen."""
        return map_address(self.layer, selected=self.id)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the panel."""

    label: str
    text: str
    unit: str = ""
    help: str = ""
    tone: str = ""
    reason: str = ""
    target: Target | None = None


@dataclass(frozen=True, kw_only=True)
class DetailTable:
    """Rows that hang on the feature."""

    title: str
    columns: list[str]
    rows: list[list[str]]


@dataclass(frozen=True, kw_only=True)
class Connected:
    """Features of one layer that name this one; `more` are not listed."""

    title: str
    targets: list[Target]
    more: int


@dataclass(frozen=True, kw_only=True)
class WholeView:
    """What the feature is a part of: its parts in their order, itself marked by `here`."""

    name: str
    figures: str
    is_broken: bool
    parts: list[Target]
    here: int


@dataclass(frozen=True, kw_only=True)
class PageLink:
    """Another page about the feature, that the person may open."""

    address: str
    label: str
    icon: str


@dataclass(frozen=True, kw_only=True)
class FeatureView:
    """Everything a template needs to show a feature; texts only."""

    layer: str
    title: str
    id: int
    code: str
    name: str
    subtitle: str
    state: list[Row]
    groups: list[tuple[str, list[Row]]]
    details: list[DetailTable]
    whole: WholeView | None
    connected: list[Connected]
    documents: Sequence[Act]
    links: list[PageLink]
    coordinates: Coordinates
    is_illustration: bool
    source: str
    accuracy: str
    day: date | None = None


#: The panel lists the latest changes only; the history page has all.
CHANGES_SHOWN = 8

#: Shown elsewhere in the panel than in the groups of fields.
_APART = {"code", "name", "is_illustration", "source", "location_accuracy"}


def present_feature(
    connection: ReadConnection,
    kind: type[Feature],
    fields: Sequence[Field],
    feature_id: int,
    language: str,
    *,
    whole: bool = True,
    day: date | None = None,
) -> FeatureView:
    """Return a feature as a person of that role and language reads it; not `whole`: its own fields only.

    With a day its states are those of that day.

    Raises NotFoundError.
    """
    row = features.get_feature(connection, kind, feature_id, fields, day)
    named = references.referred(connection, layers(), kind, row, _visible) if whole else {}
    groups = _groups(kind, fields, row, named, language=language, day=day)
    accuracy = kind.field("location_accuracy")
    # What the symbol shows comes first, so that the popup explains the map.
    drawn = {translate(f.label, language) for f in fields if f.name in {v.field for v in kind.layer.style.by}}
    return FeatureView(
        layer=kind.layer.name,
        title=translate(kind.layer.singular, language),
        id=row["id"],
        code=row["code"],
        name=said_in(kind, "name", row, language) or row["name"],
        subtitle=str(row.get("address") or ""),
        state=sorted(groups.get(Group.STATE, []), key=lambda line: line.label not in drawn),
        groups=[(translate(group, language), groups[group]) for group in Group if group in groups],
        details=[
            table
            for detail in (visible_details(current_role(), kind) if whole else ())
            if (table := _detail_table(connection, detail, feature_id, language)).rows
        ],
        whole=_whole(references.whole_of(connection, kind, row, _visible), row["id"], language) if whole else None,
        connected=_connected(connection, kind, row["code"], language) if whole else [],
        documents=documents.documents_of(connection, kind.layer.name, feature_id) if whole else [],
        links=_links(kind, feature_id, row["code"], language) if whole else [],
        coordinates=_coordinates(connection, kind, feature_id),
        is_illustration=bool(row.get("is_illustration")),
        source=str(row.get("source") or ""),
        accuracy=present_value(accuracy, row.get("location_accuracy"), language) if accuracy else "",
        day=day,
    )


def _groups(
    kind: type[Feature],
    fields: Sequence[Field],
    row: FeatureRow,
    named: Mapping[str, references.Referred | None],
    *,
    language: str,
    day: date | None,
) -> dict[Group, list[Row]]:
    """Return the lines of a panel under their groups; a state that is not known says so, other empty fields are left out."""
    tones = _tones(kind)
    groups: dict[Group, list[Row]] = {}
    for field in fields:
        if field.name in _APART or not field.in_panel:
            continue
        text = said_in(kind, field.name, row, language) or present_value(field, row[field.name], language)
        if not text:
            if field.group is not Group.STATE or not isinstance(field.filter, Choice):
                continue
            text = translate("Unknown", language)
        line = Row(
            label=translate(field.label, language), text=text, unit="" if _labels(field) else field.unit, help=translate(field.help, language),
            tone=tones.get((field.name, str(row[field.name])), ""), reason=_reason(field, row, language, day),
        )  # fmt: skip
        if field.name in named:
            line = _named(line, named[field.name], language)
        groups.setdefault(field.group, []).append(line)
    return groups


def _visible(kind: type[Feature]) -> frozenset[str]:
    role = current_role()
    return visible_names(role, kind) if role in kind.layer.access.view else frozenset()


def _named(line: Row, other: references.Referred | None, language: str) -> Row:
    """Return a line with the name of the feature its code stands for, or with what is wrong about it."""
    if other is None and current_reader().areas:
        return line  # it may well be stored, elsewhere
    if other is None:
        return replace(line, reason=end_sentence(None, language))
    target = Target(layer=other.kind.layer.name, id=other.id, name=other.name)
    reason = line.reason if other.is_met else end_sentence(other.gap_m, language)
    return replace(line, text=other.name, target=target, reason=reason)


def _whole(whole: references.Whole | None, here: int, language: str) -> WholeView | None:
    if whole is None or current_reader().areas:
        return None  # the other parts may lie elsewhere
    kind = whole.kind
    told = [field for field in kind.fields() if field.name in whole.rows[0]]
    targets = [
        Target(layer=kind.layer.name, id=row["id"], name=row["name"], note=_note(told, row, language))
        for row in whole.rows
    ]
    sums = [
        f"{translate(field.label, language)} {present_value(field, whole.sums[field.name], language)} "
        f"{translate(field.unit, language) if field.unit else ''}".strip()
        for field in kind.fields()
        if field.name in whole.sums
    ]
    count = translate("{count} parts", language).format(count=len(targets))
    return WholeView(
        name=whole.name, figures=" · ".join([count, *sums]), is_broken=whole.pieces > 1, parts=targets, here=here
    )


def _connected(connection: ReadConnection, kind: type[Feature], code: str, language: str) -> list[Connected]:
    """Return the features that name this one, each with its state and size."""
    found = []
    for group in references.referring(connection, layers(), kind, code, _visible):
        told = [field for field in group.kind.fields() if field.name in group.rows[0]]
        targets = [
            Target(layer=group.kind.layer.name, id=row["id"], name=row["name"], note=_note(told, row, language))
            for row in group.rows
        ]
        title = translate(group.kind.layer.title, language)
        found.append(Connected(title=title, targets=targets, more=group.count - len(targets)))
    return found


def _note(fields: Sequence[Field], row: FeatureRow, language: str) -> str:
    """Return the values that are known, with their units, in one line."""
    parts = [
        f"{present_value(field, row[field.name], language)} {translate(field.unit, language) if field.unit else ''}"
        for field in fields
        if field.name not in {"id", "name"} and row[field.name] is not None
    ]
    return " · ".join(part.strip() for part in parts)


def _links(kind: type[Feature], feature_id: int, code: str, language: str) -> list[PageLink]:
    """Return the pages about the feature that the role may open."""
    role, links = current_role(), []
    if kind.layer.inspected and may_open("inspections.site", role):
        address = url_for("inspections.site", site_id=feature_id)
        links.append(
            PageLink(address=address, label=translate("Inspections of this site", language), icon="clipboard-check")
        )
    if kind.layer.tracked and may_open("projects.project", role):
        address = url_for("projects.project", code=code)
        links.append(PageLink(address=address, label=translate("What is late and why", language), icon="flag"))
    if (
        isinstance(kind.layer.grid, GridStations | GridCircuits)
        and may_open("grid_outages.impact", role)
        and not current_reader().areas
    ):
        address = url_for("grid_outages.impact", out=code, scenario="evening_peak")
        links.append(
            PageLink(address=address, label=translate("What fails with it", language), icon="lightning-charge")
        )
    if may_open("history.feature", role) and may(role, Action.WRITE, kind):
        address = url_for("history.feature", layer=kind.layer.name, feature_id=feature_id)
        links.append(PageLink(address=address, label=translate("Whole history", language), icon="clock-history"))
    return links


def present_changes(kind: type[Feature], fields: Sequence[Field], feature_id: int, language: str) -> list[str]:
    """Return who changed the feature when, the latest first; for staff, and of fields the role may see.

    Reads by the request's session: not while a reading connection is open.
    """
    if current_role() is Role.PUBLIC:
        return []
    labels = {field.name: translate(field.label, language) for field in fields}
    until = shown_until()
    entries = [
        entry
        for entry in change_sets.changes_of(db_session(), kind.layer.name, feature_id, layers())
        if until is None or entry.change_set.made_at < until
    ][:CHANGES_SHOWN]
    return [
        translate("{when}: {what} by {who}", language).format(
            when=format_value(entry.change_set.made_at, language),
            what=_what_changed(entry, labels, language),
            who=entry.change_set.user_name,
        )
        for entry in entries
    ]


def _what_changed(entry: change_sets.FeatureHistoryEntry, labels: Mapping[str, str], language: str) -> str:
    if entry.change_set.kind == change_sets.ChangeKind.IMPORT:
        cause = translate("import of {file}", language).format(file=entry.change_set.file_name or "?")
    else:
        cause = (
            translate("undo", language)
            if entry.change_set.kind == change_sets.ChangeKind.UNDO
            else translate("edit", language)
        )
    names = [labels[name] for name in entry.changed if name in labels]
    if entry.before is None:
        return f"{cause}, {translate('added', language)}"
    return f"{cause}, {translate('changed: {fields}', language).format(fields=', '.join(names))}" if names else cause


def present_value(field: Field, value: object, language: str) -> str:
    """Return a field's value as text: labels for allowed values, local numbers and dates, no unit."""
    labels = _labels(field)
    if labels and value is not None and str(value) in labels:
        return translate(labels[str(value)], language)
    if field.name.endswith("_year") and value is not None:
        return str(value)
    return format_value(value, language)


def said_in(kind: type[Feature], name: str, row: FeatureRow, language: str) -> str:
    """Return what the data themselves say of a field in English, for who reads it; else nothing."""
    other = kind.layer.in_english.get(name)
    return str(row.get(other) or "") if other and language == "en" else ""


def _reason(field: Field, row: FeatureRow, language: str, day: date | None) -> str:
    """Return why a derived value is what it is on a day, today without one, or nothing."""
    if field.explain is None:
        return ""
    explanation = field.explain(row, day or today())
    return explanation.say(lambda text: translate(text, language), lambda value: format_value(value, language))


def _labels(field: Field) -> dict[str, str] | None:
    """Return stored value -> text of a closed set; such a text says its unit itself."""
    return field.values.labels() if field.values else getattr(field.filter, "labels", None)


def _detail_table(connection: ReadConnection, detail: type[Detail], feature_id: int, language: str) -> DetailTable:
    rows = features.list_details(connection, detail, feature_id)
    used = [field for field in _fields(detail) if any(row[field.name] is not None for row in rows)]
    return DetailTable(
        title=translate(detail.detail.title, language),
        columns=[translate(f.label, language) + (f" ({translate(f.unit, language)})" if f.unit else "") for f in used],
        rows=[[present_value(field, row[field.name], language) for field in used] for row in rows],
    )


def _fields(cls: type[Described]) -> tuple[Field, ...]:
    role = current_role()
    return tuple(field for field in cls.fields() if is_for(role, field.roles))


def _tones(kind: type[Feature]) -> dict[tuple[str, str], str]:
    """Return (field, value) -> the colour its symbol has on the map, so that panel and map agree."""
    return {
        (variation.field, str(value)): symbol.fill or symbol.stroke or ""
        for variation in kind.layer.style.by
        for value, symbol in variation.symbols()
        if isinstance(symbol, Symbol)
    }


def _coordinates(connection: ReadConnection, kind: type[Feature], feature_id: int) -> Coordinates:
    (lon, lat), extent = features.point_and_extent(connection, kind, feature_id)
    srid = current_province().metric_srid
    east, north = transformer(WGS84, srid).transform(lon, lat)
    return {"lon": lon, "lat": lat, "extent": extent, "x_vn2000": north, "y_vn2000": east, "srid": srid}
