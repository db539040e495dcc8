"""Searches that name a kind of thing: “chợ đang xây lại”, “trạm biến áp Cát Hải”, “petrol”.

The words are the layers' own: their titles and the labels of their choices, in every language they are written in.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from geodata.base.collation import by_name
from geodata.base.database import ReadConnection
from geodata.query.search import MAX_CANDIDATES, Hit, best_of
from geodata.schema.feature import Feature
from geodata.schema.fields import Field
from geodata.schema.filters import Choice

Words = tuple[str, ...]
Texts = Callable[[str], Iterable[str]]


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What a search asks for: a layer, values of its choices (field → stored value), and the words that are left."""

    kind: type[Feature]
    values: Mapping[str, str]
    rest: str


class Lexicon:
    """The words by which layers and the values of their choices are called; `texts` gives a label in each language."""

    def __init__(self, fields: Mapping[type[Feature], Sequence[Field]], texts: Texts) -> None:
        self._kinds: dict[Words, type[Feature]] = {}
        self._values: dict[type[Feature], dict[Words, tuple[str, str]]] = {}
        for kind, visible in fields.items():
            for label in (kind.layer.singular, kind.layer.title):
                for text in texts(label):
                    for words in _parts(_words(text)):
                        self._kinds.setdefault(words, kind)
            self._values[kind] = {
                _words(text): (field.name, value)
                for field in visible
                if isinstance(field.filter, Choice)
                for value, label in (field.filter.labels or {}).items()
                for text in texts(label)
            }

    def read(self, asked: str) -> Meaning | None:
        """Return what a text asks for when it begins with a kind of thing, else None."""
        words = _words(asked)
        length = next((size for size in range(len(words), 0, -1) if words[:size] in self._kinds), 0)
        if not length:
            return None
        kind, left = self._kinds[words[:length]], list(words[length:])
        values: dict[str, str] = {}
        for known in sorted(self._values[kind], key=len, reverse=True):
            for at in range(len(left) - len(known) + 1):
                field, value = self._values[kind][known]
                if tuple(left[at : at + len(known)]) == known and field not in values:
                    values[field] = value
                    del left[at : at + len(known)]
                    break
        return Meaning(kind=kind, values=values, rest=" ".join(left))


def find_of_kind(connection: ReadConnection, meaning: Meaning, limit: int) -> list[Hit]:
    """Return features of the kind that is asked for, those whose name fits the other words best first."""
    kind = meaning.kind
    wanted = [
        field.filter.parse(name, field.label, [value], kind.column(name)).sql
        for name, value in meaning.values.items()
        if (field := kind.field(name)) is not None and field.filter is not None
    ]
    wanted += [kind.column("search_text").contains(word, autoescape=True) for word in meaning.rest.split()]
    candidates = select(kind.id).where(*wanted).order_by(by_name(kind.name), kind.id).limit(MAX_CANDIDATES)
    return best_of(connection, kind, candidates, meaning.rest)[:limit]


def _words(text: str) -> Words:
    plain = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return tuple(re.findall(r"[\w/-]+", "".join(sign for sign in plain if not unicodedata.combining(sign))))


def _parts(words: Words) -> Iterable[Words]:
    """Return a title's first word and everything of two and more words in it: “xăng dầu” stands within a longer title."""
    yield words[:1]
    for size in range(2, len(words) + 1):
        for start in range(len(words) - size + 1):
            yield words[start : start + size]
