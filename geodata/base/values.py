"""Values whose names are data: a JSON object that no type of ours describes, a feature read by the fields of its layer.

`object`, not `Any`: who takes a value out has to look at what it is before it is used.
"""

from collections.abc import ItemsView, Iterator, Mapping
from typing import Literal, Protocol, TypedDict, overload

#: A JSON object whose names the layer, the user's file or another program chose.
JsonObject = Mapping[str, object]


class GeoJsonFeature(TypedDict):
    """A feature of a layer as GeoJSON; coordinates in the system that was asked for."""

    type: Literal["Feature"]
    id: int
    geometry: JsonObject | None
    properties: dict[str, object]


class FeatureRow(Protocol):
    """A feature as it was read, column -> value: a plain dict, which costs nothing to make.

    What every feature has is typed here (`geometry`: GeoJSON text); of another field `Field.python_type` says the type.
    """

    @overload
    def __getitem__(self, name: Literal["id"], /) -> int: ...

    @overload
    def __getitem__(self, name: Literal["code", "name"], /) -> str: ...

    @overload
    def __getitem__(self, name: Literal["geometry"], /) -> str | None: ...

    @overload
    def __getitem__(self, name: str, /) -> object: ...

    def __contains__(self, name: object, /) -> bool: ...

    def __iter__(self) -> Iterator[str]: ...

    @overload
    def get(self, name: Literal["geometry"], /) -> str | None: ...

    @overload
    def get(self, name: str, /) -> object: ...

    def items(self) -> ItemsView[str, object]: ...  # noqa: D102 - what a dict does
