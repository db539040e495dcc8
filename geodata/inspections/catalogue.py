"""The catalogue of violations: article, clause, point, wording and range of fines of the decrees, each with its days.

A row is never deleted: it ends. What is quoted at a visit is what was in force on that day. Fines in VND.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Identity, Text, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from geodata.accounts.accounts import record_audit
from geodata.base.database import Base
from geodata.base.errors import GeodataError, InvalidValueError, NotFoundError
from geodata.base.i18n import N_

MAX_ROWS = 5_000
MOST_VND = 10**13
_LENGTH = {"code": 60, "act": 200, "article": 20, "clause": 20, "point": 20, "wording": 2000, "source": 500}


class Violation(Base):
    """One violation as a decree words it; organisations and persons are fined differently."""

    __tablename__ = "inspection_violation"
    __table_args__ = (
        CheckConstraint("valid_from <= valid_to", name="valid_order"),
        CheckConstraint("person_from_vnd <= person_to_vnd", name="person_order"),
        CheckConstraint("organisation_from_vnd <= organisation_to_vnd", name="organisation_order"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    act: Mapped[str] = mapped_column(Text)
    article: Mapped[str] = mapped_column(Text)
    clause: Mapped[str | None] = mapped_column(Text)
    point: Mapped[str | None] = mapped_column(Text)
    wording: Mapped[str] = mapped_column(Text)
    person_from_vnd: Mapped[int | None] = mapped_column(BigInteger)
    person_to_vnd: Mapped[int | None] = mapped_column(BigInteger)
    organisation_from_vnd: Mapped[int | None] = mapped_column(BigInteger)
    organisation_to_vnd: Mapped[int | None] = mapped_column(BigInteger)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    source: Mapped[str] = mapped_column(Text)
    #: Whether somebody compared the row with the decree's own text.
    is_verified: Mapped[bool] = mapped_column(default=False, server_default="false")


#: Name, heading of the table, and how the audit log, which is Vietnamese, calls it.
FIELDS: Mapping[str, str] = {
    "code": "Mã", "act": "Văn bản", "article": "Điều", "clause": "Khoản", "point": "Điểm", "wording": "Hành vi",
    "person_from_vnd": "Phạt cá nhân từ (VND)", "person_to_vnd": "Phạt cá nhân đến (VND)",
    "organisation_from_vnd": "Phạt tổ chức từ (VND)", "organisation_to_vnd": "Phạt tổ chức đến (VND)",
    "valid_from": "Hiệu lực từ", "valid_to": "Hiệu lực đến", "source": "Nguồn", "is_verified": "Đã kiểm chứng",
}  # fmt: skip
_NEEDED = frozenset({"code", "act", "article", "wording", "valid_from", "source"})
_MONEY = frozenset(name for name in FIELDS if name.endswith("_vnd"))
_DAYS = frozenset({"valid_from", "valid_to"})
_TRUE = frozenset({"x", "1", "có", "co", "yes", "true", "đã", "rồi"})


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A cell that cannot be taken: row of the file (1: the first below the heads), heading, value, why."""

    row: int
    field: str
    value: str
    reason: str


class CatalogueError(GeodataError):
    """A file of violations cannot be stored; nothing of it was."""

    code = "invalid_catalogue"
    template = N_("Nothing is stored: {count} cells cannot be taken.")

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(count=len(self.problems))


def list_violations(session: Session, *, on: date | None = None, text: str = "") -> list[Violation]:
    """Return the catalogue in the order of decree, article, clause, point; of a day: what was in force."""
    query = select(Violation)
    if on is not None:
        query = query.where(Violation.valid_from <= on, or_(Violation.valid_to.is_(None), Violation.valid_to >= on))
    found = session.scalars(query).all()
    words = text.casefold().split()
    kept = [
        row for row in found if all(word in f"{row.code} {reference(row)} {row.wording}".casefold() for word in words)
    ]
    return sorted(kept, key=lambda row: (row.act, _rank(row.article), _rank(row.clause), _rank(row.point), row.code))


def not_in_force(session: Session, codes: Collection[str], on: date) -> set[str]:
    """Return those codes that the catalogue does not have on a day."""
    if not codes:
        return set()
    query = select(Violation.code).where(
        Violation.code.in_(codes),
        Violation.valid_from <= on,
        or_(Violation.valid_to.is_(None), Violation.valid_to >= on),
    )
    return set(codes) - set(session.scalars(query))


def get_violation(session: Session, violation_id: int) -> Violation:
    """Return a row. Raises NotFoundError."""
    found = session.get(Violation, violation_id)
    if found is None:
        raise NotFoundError(value=str(violation_id))
    return found


def reference(row: Violation) -> str:
    """Return the rule as an administrative paper writes it."""
    parts = (("điểm", row.point), ("khoản", row.clause), ("Điều", row.article))
    return " ".join([*(f"{word} {value}" for word, value in parts if value), row.act])


