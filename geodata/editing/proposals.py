"""Proposals: edits of layers that the department reviews. They wait beside the data and count nowhere until accepted."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any, TypedDict

from sqlalchemy import BigInteger, ForeignKey, Identity, Text, delete, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

import shapely

from geodata.accounts.access import Action, may
from geodata.base.database import Base
from geodata.base.errors import ConflictError, ForbiddenError, InvalidValueError, NotFoundError
from geodata.base.i18n import N_
from geodata.base.numbers import NumberStyle
from geodata.base.values import JsonObject
from geodata.editing import rights
from geodata.editing.commit import commit_edit, preview_edit
from geodata.editing.edits import Edit, Editor, EditRefusedError, EditReport, ObjectEdit, RowEdit, StaleError
from geodata.editing.present import load_present
from geodata.editing.reviewed import ReviewedLayer
from geodata.history.change_sets import ACTS
from geodata.schema.feature import Feature
from geodata.schema.roles import EDITORS

GEOMETRY = "geom"
REMARK_LENGTH = 1_000


class Status(StrEnum):
    """What became of a proposal."""

    OPEN = "open"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


class ProposedRow(TypedDict):
    """A row that hangs on an object: the fields of `RowEdit`."""

    row_id: int | None
    values: JsonObject
    is_removal: bool


class ProposedObject(TypedDict):
    """The fields of `ObjectEdit`; `geometry`: hexadecimal WKB of EPSG:4326 (lon, lat)."""

    feature_id: int | None
    version: str | None
    values: JsonObject
    geometry: str | None
    details: dict[str, list[ProposedRow]]
    acts_added: list[int]
    acts_removed: list[int]
    is_deletion: bool


class ProposedEdit(TypedDict):
    """An edit as a proposal keeps it: the fields of `Edit`."""

    reason: str | None
    style: str
    objects: list[ProposedObject]


class Proposal(Base):
    """An edit that waits."""

    __tablename__ = "proposal"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    layer: Mapped[str] = mapped_column(Text)
    edit: Mapped[ProposedEdit] = mapped_column(JSONB)
    proposed_by: Mapped[str] = mapped_column(Text, index=True)
    proposed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    status: Mapped[str] = mapped_column(Text, default=Status.OPEN.value, server_default="open", index=True)
    remark: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column()
    change_set_id: Mapped[int | None] = mapped_column(ForeignKey("change_set.id", ondelete="SET NULL"))


def set_reviewed(session: Session, kind: type[Feature], is_reviewed: bool, editor: Editor) -> None:
    """Have a layer's edits proposed, or stored at once. Raises ForbiddenError."""
    _check_reviewer(kind, editor)
    session.execute(delete(ReviewedLayer).where(ReviewedLayer.layer == kind.layer.name))
    if is_reviewed:
        session.add(ReviewedLayer(layer=kind.layer.name, set_by=editor.name))
    session.commit()


def may_review(kind: type[Feature], editor: Editor) -> bool:
    """Say whether somebody may accept or return proposals of a layer: an editor of all data, limited to no area."""
    return editor.role in EDITORS and not editor.areas and may(editor.role, Action.WRITE, kind)


def _check_reviewer(kind: type[Feature], editor: Editor) -> None:
    if not may_review(kind, editor):
        raise ForbiddenError(roles=sorted(EDITORS))


def propose(session: Session, kind: type[Feature], edit: Edit, editor: Editor) -> Proposal:
    """Keep an edit that passes its checks until somebody decides, and commit. Raises as commit_edit() does."""
    report = preview_edit(session, kind, edit, editor)
    session.rollback()
    if stale := [item.feature_id for item in report.objects if item.outcome == "stale" and item.feature_id]:
        raise StaleError(stale)
    if report.errors:
        raise EditRefusedError(report.problems)
    if not sum(report.counts[name] for name in ("new", "changed", "deleted")):
        raise InvalidValueError(name="objects", value="", reason=N_("nothing would change"))
    made = Proposal(layer=kind.layer.name, edit=_plain(edit), proposed_by=editor.name)
    session.add(made)
    session.commit()
    return made


def list_proposals(session: Session, reader: Editor, *, is_open: bool = False) -> list[Proposal]:
    """Return the proposals that somebody may read, the latest first; `is_open`: those that wait."""
    asked = select(Proposal).order_by(Proposal.id.desc())
    if is_open:
        asked = asked.where(Proposal.status == Status.OPEN.value)
    return [item for item in session.scalars(asked.limit(1_000)) if is_readable(session, item, reader)]


def get_proposal(session: Session, number: int, reader: Editor) -> Proposal:
    """Return a proposal that somebody may read. Raises NotFoundError."""
    found = session.get(Proposal, number)
    if found is None or not is_readable(session, found, reader):
        raise NotFoundError(value=str(number))
    return found


def is_readable(session: Session, proposal: Proposal, reader: Editor) -> bool:
    """Say whether somebody may write the layer and sees every place that the proposal is about, then and now."""
    kind = reader.registry.find(proposal.layer)
    if kind is None or not (may(reader.role, Action.VIEW, kind) and may(reader.role, Action.WRITE, kind)):
        return False
    if not reader.areas:
        return True
    edit = edit_of(proposal)
    ids = [item.feature_id for item in edit.objects if item.feature_id is not None]
    stored = load_present(session, kind, ids)
    if len(stored) < len(ids):
        return False  # nobody can say any more where it was
    shapes = [present.geometry for present in stored.values()]
    shapes += [item.geometry for item in edit.objects if item.geometry is not None]
    return not any(rights.outside(session, reader, shapes))


