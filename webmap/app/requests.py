"""What most views start with: the layer, what this person may see of it, and what he asked for."""

from dataclasses import dataclass

from flask import request
from werkzeug.datastructures import MultiDict

from geodata.accounts.access import Action, may, readable_by, visible_fields
from geodata.base.database import ReadConnection
from geodata.base.errors import ForbiddenError
from geodata.base.parsing import parse_whole
from geodata.schema.feature import Feature
from geodata.schema.fields import Field
from geodata.schema.filters import Condition
from webmap.app.auth import current_role
from webmap.app.extensions import layers
from webmap.app.query import FilterParser


@dataclass(frozen=True, kw_only=True)
class LayerRequest:
    """A layer as the person asking may see it."""

    kind: type[Feature]
    fields: tuple[Field, ...]

    @property
    def names(self) -> frozenset[str]:
        """Names of the visible fields."""
        return frozenset(field.name for field in self.fields)

    def conditions(
        self, connection: ReadConnection, arguments: MultiDict[str, str] | None = None
    ) -> tuple[Condition, ...]:
        """Return the conditions of this request's arguments, or of those given."""
        parser = FilterParser(kind=self.kind, visible=self.fields, readable=readable_layers(), connection=connection)
        return parser.parse(request.args if arguments is None else arguments)


def readable_layers() -> tuple[type[Feature], ...]:
    """Return the layers that the person asking may see, in legend order."""
    return readable_by(current_role(), layers())


def layer_request(name: str) -> LayerRequest:
    """Return the layer of that name for the person asking. Raises NotFoundError, ForbiddenError."""
    kind, role = layers().get(name), current_role()
    if not may(role, Action.VIEW, kind):
        raise ForbiddenError(
            roles=sorted(kind.layer.access.view)
        )  # layers are no secret, their names are in the contract
    return LayerRequest(kind=kind, fields=visible_fields(role, kind))


def int_argument(name: str, default: int, *, low: int, high: int) -> int:
    """Return a whole-number argument. Raises InvalidValueError outside low..high."""
    text = request.args.get(name)
    if text is None or text == "":
        return default
    return parse_whole(name, text, low=low, high=high)
