"""The fields of a visit's paper: cleaning what a form sends, merging two people's versions, reading findings out.

The content is flat text by field name (`answer.fire`, `finding.a1.severity`), so that two versions can be
compared and merged field by field.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time

from geodata.base.errors import InvalidValueError
from geodata.base.i18n import N_

Content = dict[str, str]

MAX_FIELDS = 600
MAX_LENGTH = 4000
_NAME = re.compile(r"[a-z_]{1,40}(\.[A-Za-z0-9_-]{1,40}){0,2}")
_FINDING = re.compile(r"finding\.([A-Za-z0-9_-]{1,40})\.([a-z_]{1,40})")
_PLAIN = frozenset(
    {
        "visited_on", "started_at", "ended_at", "decision_no", "leader", "people", "note", "lon", "lat", "accuracy_m", "located_at",
        "campaign", "unsigned_reason", "no_position_reason",
    }
)  # fmt: skip
_GROUPS = frozenset({"answer", "remark", "finding", "remedy", "remedy_note", "settle", "complaint", "complaint_note"})
#: What a form sends beside the paper's fields.
_OF_THE_FORM = frozenset({"csrf_token", "version", "base", "action", "reason"})
#: A finding's form that is on the page without a script, whether it is needed or not, has such a key.
SPARE = "spare-"

#: The sanction decree in force on a day: Decree 99/2020 replaced 97/2013 on 11/10/2020.
SANCTION_DECREES = ((date(2020, 10, 11), "Nghị định 99/2020/NĐ-CP"), (date.min, "Nghị định 97/2013/NĐ-CP"))


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """A field that two people wrote differently since they read the same version."""

    name: str
    mine: str
    theirs: str


@dataclass(frozen=True, kw_only=True)
class WrittenFinding:
    """A finding as the paper has it."""

    key: str
    item: str = ""
    severity: str = "minor"
    description: str = ""
    #: The row of the catalogue that was chosen; none: the inspector's own words.
    code: str = ""
    act: str = ""
    article: str = ""
    clause: str = ""
    point: str = ""
    due: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether nobody wrote anything: only what the form offers stands there."""
        return self.severity == "minor" and not any((self.description, self.article, self.clause, self.point, self.due))

    @property
    def reference(self) -> str:
        """The violated rule as an administrative paper writes it."""
        parts = [("điểm", self.point), ("khoản", self.clause), ("Điều", self.article)]
        written = " ".join(f"{word} {value}" for word, value in parts if value)
        return " ".join(filter(None, [written, self.act])) if written else ""


def clean_content(raw: Mapping[str, object]) -> Content:
    """Return the fields of a form as clean NFC text; empty ones left out.

    Raises InvalidValueError for what a paper has no place for: nothing is dropped in silence.
    """
    content: Content = {}
    for name, value in raw.items():
        if name in _OF_THE_FORM:
            continue
        if not _is_field(name) or not isinstance(value, str):
            raise InvalidValueError(name=name[:40], value=str(value)[:20], reason=N_("the record has no such field"))
        text = "".join(
            char for char in unicodedata.normalize("NFC", value) if char == "\n" or unicodedata.category(char)[0] != "C"
        ).strip()
        if len(text) > MAX_LENGTH:
            raise InvalidValueError(name=name, value=text[:20] + "…", reason=N_("at most 4000 characters"))
        if text:
            content[name] = text
    if len(content) > MAX_FIELDS:
        raise InvalidValueError(name="content", value=str(len(content)), reason=N_("too many fields"))
    return content


def content_hash(content: Content) -> str:
    """Return the SHA-256 (hex) of a paper's words: fields by name, as JSON without spaces, UTF-8."""
    written = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def takes_away(before: Content, after: Content) -> bool:
    """Return whether words of `before` are not in `after`: a field emptied or written anew, not only gone on with."""
    return any(not after.get(name, "").startswith(value) for name, value in before.items())


def merge(base: Content | None, mine: Content, theirs: Content) -> tuple[Content, list[Conflict]]:
    """Return both versions in one, and the fields both changed, where `theirs` stays until somebody chooses.

    Without the common `base` every difference is a conflict.
    """
    merged: Content = {}
    conflicts: list[Conflict] = []
    for name in sorted(mine.keys() | theirs.keys()):
        own, other = mine.get(name, ""), theirs.get(name, "")
        before = None if base is None else base.get(name, "")
        value = other
        if own != other:
            if before is not None and other == before:
                value = own
            elif before is None or own != before:
                conflicts.append(Conflict(name=name, mine=own, theirs=other))
        if value:
            merged[name] = value
    return merged, conflicts


def findings_in(content: Content) -> list[WrittenFinding]:
    """Return the findings of a paper, complete or not; an answer “not as required” without a finding becomes one."""
    parts: dict[str, dict[str, str]] = {}
    for name, value in content.items():
        if match := _FINDING.fullmatch(name):
            parts.setdefault(match[1], {})[match[2]] = value
    written = [
        WrittenFinding(key=key, **{name: value for name, value in values.items() if name in _FINDING_PARTS})
        for key, values in parts.items()
    ]
    found = [finding for finding in written if not (finding.is_blank and finding.key.startswith(SPARE))]
    covered = {finding.item for finding in found}
    for name, value in content.items():
        group, _, item = name.partition(".")
        if group == "answer" and value == "not_ok" and item not in covered:
            text = content.get(f"remark.{item}", "")
            found.append(WrittenFinding(key=f"item-{item}", item=item, description=text))
    return found


_FINDING_PARTS = frozenset(WrittenFinding.__dataclass_fields__) - {"key"}


def read_day(text: str) -> date | None:
    """Return a day written as ISO 8601, or None for what is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def read_clock(text: str) -> time | None:
    """Return an hour of the day written as ISO 8601 (“08:30”), or None for what is none."""
    try:
        return time.fromisoformat(text)
    except ValueError:
        return None


def sanction_decree(on: date) -> str:
    """Return the decree by which violations of a day are judged."""
    return next(name for start, name in SANCTION_DECREES if on >= start)


def _is_field(name: str) -> bool:
    if not _NAME.fullmatch(name):
        return False
    group, _, rest = name.partition(".")
    if group == "finding":
        return (match := _FINDING.fullmatch(name)) is not None and match[2] in _FINDING_PARTS
    return name in _PLAIN or (group in _GROUPS and bool(rest))