def preview_proposal(session: Session, kind: type[Feature], proposal: Proposal, reader: Editor) -> EditReport:
    """Return what accepting would do now; objects that changed since are compared as they are now.

    Raises NotFoundError when an object is there no more.
    """
    report = preview_edit(session, kind, _as_of_now(session, kind, edit_of(proposal)), reader)
    session.rollback()
    return report


def accept(
    session: Session,
    kind: type[Feature],
    proposal: Proposal,
    editor: Editor,
    *,
    versions: Mapping[int, str],
    parts: Mapping[int, Collection[str]] | None = None,
) -> EditReport:
    """Store a proposal as one change set that names who proposed it and who accepted it, and commit.

    `versions`: id → version of what the reviewer saw. `parts`: 1-based object → what of it is accepted (fields,
    `geom`, details, `documents`); objects that are not named are left out; None: all of all. Raises ForbiddenError,
    ConflictError (decided already), StaleError, EditRefusedError.
    """
    _check_reviewer(kind, editor)
    held = _open(session, proposal)
    whole = edit_of(held)
    objects = [_seen(item, versions) for item in whole.objects]
    if parts is not None:
        objects = [_part(item, parts[number]) for number, item in enumerate(objects, start=1) if number in parts]
    if not objects:
        raise InvalidValueError(name="parts", value="", reason=N_("choose what is accepted, or return the proposal"))
    by, number = held.proposed_by, held.id

    def decided(change_set: Any) -> None:
        kept = session.get_one(Proposal, number)
        kept.status, kept.decided_by, kept.decided_at = Status.ACCEPTED.value, editor.name, func.now()
        kept.change_set_id = change_set.id

    return commit_edit(session, kind, replace(whole, objects=objects), editor, proposed_by=by, on_stored=decided)


def give_back(session: Session, kind: type[Feature], proposal: Proposal, editor: Editor, remark: str) -> None:
    """Return a proposal with a remark, and commit. Raises ForbiddenError, ConflictError, InvalidValueError."""
    _check_reviewer(kind, editor)
    text = remark.strip()
    if not text or len(text) > REMARK_LENGTH:
        raise InvalidValueError(name="remark", value=text[:80], reason=N_("write a remark of at most 1 000 letters"))
    _decide(session, proposal, Status.RETURNED, editor, text)


def withdraw(session: Session, proposal: Proposal, editor: Editor) -> None:
    """Take back one's own proposal, and commit. Raises ForbiddenError, ConflictError."""
    if proposal.proposed_by != editor.name:
        raise ForbiddenError(roles=[])
    _decide(session, proposal, Status.WITHDRAWN, editor, None)


def _open(session: Session, proposal: Proposal) -> Proposal:
    held = session.scalar(select(Proposal).where(Proposal.id == proposal.id).with_for_update())
    if held is None or held.status != Status.OPEN.value:
        session.rollback()
        raise ConflictError(value=str(proposal.id))
    return held


def _decide(session: Session, proposal: Proposal, status: Status, editor: Editor, remark: str | None) -> None:
    held = _open(session, proposal)
    held.status, held.decided_by, held.decided_at, held.remark = status.value, editor.name, func.now(), remark
    session.commit()


def _as_of_now(session: Session, kind: type[Feature], edit: Edit) -> Edit:
    ids = [item.feature_id for item in edit.objects if item.feature_id is not None]
    now = {id_: present.version for id_, present in load_present(session, kind, ids).items()}
    return replace(edit, objects=[_seen(item, now) for item in edit.objects])


def _seen(item: ObjectEdit, versions: Mapping[int, str]) -> ObjectEdit:
    return item if item.feature_id is None else replace(item, version=versions.get(item.feature_id, item.version))


def _part(item: ObjectEdit, chosen: Collection[str]) -> ObjectEdit:
    if item.is_deletion or item.feature_id is None:
        return item
    return replace(
        item,
        values={name: value for name, value in item.values.items() if name in chosen},
        geometry=item.geometry if GEOMETRY in chosen else None,
        details={name: rows for name, rows in item.details.items() if name in chosen},
        acts_added=item.acts_added if ACTS in chosen else (),
        acts_removed=item.acts_removed if ACTS in chosen else (),
    )


def _plain(edit: Edit) -> ProposedEdit:
    return {
        "reason": edit.reason,
        "style": edit.style.value,
        "objects": [
            {
                "feature_id": item.feature_id,
                "version": item.version,
                "values": dict(item.values),
                "geometry": None if item.geometry is None else shapely.to_wkb(item.geometry, hex=True),
                "details": {name: [_plain_row(row) for row in rows] for name, rows in item.details.items()},
                "acts_added": list(item.acts_added),
                "acts_removed": list(item.acts_removed),
                "is_deletion": item.is_deletion,
            }
            for item in edit.objects
        ],
    }


def _plain_row(row: RowEdit) -> ProposedRow:
    return {"row_id": row.row_id, "values": row.values, "is_removal": row.is_removal}


def edit_of(proposal: Proposal) -> Edit:
    """Return the edit that a proposal keeps."""
    kept = proposal.edit
    return Edit(
        objects=[_object(item) for item in kept["objects"]], reason=kept["reason"], style=NumberStyle(kept["style"])
    )


def _object(item: ProposedObject) -> ObjectEdit:
    return ObjectEdit(
        feature_id=item["feature_id"],
        version=item["version"],
        values=item["values"],
        geometry=None if item["geometry"] is None else shapely.from_wkb(item["geometry"]),
        details={name: [RowEdit(**row) for row in own] for name, own in item["details"].items()},
        acts_added=tuple(item["acts_added"]),
        acts_removed=tuple(item["acts_removed"]),
        is_deletion=item["is_deletion"],
    )
