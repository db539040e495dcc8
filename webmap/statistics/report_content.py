"""A written report of what the map shows: what was asked, counts, states, the map itself and a list. In Vietnamese, for papers."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError
from sqlalchemy import Connection

from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_
from geodata.export.blocks import Block, Grid, Picture
from geodata.query import features
from geodata.schema.feature import Feature
from geodata.schema.fields import Field
from geodata.schema.filters import Condition
from webmap.app.i18n import DEFAULT_LANGUAGE, format_number, format_word, translate
from webmap.map.present import present_value

#: A report lists so many features of a layer; all of them are in the export.
MOST_LISTED = 50
MOST_COLUMNS = 6
MOST_PIXELS = 40_000_000
_MAP_CM = 16.5


@dataclass(frozen=True, kw_only=True)
class Part:
    """A layer of the report: who may see which fields was decided before."""

    kind: type[Feature]
    fields: Sequence[Field]
    conditions: Sequence[Condition]


def build_blocks(connection: Connection, parts: Sequence[Part], picture: bytes | None) -> list[Block]:
    """Return the report's blocks: scope, numbers, map, and per layer its states and its first features."""
    counted = [(part, features.count_features(connection, part.kind, part.conditions)) for part in parts]
    rows = [
        [_say(part.kind.layer.title), _number(count), _number(features.count_features(connection, part.kind))]
        for part, count in counted
    ]
    blocks: list[Block] = []
    if features.have_illustration(connection, [part.kind for part, count in counted if count]):
        blocks.append("# DỮ LIỆU MINH HỌA: vị trí, cơ sở và kết quả là giả định, không dùng cho công việc chính thức.")
    blocks += ["# 1. Phạm vi", *_scope(parts), "# 2. Số liệu chung"]
    blocks.append(Grid(header=("Lớp dữ liệu", "Số đối tượng", "Toàn bộ"), rows=rows, widths=(9.5, 3.5, 3.5)))
    if totals := [row for part, count in counted if count for row in _totals(connection, part)]:
        blocks.append(Grid(header=("Tổng", "Của các đối tượng trên", "Đơn vị"), rows=totals, widths=(9.5, 4.5, 2.5)))
    if picture:
        blocks += ["# 3. Bản đồ", Picture(content=picture, caption="", width=_MAP_CM)]
    number = 4 if picture else 3
    for part, count in counted:
        if count:
            blocks += [f"# {number}. {_say(part.kind.layer.title)}", *_layer(connection, part, count)]
            number += 1
    return blocks


def _totals(connection: Connection, part: Part) -> list[list[str]]:
    """Return the sums of a layer's sizes over what the conditions keep, as label, number and unit."""
    life, fields = part.kind.layer.life, {field.name: field for field in part.fields}
    chosen = [fields[name] for name in (life.sums if life else ()) if name in fields]
    sums = features.sums_of(connection, part.kind, [field.name for field in chosen], part.conditions)
    title = _say(part.kind.layer.title)
    return [
        [f"{title}: {_say(field.label)}", format_number(value, DEFAULT_LANGUAGE), _say(field.unit)]
        for field, value in zip(chosen, sums, strict=True)
        if value is not None
    ]


def check_picture(content: bytes) -> bytes:
    """Return the picture written anew as PNG, so that nothing but pixels goes on. Raises InvalidValueError."""
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            if image.width * image.height > MOST_PIXELS:
                raise InvalidValueError(name="picture", value="", reason=N_("the picture is too large"))
            made = io.BytesIO()
            image.convert("RGB").save(made, "PNG", optimize=True)
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        raise InvalidValueError(name="picture", value="", reason=N_("this is no PNG picture")) from None
    return made.getvalue()


def _scope(parts: Sequence[Part]) -> list[Block]:
    said: dict[str, list[str]] = {}
    for part in parts:
        for condition in part.conditions:
            sentence = condition.say(_say, lambda value: format_word(value, DEFAULT_LANGUAGE))
            said.setdefault(sentence, []).append(_say(part.kind.layer.title))
    if not said:
        return ["Toàn bộ dữ liệu của các lớp, không lọc."]
    return [
        f"- {sentence}" if len(titles) == len(parts) else f"- {', '.join(titles)}: {sentence}"
        for sentence, titles in said.items()
    ]


def _layer(connection: Connection, part: Part, count: int) -> list[Block]:
    kind, fields = part.kind, {field.name: field for field in part.fields}
    blocks: list[Block] = []
    facets = features.count_facets(connection, kind, part.fields, part.conditions)[1]
    kept = {condition.name: condition.choices for condition in part.conditions if condition.choices is not None}
    for variation in kind.layer.style.by:
        field, found = fields.get(variation.field), facets.get(variation.field, {})
        wanted = kept.get(variation.field, found)  # a facet leaves its own filter out
        values = [(value, number) for value, number in found.items() if number and value in wanted]
        rows = [[_value(field, value), _number(number)] for value, number in values] if field else []
        if field and rows:
            blocks.append(Grid(header=(_say(field.label), "Số đối tượng"), rows=rows, widths=(13, 3.5)))
    asked = [condition.name for condition in part.conditions]
    names = dict.fromkeys(("name", "address", *(v.field for v in kind.layer.style.by[:1]), *asked))
    shown = [fields[name] for name in names if name in fields][:MOST_COLUMNS]
    page = features.list_features(
        connection,
        kind,
        shown,
        part.conditions,
        limit=MOST_LISTED,
        sort=features.Sort(name="name"),
        with_geometry=False,
    )
    rows = [
        [str(place), *(present_value(field, row[field.name], DEFAULT_LANGUAGE) for field in shown)]
        for place, row in enumerate(page.rows, start=1)
    ]
    widths = (1.0, *([15.5 / len(shown)] * len(shown)))
    blocks.append(Grid(header=("TT", *(_say(field.label) for field in shown)), rows=rows, widths=widths))
    if count > len(rows):
        left = _number(count - len(rows))
        blocks.append(f"Còn {left} đối tượng khác; danh sách đầy đủ: nút “Xuất” của bảng trên bản đồ, cùng bộ lọc.")
    return blocks


def _value(field: Field, value: str) -> str:
    return _say("Unknown") if value == "unknown" else present_value(field, value, DEFAULT_LANGUAGE)


def _say(text: str) -> str:
    return translate(text, DEFAULT_LANGUAGE)


def _number(value: int) -> str:
    return format_number(value, DEFAULT_LANGUAGE)
