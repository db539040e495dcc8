"""A project, and all of them, as papers in the form of Decree 30/2020/NĐ-CP. In Vietnamese: they go to authorities."""

from collections.abc import Sequence
from datetime import date

from geodata.base.i18n import N_
from geodata.export.blocks import Block, Grid, Picture as PictureBlock
from geodata.export.figures import Figure, write_png
from geodata.export.papers import Paper
from geodata.projects.photos import ProjectPhoto
from geodata.projects.pictures import SHEET, milestone_gantt, portfolio_gantt, s_curve, schedule_picture
from geodata.projects.records import ProjectRecord
from geodata.projects.schedule import by_person, duties
from geodata.schema.fields import LabelledEnum
from webmap.app.i18n import DEFAULT_LANGUAGE, format_value
from webmap.app.papers import ILLUSTRATION_BLOCK, ILLUSTRATION_FIELDS, Filled, said_illustration, warned, wording
from webmap.projects import words
from webmap.templating.fields import Fields, Listing, Picture, Text
from webmap.templating.forms import Each, Facts, Form, Rows, Shown, When

_WIDE_CM = 16.5
_LANGUAGE = words.language_of(DEFAULT_LANGUAGE)
_NONE = "Không có."


_MILESTONE_FIELDS: Fields = {
    "name": Text(label="Mốc"), "planned": Text(label="Ngày kế hoạch"), "expected": Text(label="Ngày thực tế hoặc dự báo"),
    "state": Text(label="đã xong, dự báo, chưa xong"), "responsible": Text(label="Đơn vị chịu trách nhiệm"),
}  # fmt: skip
_OBSTACLE_FIELDS: Fields = {
    "what": Text(label="Vướng mắc"), "who": Text(label="Đơn vị phải giải quyết"), "due": Text(label="Hạn"), "state": Text(label="Tình trạng"),
}  # fmt: skip
_MEETING_FIELDS: Fields = {
    "held": Text(label="Ngày họp"), "subject": Text(label="Nội dung"), "conclusion": Text(label="Kết luận"),
    "attendees": Text(label="Thành phần"),
}  # fmt: skip
#: The sheet shows so many of the latest photos and meetings.
MOST_PHOTOS, MOST_MEETINGS = 4, 2
_PHOTO_CM = 10.0
_PHOTO_FIELDS: Fields = {
    "picture": Picture(label="Ảnh", width=_PHOTO_CM), "caption": Text(label="Chú thích, ngày chụp, người chụp"),
}  # fmt: skip
PROJECT_FORM = Form(
    name="project",
    title=N_("Project sheet"),
    heading="PHIẾU DỰ ÁN",
    fields={
        **ILLUSTRATION_FIELDS,
        "name": Text(label="Tên dự án"),
        "code": Text(label="Mã dự án"),
        "kind": Text(label="Loại; trạng thái"),
        "owner": Text(label="Chủ đầu tư"),
        "capital": Text(label="Tổng mức đầu tư"),
        "money_planned": Text(label="Vốn kế hoạch đến năm nay"),
        "money_disbursed": Text(label="Vốn đã giải ngân đến năm nay"),
        "progress": Text(label="Tiến độ báo cáo, ai báo cáo, ngày nào"),
        "planned": Text(label="Tiến độ theo kế hoạch"),
        "on": Text(label="Ngày đánh giá"),
        "verdict": Text(label="Đánh giá: trạng thái và lý do"),
        "curve": Picture(label="Đường cong tiến độ (S-curve)", width=_WIDE_CM),
        "gantt": Picture(label="Sơ đồ Gantt các mốc", width=_WIDE_CM),
        "schedule": Picture(label="Đường cong tiến độ và sơ đồ Gantt cạnh nhau", width=_WIDE_CM),
        "milestones": Listing(label="Mốc tiến độ", fields=_MILESTONE_FIELDS),
        "obstacles": Listing(label="Vướng mắc chưa giải quyết", fields=_OBSTACLE_FIELDS),
        "meetings": Listing(label="Cuộc họp gần đây", fields=_MEETING_FIELDS),
        "photos": Listing(label="Ảnh hiện trường gần đây", fields=_PHOTO_FIELDS),
    },
    blocks=(
        ILLUSTRATION_BLOCK,
        Facts(
            rows=(
                ("Loại; chủ đầu tư", "{kind}; {owner}"),
                ("Vốn đến năm nay", "tổng mức {capital}; kế hoạch {money_planned}; đã giải ngân {money_disbursed}"),
                ("Tiến độ; kế hoạch", "{progress}; {planned}"),
                ("Đánh giá", "{verdict}"),
            ),
            widths=(3.5, 13),
        ),
        Shown(picture="schedule", width=_WIDE_CM),
        Rows(
            of="milestones", header=("Mốc tiến độ", "Kế hoạch", "Xong, dự báo", "Tình trạng", "Đơn vị thực hiện"),
            cells=tuple(f"{{row.{name}}}" for name in _MILESTONE_FIELDS), widths=(5.5, 2.2, 2.7, 2.4, 3.7), otherwise="Mốc tiến độ: không có.",
        ),
        Rows(
            of="obstacles", header=("Vướng mắc chưa giải quyết", "Đơn vị phải giải quyết", "Hạn", "Tình trạng"),
            cells=tuple(f"{{row.{name}}}" for name in _OBSTACLE_FIELDS), widths=(6.5, 4.9, 2.3, 2.8), otherwise="Vướng mắc chưa giải quyết: không có.",
        ),
        When(
            has="meetings",
            blocks=(
                Rows(
                    of="meetings", header=("Ngày họp", "Cuộc họp gần đây", "Kết luận", "Thành phần"),
                    cells=tuple(f"{{row.{name}}}" for name in _MEETING_FIELDS), widths=(2.2, 4.4, 7.2, 2.7), otherwise=_NONE,
                ),
            ),
        ),
        When(
            has="photos",
            blocks=(
                "# Ảnh hiện trường gần đây",
                Each(
                    of="photos", name="photo",
                    blocks=(Shown(picture="photo.picture", width=_PHOTO_CM), "{photo.caption}"),
                ),
            ),
        ),
    ),
    signatures=("NGƯỜI LẬP", "LÃNH ĐẠO PHÒNG"),
)  # fmt: skip


