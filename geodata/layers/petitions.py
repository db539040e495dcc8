"""Petitions of voters (kiến nghị cử tri) to the People's Council: what is asked about which object, and the answer due."""

from datetime import date

from sqlalchemy import ColumnElement, Text, case, func, literal, null
from sqlalchemy.orm import Mapped

from geodata.base.i18n import N_
from geodata.schema.charts import Chart, Reported, ReportFigure
from geodata.schema.dues import Due
from geodata.schema.feature import Feature, GeometryType, Layer
from geodata.schema.fields import Group, LabelledEnum, derived, field
from geodata.schema.filters import DateRange
from geodata.schema.portrayal import Style, Symbol, Variation
from geodata.schema.roles import EDITORS, STAFF, STEERING, Access, Role

#: An answer is told to be near so many days before it is due.
SOON_DAYS = 10


class AnswerState(LabelledEnum):
    """Where the answer stands, derived from its days."""

    OVERDUE = "overdue", N_("Answer overdue")
    SOON = "soon", N_("Answer due soon")
    WAITING = "waiting", N_("Waiting for the answer")
    ANSWERED = "answered", N_("Answered")


_PLUM = "#6D1B5B"


class Petition(Feature):
    """A petition; its name is its subject. Geometry: the point that it is about."""

    __tablename__ = "petition"
    layer = Layer(
        name="petitions",
        title=N_("Voters' petitions"),
        singular=N_("Voters' petition"),
        description=N_("Petitions of voters, what they are about and when the answer is due"),
        geometry=GeometryType.POINT,
        shown=False,
        access=Access(write=EDITORS | {Role.PLANNER}),
        names_object="object_code",
        style=Style(
            base=Symbol(shape="bubble", size_px=18, fill=_PLUM, stroke=_PLUM, stroke_px=1.5, level=1, weight=5),
            by=(
                Variation(
                    field="answer_state",
                    cases={
                        "overdue": Symbol(badge="alert", weight=8),
                        "soon": Symbol(badge="warning"),
                        "waiting": Symbol(level=0),
                        "answered": Symbol(badge="tick"),
                    },
                ),
            ),
            label_min_zoom=13,
            label_rank=5,
        ),
        reported=Reported(
            place=7, figures=(ReportFigure(name="by_answer", label=N_("Petitions by answer"), by="answer_state"),)
        ),
        charts=(Chart(title=N_("Petitions by answer"), field="answer_state"),),
        dues=(
            Due(
                title=N_("Answers to petitions"),
                day="due_on",
                done="answered_on",
                days=SOON_DAYS,
                roles=STEERING,
                has_page=True,
            ),
        ),
        refers={"admin_unit_code": "admin_units"},
    )

    asked_by: Mapped[str | None] = field(
        label=N_("Who petitions"), type_=Text, source_names=("CU_TRI", "NGUOI_KN"), group=Group.PEOPLE, searchable=True
    )
    council_session: Mapped[str | None] = field(label=N_("Council session"), type_=Text, source_names=("KY_HOP",))
    object_code: Mapped[str | None] = field(
        label=N_("About"), type_=Text, source_names=("MA_DOI_TUONG", "MA_DT"), index=True
    )
    received_on: Mapped[date | None] = field(
        label=N_("Received on"), source_names=("NGAY_NHAN",), filter=DateRange(), group=Group.STATE
    )
    due_on: Mapped[date | None] = field(
        label=N_("Answer due on"), source_names=("HAN", "HAN_TRA_LOI"), filter=DateRange(), group=Group.STATE
    )
    answered_on: Mapped[date | None] = field(
        label=N_("Answered on"), source_names=("NGAY_TRA_LOI",), filter=DateRange(), group=Group.STATE
    )
    answer: Mapped[str | None] = field(label=N_("The answer"), type_=Text, source_names=("TRA_LOI", "NOI_DUNG_TL"))
    document_no: Mapped[str | None] = field(
        label=N_("Document"), type_=Text, source_names=("SO_VB", "VAN_BAN"), group=Group.LEGAL, searchable=True
    )
    assigned_to: Mapped[str | None] = field(
        label=N_("Who prepares the answer"),
        type_=Text,
        source_names=("GIAO", "DON_VI"),
        group=Group.PEOPLE,
        roles=STAFF,
    )


def answer_state(day: ColumnElement[date]) -> ColumnElement[str]:
    """Return where the answer stands on a day, nothing before the petition came; the day it is due is still in time."""
    return case(
        (Petition.received_on > day, null()),
        (Petition.answered_on <= day, literal("answered")),
        (Petition.due_on < day, literal("overdue")),
        (Petition.due_on <= day + SOON_DAYS, literal("soon")),
        else_=literal("waiting"),
    )


Petition.answer_state = derived(
    answer_state(func.current_date()),
    label=N_("Answer"),
    values=AnswerState,
    group=Group.STATE,
    on_day=answer_state,
)
