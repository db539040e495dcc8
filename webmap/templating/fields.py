"""What a template may name: texts, pictures, groups of them, and lists whose rows have fields of their own."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from geodata.base.i18n import N_

#: What fills the fields: texts, the bytes of a picture or None, the fields of a group, the rows of a list.
Values = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Text:
    """A field that is a text; empty where there is nothing to say."""

    label: str


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A field that is a picture, `width` in cm; there may be none."""

    label: str
    width: float


@dataclass(frozen=True, kw_only=True)
class Group:
    """Fields under one name: `group.field`."""

    label: str
    fields: "Fields"


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Rows to go through by `{% for row in listing %}`, each with these fields."""

    label: str
    fields: "Fields"


Field = Text | Picture | Group | Listing
Fields = Mapping[str, Field]

#: What every paper's head has.
HEAD: Fields = {
    "office": Text(label=N_("Name of the office, in capitals")),
    "number": Text(label=N_("Number of the paper")),
    "day": Text(label=N_("Day of the paper, in words")),
    "subject": Text(label=N_("Subject of the paper")),
}


def leaves(fields: Fields, before: str = "") -> Iterator[tuple[str, str]]:
    """Return the name of each field as a template writes it, with its label; those of rows as `listing[].field`."""
    for name, field in fields.items():
        path = f"{before}{name}"
        if isinstance(field, Text | Picture):
            yield path, field.label
        else:
            yield from leaves(field.fields, f"{path}[]." if isinstance(field, Listing) else f"{path}.")


def sample(fields: Fields, picture: bytes) -> dict[str, object]:
    """Return values that show where each field stands: its own name in brackets, two rows in each list."""
    return _sample(fields, picture, "")


def _sample(fields: Fields, picture: bytes, before: str) -> dict[str, object]:
    values: dict[str, object] = {}
    for name, field in fields.items():
        path = f"{before}{name}"
        match field:
            case Text():
                values[name] = f"[{path}]"
            case Picture():
                values[name] = picture
            case Group():
                values[name] = _sample(field.fields, picture, f"{path}.")
            case Listing():
                values[name] = [_sample(field.fields, picture, f"{path}[{row}].") for row in (1, 2)]
    return values


def rows_of(values: Values, path: str) -> Sequence[Values]:
    """Return the rows of a list."""
    found = value_of(values, path)
    return found if isinstance(found, list | tuple) else ()


def value_of(values: Values, path: str) -> object:
    """Return the value of a field named like `group.field`. Raises KeyError."""
    found: object = values
    for name in path.split("."):
        if not isinstance(found, Mapping):
            raise KeyError(path)
        found = found[name]
    return found
