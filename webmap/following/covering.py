"""What a follow covers: an object, a unit with all that lies in it, a project with what it builds, or what filters keep."""

from dataclasses import dataclass

from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from geodata.accounts.access import readable_by, visible_fields
from geodata.accounts.accounts import Account
from geodata.accounts.reader import Reader
from geodata.base.database import ReadConnection
from geodata.following.follows import MOST_COVERED, Follow
from geodata.query.features import find_by_code
from geodata.query.references import find_object, named_in_details
from geodata.schema.feature import Feature
from geodata.schema.filters import Condition
from geodata.schema.registry import Registry
from geodata.schema.roles import Role
from webmap.app.addresses import Asked, read_address
from webmap.app.query import FilterParser


@dataclass(frozen=True, kw_only=True)
class Follower:
    """Who is told, and for whom it is read: what he sees is asked anew each time."""

    account_id: int
    name: str
    reader: Reader

    @classmethod
    def of(cls, account: Account, language: str = "") -> "Follower":
        """Return the owner of an account with his rights of this moment, outside his own request."""
        reader = Reader(role=Role(account.role), areas=tuple(account.areas), language=language)
        return cls(account_id=account.id, name=account.name, reader=reader)


@dataclass(frozen=True, kw_only=True)
class Covering:
    """Works out what follows cover, for one follower over a connection that reads what he may."""

    connection: ReadConnection
    registry: Registry
    follower: Follower

    @property
    def role(self) -> Role:
        """The follower's role."""
        return self.follower.reader.role

    @property
    def kinds(self) -> tuple[type[Feature], ...]:
        """The layers that the follower may see."""
        return readable_by(self.role, self.registry)

    def of(self, follow: Follow) -> dict[str, list[int]]:
        """Return layer -> ids of what a follow covers now. Raises GeodataError for filters that are no longer his."""
        if follow.address is not None:
            return self.of_address(read_address(follow.address, self.kinds))
        return self.of_object(follow.layer or "", follow.code or "")

    def of_object(self, layer: str, code: str) -> dict[str, list[int]]:
        """Return an object with what lies in it, where its layer is one of areas, and with the objects that its details name.

        Nothing when it is not there for the follower; of the others those that are.
        """
        kind = next((kind for kind in self.kinds if kind.layer.name == layer), None)
        number = find_by_code(self.connection, kind, code) if kind else None
        if kind is None or number is None:
            return {}
        found = {layer: [number]}
        if kind.layer.selects_as:
            inside = MultiDict([(kind.layer.selects_as, code)])
            for other in self.kinds:
                if other.layer.selects_as != kind.layer.selects_as:
                    found[other.layer.name] = self._ids(other, inside)
        for other_code in named_in_details(self.connection, kind, number, self.role):
            named = find_object(self.connection, (other for other in self.kinds if other is not kind), other_code)
            if named is not None:
                found.setdefault(named.kind.layer.name, []).append(named.id)
        return {name: sorted(set(numbers)) for name, numbers in found.items()}

    def of_address(self, asked: Asked) -> dict[str, list[int]]:
        """Return what the filters keep. Raises InvalidFilterError."""
        kinds = {kind.layer.name: kind for kind in self.kinds}
        return {name: self._ids(kinds[name], arguments) for name, arguments in asked.filters.items()}

    def say(self, asked: Asked) -> list[tuple[type[Feature], tuple[Condition, ...]]]:
        """Return each layer with the conditions that its filters mean."""
        kinds = {kind.layer.name: kind for kind in self.kinds}
        return [(kinds[name], self._conditions(kinds[name], arguments)) for name, arguments in asked.filters.items()]

    def _conditions(self, kind: type[Feature], arguments: MultiDict[str, str]) -> tuple[Condition, ...]:
        visible = visible_fields(self.role, kind)
        parser = FilterParser(kind=kind, visible=visible, readable=self.kinds, connection=self.connection)
        return parser.parse(arguments)

    def _ids(self, kind: type[Feature], arguments: MultiDict[str, str]) -> list[int]:
        conditions = self._conditions(kind, arguments)
        query = select(kind.id).where(*(condition.sql for condition in conditions)).order_by(kind.id)
        return list(self.connection.execute(query.limit(MOST_COVERED + 1)).scalars())
