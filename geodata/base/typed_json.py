"""Documents as they are kept: dataclasses to plain JSON and back, by one writer and one reader.

Every field is written, under its own name or the one `named()` gives it. Reading takes what it knows: a field that is missing
or null has its default, and a name that no field has is passed over, so that what earlier versions kept stays readable.
"""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]

_SCALARS = frozenset({bool, int, float, str})


def named(name: str) -> Mapping[str, str]:
    """Return the metadata of a dataclass's field that is kept under another name."""
    return MappingProxyType({"json": name})


def to_json(value: object) -> Any:
    """Return a document, or a part of one, as JSON keeps it. What is no document, list, mapping or member stays as it is."""
    if value is None or type(value) in _SCALARS:
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {key: to_json(getattr(value, name)) for name, key in _written(type(value))}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_json(item) for item in value]
    return value.value if isinstance(value, Enum) else value


def from_json(kind: type[T], data: Any) -> T:
    """Return the document of a type that JSON keeps. Raises TypeError where a field without a default is missing."""
    found: T = _read(kind, data)
    return found


@cache
def _written(kind: type) -> tuple[tuple[str, str], ...]:
    """Return (field, name in JSON) of a dataclass."""
    return tuple((item.name, _key(item)) for item in fields(kind))


@cache
def _known(kind: type) -> tuple[tuple[str, str, Any, bool], ...]:
    """Return (field, name in JSON, type, whether it has a default) of a dataclass."""
    types = get_type_hints(kind)
    return tuple(
        (item.name, _key(item), types[item.name], item.default is not MISSING or item.default_factory is not MISSING)
        for item in fields(kind)
    )


def _key(item: Field[Any]) -> str:
    return str(item.metadata.get("json", item.name))


def _read(kind: Any, data: Any) -> Any:
    if data is None or kind is Any or kind is object:
        return data
    if is_dataclass(kind):
        return _document(kind, data)
    origin, parts = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        others = [part for part in parts if part is not NoneType]
        return _read(others[0], data) if len(others) == 1 else data
    if origin is tuple and parts[-1] is not Ellipsis:
        return tuple(_read(part, item) for part, item in zip(parts, data, strict=True))
    if origin in {tuple, frozenset}:
        return origin(_read(parts[0], item) for item in data)
    if origin is not None and issubclass(origin, Mapping):
        return {_read(parts[0], key): _read(parts[1], item) for key, item in data.items()}
    return kind(data)


def _document(kind: Any, data: Mapping[str, Any]) -> Any:
    given = {
        name: _read(type_, data[key])
        for name, key, type_, has_default in _known(kind)
        if key in data and not (has_default and data[key] is None)
    }
    return kind(**given)