def filled_project(project: ProjectRecord, *, on: date, office: str, photos: Sequence[ProjectPhoto] = ()) -> Filled:
    """Return the sheet of a project as known on a day."""
    line = words.describe(project, on, DEFAULT_LANGUAGE)
    unknown = "chưa rõ"
    values = {
        "subject": project.name,
        **said_illustration(is_some=project.is_illustration),
        "name": project.name,
        "code": project.code,
        "kind": "; ".join(filter(None, (_label(project.kind), _label(project.status)))) or unknown,
        "owner": project.owner or unknown,
        "capital": _money(project.total_capital_vnd) or unknown,
        "money_planned": _money(line.money.planned_vnd),
        "money_disbursed": _money(line.money.disbursed_vnd),
        "progress": _progress(line),
        "planned": line.planned or "chưa có kế hoạch",
        "on": _day(on),
        "verdict": f"{line.label}. {line.reason}",
        "curve": _png(s_curve(project, on, _LANGUAGE, SHEET)),
        "gantt": _png(milestone_gantt(project, on, _LANGUAGE, SHEET)),
        "schedule": _png(schedule_picture(project, on, _LANGUAGE)),
        "milestones": _milestones(project),
        "obstacles": _obstacles(project, on),
        "meetings": [
            {
                "held": _day(one.held_on),
                "subject": one.subject,
                "conclusion": one.conclusion or "–",
                "attendees": one.attendees or "–",
            }
            for one in project.meetings[:MOST_MEETINGS]
        ],
        "photos": [{"picture": one.content, "caption": _caption(one)} for one in photos],
    }
    return Filled(form=PROJECT_FORM, values=values, office=office, number="…/SCT", day=on)


