"""What is near a feature of a public page, whom to ask about it, and what may be taken along."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import Any, TypedDict, cast
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

import shapely

from geodata.accounts.access import visible_details, visible_fields
from geodata.attachments.stored import list_files
from geodata.base.database import TIME_ZONE, ReadConnection
from geodata.base.i18n import N_
from geodata.base.values import FeatureRow
from geodata.query import features
from geodata.query.features import Measure
from geodata.query.spatial import DISTANCE, distance_from, list_nearest
from geodata.schema.charts import Nearest, Showcase
from geodata.schema.feature import Feature
from geodata.schema.registry import Registry
from geodata.schema.roles import Role
from geodata.statistics.dashboard import conditions_of
from webmap.app.i18n import format_number, translate
from webmap.map.present import present_value, said_in

M_PER_KM = 1000
BYTES_PER_KB = 1024
KILOMETRES = N_("{number} km")


@dataclass(frozen=True, kw_only=True)
class Near:
    """The nearest feature of a kind. `told` are its own numbers, `distance` how far it is, both written."""

    label: str
    name: str
    told: str
    distance: str
    layer: str
    id: int

    @property
    def text(self) -> str:
        """All of it in one line."""
        return " · ".join(part for part in (self.distance, self.name, self.told) if part)


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One way to ask: a text, and the address of a link or ""."""

    label: str
    text: str
    link: str


@dataclass(frozen=True, kw_only=True)
class Download:
    """A document to take along: published at `link`, or kept here as the file `file_id`; `size` in KB."""

    title: str
    published_on: Any
    link: str = ""
    file_id: int = 0
    size: int = 0


def nearby(
    connection: ReadConnection,
    registry: Registry,
    kind: type[Feature],
    feature_id: int,
    spec: Showcase,
    *,
    language: str,
) -> tuple[Near, ...]:
    """Return what is nearest, measured on the ellipsoid from the feature's edge; only what everybody may see."""
    stored = select(func.ST_AsBinary(kind.column("geom"))).where(kind.id == feature_id)
    shape = shapely.from_wkb(bytes(connection.execute(stored).scalar_one()))
    return tuple(_nearest(connection, registry, shape, spec.nearest, language))


def _nearest(
    connection: ReadConnection, registry: Registry, shape: shapely.Geometry, wanted: tuple[Nearest, ...], language: str
) -> Iterator[Near]:
    for one in wanted:
        other = registry.get(one.layer)
        if Role.PUBLIC not in other.layer.access.view:
            continue
        fields = visible_fields(Role.PUBLIC, other)
        distance = Measure(field=DISTANCE, column=distance_from(other, shape))
        rows = list_nearest(
            connection, other, fields, conditions_of(other, one.only), shape, measures=[distance], limit=1
        )
        if rows:
            told = [field for field in fields if field.name in one.told and rows[0][field.name] is not None]
            yield Near(
                label=translate(one.label, language),
                name=said_in(other, "name", rows[0], language) or rows[0]["name"],
                told=" · ".join(
                    f"{present_value(field, rows[0][field.name], language)}\u202f{translate(field.unit, language)}"
                    for field in told
                ),
                distance=_kilometres(float(distance.of(rows[0])), language),
                layer=other.layer.name,
                id=rows[0]["id"],
            )


def _kilometres(metres: float, language: str) -> str:
    """Return a distance to the hundred metres: places are known no better."""
    return translate(KILOMETRES, language).format(number=format_number(round(metres / M_PER_KM, 1), language))


class _Published(TypedDict):
    """The columns of what a layer keeps of documents that are published elsewhere."""

    title: str
    title_en: str | None
    link: str
    published_on: date | None


def contact(kind: type[Feature], row: FeatureRow, spec: Showcase, language: str) -> tuple[Ask, ...]:
    """Return whom to ask about a feature."""
    fields = {field.name: field for field in visible_fields(Role.PUBLIC, kind)}
    return tuple(
        Ask(
            label=translate(fields[name].label, language),
            text=str(row[name]),
            link=f"{scheme}:{''.join(str(row[name]).split())}" if scheme else "",
        )
        for name, scheme in spec.contact.items()
        if name in fields and row[name]
    )


def downloads(
    connection: ReadConnection, kind: type[Feature], feature_id: int, spec: Showcase, language: str
) -> tuple[Download, ...]:
    """Return the documents about a feature that everybody may take: those kept here, then those published elsewhere."""
    if spec.downloads is None:
        return ()
    with Session(connection) as session:
        kept = [
            Download(
                title=(row.title_en if language == "en" else None) or row.title,
                published_on=row.added_at.astimezone(ZoneInfo(TIME_ZONE)).date(),
                file_id=row.id,
                size=ceil(row.size_bytes / BYTES_PER_KB),
            )
            for row in list_files(session, kind.layer.name, feature_id, only_public=True)
        ]
    found = [detail for detail in visible_details(Role.PUBLIC, kind) if detail.detail.name == spec.downloads]
    return *kept, *(
        Download(
            title=(row["title_en"] if language == "en" else None) or row["title"],
            link=row["link"],
            published_on=row["published_on"],
        )
        for detail in found
        for row in cast(list[_Published], features.list_details(connection, detail, feature_id))
    )
