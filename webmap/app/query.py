"""Turns request arguments into conditions: one parser feeds map, table, counts and export."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from werkzeug.datastructures import MultiDict

from geodata.accounts.accounts import ACCOUNT_ROLES, ROLE_LABELS
from geodata.base.database import ReadConnection
from geodata.base.errors import InvalidFilterError, NotForThisRoleError
from geodata.base.i18n import N_
from geodata.query.features import area_kinds
from geodata.query.spatial import area_filter, around_filter, near_filter, parse_around, polygon_filter
from geodata.query.years import plan_filter, year_filter
from geodata.schema.feature import Feature
from geodata.schema.fields import Field
from geodata.schema.filters import Condition, any_of, parse_day
from geodata.schema.layer_filters import bbox_filter, day_filter, parse_bbox, text_filter

#: Arguments that are not filters.
RESERVED = frozenset(
    {"limit", "cursor", "sort", "lang", "format", "crs", "count", "geometry", "extent", "heads", "columns", "detail"}
)

#: The arguments that ask for a place, beside those of layers whose objects are areas.
PLACES = ("bbox", "near", "around", "polygon")

#: The argument that asks for the states of another day than today.
AS_OF = "as_of"


def asked_day(arguments: MultiDict[str, str]) -> date | None:
    """Return the day whose states are asked for, or None for today. Raises InvalidFilterError."""
    values = list(dict.fromkeys(value for value in arguments.getlist(AS_OF) if value != ""))
    if len(values) > 1:
        raise InvalidFilterError(name=AS_OF, value=values[1], reason=N_("give one day only"))
    return parse_day(AS_OF, values[0]) if values else None


@dataclass(frozen=True, kw_only=True)
class FilterParser:
    """Knows what one person may filter one layer by. `readable`: the layers whose objects he may name."""

    kind: type[Feature]
    visible: Sequence[Field]
    readable: Iterable[type[Feature]]
    connection: ReadConnection

    def parse(self, arguments: MultiDict[str, str]) -> tuple[Condition, ...]:
        """Return the conditions of all arguments. Raises InvalidFilterError for any it does not know."""
        conditions = []
        day = asked_day(arguments)
        for name in arguments:
            values = list(dict.fromkeys(value for value in arguments.getlist(name) if value != ""))
            if any("\x00" in value for value in values):
                raise InvalidFilterError(name=name, value="", reason=N_("it contains a NUL character"))
            if values and name not in RESERVED:
                conditions.append(self._condition(name, values, day))
        return tuple(conditions)

    def _condition(self, name: str, values: list[str], day: date | None) -> Condition:
        if name == AS_OF and day is not None:
            return day_filter(name, day, self.kind.column("valid_from"), self.kind.column("valid_to"))
        field = next((field for field in self.visible if field.name == name), None)
        if field is not None and field.filter is not None:
            return replace(field.filter.parse(name, field.label, values, self.kind.column(name, day)), unit=field.unit)
        found = [each for value in values if (each := self._one(name, value)) is not None]
        if found:
            return any_of(found)
        hidden = self.kind.field(name)
        if hidden is not None and hidden.filter is not None and hidden.roles is not None:
            roles = [role for role in ACCOUNT_ROLES if role in hidden.roles]
            raise NotForThisRoleError(
                name=hidden.label, role=ROLE_LABELS[roles[0]], roles=[str(role) for role in roles]
            )
        known = [field.name for field in self.visible if field.filter]
        raise InvalidFilterError(
            name=name,
            value=values[0],
            reason=N_("there is no such filter"),
            choices=[*sorted(known), AS_OF, "q", *PLACES, *area_kinds(self.readable)],
        )

    def _one(self, name: str, value: str) -> Condition | None:
        """Return the condition of one value of a filter that is no field's; several mean “or”. None for an unknown name."""
        life = self.kind.layer.life
        if name == "q":
            return text_filter(name, value, self.kind.column("search_text"))
        if name == "year" and life:
            return year_filter(name, value, self.kind, life)
        if name == "plan" and life and life.plan in {field.name for field in self.visible}:
            return plan_filter(name, value, self.kind, life)
        return self._place(name, value)

    def _place(self, name: str, value: str) -> Condition | None:
        """Return the condition of a place: a box, a drawn area, a stored one, what is near a point or an object."""
        geom = self.kind.column("geom")
        if name == "bbox":
            return bbox_filter(name, parse_bbox(name, value), geom)
        if name == "near":
            return near_filter(name, value, geom)
        if name == "around":
            return around_filter(name, parse_around(self.connection, self.readable, name, value), self.kind)
        if name == "polygon":
            return polygon_filter(name, value, geom, shrink=not self.kind.is_point())
        area = area_kinds(self.readable).get(name)
        return area_filter(self.connection, area, name, value, self.kind) if area else None
