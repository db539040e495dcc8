"""News and dues as people read them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from flask import url_for

from geodata.base.i18n import N_
from geodata.following.dues import Falling
from geodata.following.follows import Follow
from geodata.following.news import Change
from geodata.schema.feature import Feature
from geodata.schema.fields import LabelledEnum
from webmap.app.addresses import Asked
from webmap.app.i18n import format_number, format_value, translate
from webmap.app.links import map_address
from webmap.following.covering import Covering
from webmap.following.reading import News, Told

#: A name of several layers ends here.
_MOST_LAYERS = 3


@dataclass(frozen=True, kw_only=True)
class DueLine:
    """Something that falls due, in words."""

    name: str
    what: str
    title: str
    layer: str
    on: date
    left: str
    days: int
    address: str
    is_illustration: bool


def due_line(one: Falling, on: date, language: str) -> DueLine:
    """Return something that falls due with the address that shows it."""
    days = one.days_left(on)
    what = translate(one.what.label, language) if isinstance(one.what, LabelledEnum) else one.what or ""
    return DueLine(
        name=one.name,
        what=what,
        title=translate(one.due.title, language),
        layer=translate(one.kind.layer.singular, language),
        on=one.on,
        left=left_words(days, language),
        days=days,
        address=object_address(one.kind, one.code, one.feature_id),
        is_illustration=one.is_illustration,
    )


def left_words(days: int, language: str) -> str:
    """Return how many days are left, or by how many it is late."""
    template = N_("{days} days left") if days > 0 else N_("{days} days late") if days else N_("due today")
    return translate(template, language).format(days=format_number(abs(days), language))


def object_address(kind: type[Feature], code: str, number: int) -> str:
    """Return where an object is told of: the page of one that has milestones, else the map."""
    if kind.layer.tracked:
        return url_for("projects.project", code=code)
    return map_address(kind.layer.name, selected=number)


def change_line(change: Change, language: str) -> str:
    """Return who changed what of an object, and when."""
    words = [translate(field.label, language) for field in change.fields]
    words += [translate(table.detail.title if table else N_("Documents"), language) for table in change.tables]
    what = ", ".join(dict.fromkeys(words))
    if change.is_added:
        what = translate(N_("added"), language)
    else:
        what = translate(N_("changed: {fields}"), language).format(fields=what)
    return translate(N_("{when}: {what} by {who}"), language).format(
        when=format_value(change.made_at, language), what=what, who=change.by
    )


def told_lines(told: Told, language: str) -> list[str]:
    """Return what is told of an object, line by line."""
    lines = [change_line(change, language) for change in told.changes]
    if told.has_come and not any(change.is_added for change in told.changes):
        lines.insert(0, translate(N_("is now among what you follow"), language))
    return lines


def left_line(news: News, language: str) -> str:
    """Return how many objects are no longer there for who follows, or nothing."""
    if not news.gone:
        return ""
    text = N_("{count} objects were removed, or you may no longer see them")
    return translate(text, language).format(count=format_number(news.gone, language))


def kind_word(follow: Follow, kinds: Iterable[type[Feature]], language: str) -> str:
    """Return what sort of thing is followed."""
    if follow.address is not None:
        return translate(N_("Filter of the map"), language)
    kind = next((kind for kind in kinds if kind.layer.name == follow.layer), None)
    if kind is None:
        return ""
    singular = translate(kind.layer.singular, language)
    return f"{singular} · {translate(N_('with all that lies in it'), language)}" if kind.layer.selects_as else singular


def follow_address(follow: Follow, news: News, kinds: Sequence[type[Feature]]) -> str:
    """Return where a followed thing is shown; nothing where it is no longer there."""
    if follow.address is not None:
        return url_for("map.index").rstrip("/") + follow.address
    ids = news.covered.get(follow.layer or "", ())
    kind = next((kind for kind in kinds if kind.layer.name == follow.layer), None)
    return object_address(kind, follow.code or "", ids[0]) if kind and ids else ""


def name_of(covering: Covering, asked: Asked, language: str) -> str:
    """Return a name for what filters keep: layers, and what they are filtered by."""
    parts = covering.say(asked)
    titles = [translate(kind.layer.title, language) for kind, _ in parts]
    shown = ", ".join(titles[:_MOST_LAYERS]) + (" …" if len(titles) > _MOST_LAYERS else "")

    def say(text: str) -> str:
        return translate(text, language)

    def write(value: object) -> str:
        return format_value(value, language)

    sentences = dict.fromkeys(one.say(say, write) for _, conditions in parts for one in conditions)
    return f"{shown}: {'; '.join(sentences)}" if asked.is_filtered and sentences else shown
