"""The register of requests for power: what its form adds or changes is an edit of the station, in the history like any other."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from geodata.base.errors import InvalidValueError, NotFoundError
from geodata.base.i18n import N_
from geodata.base.parsing import parse_id
from geodata.editing import Edit, Editor, ObjectEdit, RowEdit, commit_edit
from geodata.grid.requests import request_tables
from geodata.query.years import parse_year
from geodata.schema.feature import Feature
from geodata.schema.registry import Registry
from webmap.grid.forms import read_decimal


def store_request(session: Session, registry: Registry, form: Mapping[str, str], editor: Editor) -> None:
    """Add a request to a station, or with `id` change the state of one; one change set, committed.

    Raises InvalidValueError, NotFoundError, EditRefusedError, ForbiddenError.
    """
    if number := form.get("id"):
        row_id = parse_id("id", number)
        kind, name, feature_id = _row(session, registry, row_id)
        row = RowEdit(row_id=row_id, values={"state": form.get("state", "")})
    else:
        kind, name, feature_id = _station(session, registry, form.get("station_code", "").strip())
        row = RowEdit(values=_values(form))
    commit_edit(session, kind, Edit(objects=[ObjectEdit(feature_id=feature_id, details={name: [row]})]), editor)


def _values(form: Mapping[str, str]) -> dict[str, Any]:
    return {
        "applicant": form.get("applicant", "").strip(),
        "power_mw": read_decimal("power_mw", form.get("power_mw", "")),
        "from_year": parse_year("from_year", form.get("from_year", "")),
        "state": form.get("state", ""),
        "document_no": form.get("document_no", "").strip() or None,
    }


def _station(session: Session, registry: Registry, code: str) -> tuple[type[Feature], str, int]:
    for kind, detail in request_tables(registry):
        if (feature_id := session.scalar(select(kind.id).where(kind.code == code))) is not None:
            return kind, detail.detail.name, feature_id
    raise InvalidValueError(name="station_code", value=code[:40], reason=N_("choose a station"))


def _row(session: Session, registry: Registry, row_id: int) -> tuple[type[Feature], str, int]:
    for kind, detail in request_tables(registry):
        if (feature_id := session.scalar(select(detail.feature_id).where(detail.id == row_id))) is not None:
            return kind, detail.detail.name, feature_id
    raise NotFoundError(value=str(row_id))