def save_violation(
    session: Session, raw: Mapping[str, object], *, by: str, violation_id: int | None = None
) -> Violation:
    """Store a row, new or changed; the audit log tells old → new. Raises InvalidValueError."""
    values, problems = _read(raw, 1)
    other = session.scalar(select(Violation).where(Violation.code == values.get("code")))
    if other is not None and other.id != violation_id:
        problems.append(Problem(row=1, field="code", value=other.code, reason=N_("this code is taken")))
    if problems:
        first = problems[0]
        raise InvalidValueError(name=FIELDS[first.field], value=first.value, reason=first.reason)
    row = get_violation(session, violation_id) if violation_id is not None else Violation()
    _store(session, row, values, by)
    return row


def import_violations(session: Session, rows: Sequence[Mapping[str, object]], *, by: str) -> tuple[int, int]:
    """Store rows by their code, all or none. Returns how many are new and changed. Raises CatalogueError."""
    if len(rows) > MAX_ROWS:
        raise InvalidValueError(name="rows", value=str(len(rows)), reason=N_("at most 5,000 rows"))
    read, problems, seen = [], list[Problem](), set[str]()
    for number, raw in enumerate(rows, start=1):
        values, found = _read(raw, number)
        if values.get("code") in seen:
            found.append(
                Problem(row=number, field="code", value=str(values["code"]), reason=N_("the code is in the file twice"))
            )
        seen.add(values.get("code", ""))
        problems += found
        read.append(values)
    if problems:
        raise CatalogueError(problems)
    known = {row.code: row for row in session.scalars(select(Violation).where(Violation.code.in_(seen)))}
    changed = 0
    for values in read:
        row = known.get(values["code"])
        changed += _store(session, row or Violation(), values, by) and row is not None
    return len(read) - len(known), changed


def names_of(heads: Sequence[object]) -> list[str | None]:
    """Return the field of each heading, by its Vietnamese heading or its name; None for others."""
    known = {label.casefold(): name for name, label in FIELDS.items()} | {name: name for name in FIELDS}
    return [known.get(" ".join(str(head or "").split()).casefold()) for head in heads]


def _store(session: Session, row: Violation, values: Mapping[str, Any], by: str) -> bool:
    is_new = row.id is None
    before = {name: getattr(row, name) for name in FIELDS}
    changes = {name: value for name, value in values.items() if before[name] != value}
    for name, value in changes.items():
        setattr(row, name, value)
    if is_new:
        session.add(row)
    session.flush()
    if changes:
        told = "; ".join(f"{FIELDS[name]}: {_word(before[name])} → {_word(value)}" for name, value in changes.items())
        action = N_("Added a violation to the catalogue") if is_new else N_("Changed a violation of the catalogue")
        record_audit(session, by=by, action=action, subject=row.code, details=None if is_new else told)
    return bool(changes)


def _read(raw: Mapping[str, object], number: int) -> tuple[dict[str, Any], list[Problem]]:
    values: dict[str, Any] = {}
    problems = []
    for name in FIELDS:
        cell = raw.get(name)
        try:
            values[name] = _value(name, cell)
        except ValueError as error:
            problems.append(Problem(row=number, field=name, value=str(cell or "")[:60], reason=str(error)))
    for low, high in (("valid_from", "valid_to"), ("person_from_vnd", "person_to_vnd"), ("organisation_from_vnd", "organisation_to_vnd")):  # fmt: skip
        first, last = values.get(low), values.get(high)
        if first is not None and last is not None and first > last:
            problems.append(Problem(row=number, field=high, value=_word(last), reason=N_("it ends before it begins")))
    return values, problems


def _value(name: str, cell: object) -> Any:
    text = " ".join(str(cell).split()) if cell is not None else ""
    if name == "is_verified":
        return cell is True or text.casefold() in _TRUE
    if not text:
        if name in _NEEDED:
            raise ValueError(N_("this is needed"))
        return None
    if name in _DAYS:
        return _day(cell, text)
    if name in _MONEY:
        digits = text.removesuffix(".0").replace(".", "").replace(",", "").replace(" ", "")
        if not digits.isascii() or not digits.isdigit() or int(digits) > MOST_VND:
            raise ValueError(N_("a whole number of VND is needed"))
        return int(digits)
    if len(text) > _LENGTH[name]:
        raise ValueError(N_("this text is too long"))
    return text.removesuffix(".0") if isinstance(cell, float) else text


def _day(cell: object, text: str) -> date:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    for form in ("%d/%m/%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007  (a day has no zone)
        except ValueError:
            continue
    raise ValueError(N_("a day like 02/03/2020 is needed"))


def _rank(text: str | None) -> tuple[int, str]:
    digits = "".join(char for char in text or "" if char.isdigit())
    return (int(digits) if digits else 0, text or "")


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "có" if value else "không"
    if isinstance(value, int):
        return f"{value:,}".replace(",", ".")
    return f"{value:%d/%m/%Y}" if isinstance(value, date) else str(value or "–")