def portfolio_paper(projects: Sequence[ProjectRecord], *, on: date, office: str) -> Paper:
    """Return all projects on a day: how they stand, what is late and who must act."""
    lines = [words.describe(project, on, DEFAULT_LANGUAGE) for project in projects]
    late = [line for line in lines if line.delay.is_behind]
    blocks: list[Block] = [
        (
            f"Tính đến ngày {_day(on)}: {len(lines)} dự án, công trình; {len(late)} chậm hoặc có nguy cơ chậm; "
            f"{sum(line.open_obstacles for line in lines)} vướng mắc chưa giải quyết."
        )
    ]
    rows = [
        [str(number), line.project.name, _progress(line), line.planned or "–", f"{line.label}. {line.reason}"]
        for number, line in enumerate(lines, start=1)
    ]
    header = ("TT", "Dự án", "Tiến độ", "Kế hoạch", "Đánh giá")
    blocks += ["# 1. Tình hình thực hiện", Grid(header=header, rows=rows, widths=(1, 4.7, 3.7, 1.5, 5.6))]
    blocks += _pictures(portfolio_gantt(projects, on, _LANGUAGE, SHEET))
    blocks += ["# 2. Việc chậm và đơn vị phải giải quyết", _duties(projects, on)]
    blocks.append(f"Trên đây là tiến độ các dự án, công trình trọng điểm tính đến ngày {_day(on)}, kính báo cáo./.")
    paper = Paper(
        wording=wording(), office=office, number="…/BC-SCT", day=on, title="BÁO CÁO", subject="Tiến độ các dự án, công trình trọng điểm",
        blocks=blocks, addressee="……………………", signatures=(("GIÁM ĐỐC", ""),),
        recipients=("Như trên", "Các phòng liên quan", "Lưu: VT"),
    )  # fmt: skip
    return warned(paper, is_some=any(project.is_illustration for project in projects))


def _duties(projects: Sequence[ProjectRecord], on: date) -> Block:
    rows = [
        [who, duty.project.name, duty.what, _day(duty.due_on) or "–", words.overdue(duty, DEFAULT_LANGUAGE)]
        for who, found in by_person(duties(projects, on))
        for duty in found
    ]
    if not rows:
        return _NONE
    header = ("Đơn vị", "Dự án", "Việc", "Hạn", "Tình trạng")
    return Grid(header=header, rows=rows, widths=(3.2, 4.6, 3.6, 2.3, 2.8))


def _milestones(project: ProjectRecord) -> list[dict[str, str]]:
    return [
        {
            "name": one.name, "planned": _day(one.planned_on) or "–", "expected": _day(one.done_on or one.forecast_on) or "–",
            "state": "đã xong" if one.done_on else "dự báo" if one.forecast_on else "chưa xong", "responsible": one.responsible or "–",
        }
        for one in project.milestones
    ]  # fmt: skip


def _obstacles(project: ProjectRecord, on: date) -> list[dict[str, str]]:
    return [
        {
            "what": duty.what,
            "who": duty.who,
            "due": _day(duty.due_on) or "–",
            "state": words.overdue(duty, DEFAULT_LANGUAGE),
        }
        for duty in duties([project], on)
        if duty.is_obstacle
    ]


def _caption(photo: ProjectPhoto) -> str:
    said = f"{photo.caption} " if photo.caption else ""
    return f"{said}({_day(photo.taken_on)}, {photo.added_by})"


def _png(figure: Figure | None) -> bytes | None:
    return write_png(figure) if figure else None


def _pictures(figure: Figure | None) -> list[Block]:
    return [PictureBlock(content=write_png(figure), caption="", width=_WIDE_CM)] if figure else []


def _progress(line: words.Line) -> str:
    return f"{line.progress} ({line.reported_by}, {_day(line.reported_on)})" if line.progress else "chưa báo cáo"


def _label(value: LabelledEnum | None) -> str:
    return words.label(value, DEFAULT_LANGUAGE)


def _money(vnd: int | None) -> str:
    return words.money(vnd, DEFAULT_LANGUAGE)


def _day(day: date | None) -> str:
    return format_value(day, DEFAULT_LANGUAGE)
