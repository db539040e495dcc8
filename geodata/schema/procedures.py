"""A step of a procedure that a feature goes through: what a board of dossiers reads of it."""

from datetime import date

from sqlalchemy import Text
from sqlalchemy.orm import Mapped

from geodata.base.i18n import N_
from geodata.schema.details import Detail
from geodata.schema.fields import field


class ProcedureStep(Detail):
    """One step, due and done, and who holds it. Each kind adds `feature_id` and `step`, its values in the procedure's order."""

    __abstract__ = True

    due_on: Mapped[date | None] = field(label=N_("Due"), source_names=("HAN", "NGAY_HAN"))
    done_on: Mapped[date | None] = field(label=N_("Done"), source_names=("NGAY_XONG", "HOAN_THANH"))
    held_by: Mapped[str | None] = field(
        label=N_("Held by"), source_names=("DON_VI", "DON_VI_GIU", "DANG_O"), type_=Text
    )
    document_no: Mapped[str | None] = field(label=N_("Document"), source_names=("SO_VB", "VAN_BAN"), type_=Text)
    note: Mapped[str | None] = field(label=N_("Note"), source_names=("GHI_CHU",), type_=Text)
