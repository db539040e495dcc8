"""Which layers the department reviews: edits of these wait until an editor of all data has accepted them."""

from datetime import datetime

from sqlalchemy import Text, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from geodata.base.database import Base
from geodata.base.errors import ForbiddenError
from geodata.base.i18n import N_
from geodata.editing.edits import Editor
from geodata.schema.feature import Feature
from geodata.schema.roles import EDITORS


class ReviewRequiredError(ForbiddenError):
    """The layer's edits are proposed, not stored at once."""

    code = "review_required"
    template = N_("Changes of this layer are reviewed first: propose them on the map.")


class ReviewedLayer(Base):
    """A layer whose edits are proposed by all but the editors of all data."""

    __tablename__ = "reviewed_layer"

    layer: Mapped[str] = mapped_column(Text, primary_key=True)
    set_by: Mapped[str] = mapped_column(Text)
    set_at: Mapped[datetime] = mapped_column(server_default=func.now())


def reviewed_layers(session: Session) -> frozenset[str]:
    """Return the names of the layers whose edits are proposed."""
    return frozenset(session.scalars(select(ReviewedLayer.layer)))


def must_propose(session: Session, kind: type[Feature], editor: Editor) -> bool:
    """Say whether this editor's edits of the layer wait for a reviewer."""
    return editor.role not in EDITORS and kind.layer.name in reviewed_layers(session)
