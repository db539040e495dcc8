"""A project, and all of them, as papers in the form of Decree 30/2020/NĐ-CP. In Vietnamese: they go to authorities."""

from collections.abc import Sequence
from datetime import date

from geodata.export.blocks import Block, Grid, Picture
from geodata.export.figures import Figure, write_png
from geodata.export.papers import Paper
from geodata.projects.pictures import milestone_gantt, portfolio_gantt, s_curve
from geodata.projects.records import ProjectRecord
from geodata.projects.schedule import by_person, duties
from geodata.schema.fields import LabelledEnum
from webmap.app.i18n import DEFAULT_LANGUAGE, format_value
from webmap.app.papers import wording
from webmap.projects import words

_WIDE_CM = 16.5
_LANGUAGE = words.language_of(DEFAULT_LANGUAGE)
_NONE = "Không có."
_ILLUSTRATION = (
    "# DỮ LIỆU MINH HỌA: vị trí, vốn, tiến độ và vướng mắc là giả định, không dùng cho công việc chính thức."
)


def project_paper(project: ProjectRecord, *, on: date, office: str) -> Paper:
    """Return the sheet of a project as known on a day."""
    line = words.describe(project, on, DEFAULT_LANGUAGE)
    blocks: list[Block] = [_ILLUSTRATION] if project.is_illustration else []
    facts = [
        ["Loại; trạng thái", "; ".join(filter(None, (_label(project.kind), _label(project.status)))) or "chưa rõ"],
        ["Chủ đầu tư", project.owner or "chưa rõ"],
        ["Tổng mức đầu tư", _money(project.total_capital_vnd) or "chưa rõ"],
        [
            "Vốn đến năm nay: kế hoạch; đã giải ngân",
            f"{_money(line.money.planned_vnd)}; {_money(line.money.disbursed_vnd)}",
        ],
        ["Tiến độ báo cáo; theo kế hoạch", f"{_progress(line)}; {line.planned or 'chưa có kế hoạch'}"],
        [f"Đánh giá đến ngày {_day(on)}", f"{line.label}. {line.reason}"],
    ]
    blocks.append(Grid(header=(), rows=facts, widths=(5.5, 11)))
    blocks += _pictures(s_curve(project, on, _LANGUAGE))
    blocks += ["# Mốc tiến độ", _milestones(project), *_pictures(milestone_gantt(project, on, _LANGUAGE))]
    blocks += ["# Vướng mắc chưa giải quyết", _obstacles(project, on)]
    return Paper(
        wording=wording(), office=office, number="…/SCT", day=on, title="PHIẾU DỰ ÁN", subject=project.name, blocks=blocks,
        signatures=(("NGƯỜI LẬP", ""), ("LÃNH ĐẠO PHÒNG", "")),
    )  # fmt: skip


def portfolio_paper(projects: Sequence[ProjectRecord], *, on: date, office: str) -> Paper:
    """Return all projects on a day: how they stand, what is late and who must act."""
    lines = [words.describe(project, on, DEFAULT_LANGUAGE) for project in projects]
    late = [line for line in lines if line.delay.is_behind]
    blocks: list[Block] = [_ILLUSTRATION] if any(project.is_illustration for project in projects) else []
    blocks.append(
        f"Tính đến ngày {_day(on)}: {len(lines)} dự án, công trình; {len(late)} chậm hoặc có nguy cơ chậm; "
        f"{sum(line.open_obstacles for line in lines)} vướng mắc chưa giải quyết."
    )
    rows = [
        [str(number), line.project.name, _progress(line), line.planned or "–", f"{line.label}. {line.reason}"]
        for number, line in enumerate(lines, start=1)
    ]
    header = ("TT", "Dự án", "Tiến độ", "Kế hoạch", "Đánh giá")
    blocks += ["# 1. Tình hình thực hiện", Grid(header=header, rows=rows, widths=(1, 4.8, 2.2, 1.9, 6.6))]
    blocks += _pictures(portfolio_gantt(projects, on, _LANGUAGE))
    blocks += ["# 2. Việc chậm và đơn vị phải giải quyết", _duties(projects, on)]
    return Paper(
        wording=wording(), office=office, number="…/BC-SCT", day=on, title="BÁO CÁO", subject="Tiến độ các dự án, công trình trọng điểm",
        blocks=blocks, addressee="……………………", signatures=(("GIÁM ĐỐC", ""),),
        recipients=("Như trên", "Các phòng liên quan", "Lưu: VT"),
    )  # fmt: skip


def _duties(projects: Sequence[ProjectRecord], on: date) -> Block:
    rows = [
        [who, duty.project.name, duty.what, _day(duty.due_on) or "–", words.overdue(duty, DEFAULT_LANGUAGE)]
        for who, found in by_person(duties(projects, on))
        for duty in found
    ]
    if not rows:
        return _NONE
    header = ("Đơn vị", "Dự án", "Việc", "Hạn", "Tình trạng")
    return Grid(header=header, rows=rows, widths=(3.6, 4.2, 4.2, 2.2, 2.3))


def _milestones(project: ProjectRecord) -> Block:
    rows = [
        [one.name, _day(one.planned_on) or "–", _day(one.done_on or one.forecast_on) or "–",
         "đã xong" if one.done_on else "dự báo" if one.forecast_on else "chưa xong", one.responsible or "–"]
        for one in project.milestones
    ]  # fmt: skip
    if not rows:
        return _NONE
    header = ("Mốc", "Kế hoạch", "Thực tế, dự báo", "", "Đơn vị chịu trách nhiệm")
    return Grid(header=header, rows=rows, widths=(5, 2.3, 2.9, 2, 4.3))


def _obstacles(project: ProjectRecord, on: date) -> Block:
    rows = [
        [duty.what, duty.who, _day(duty.due_on) or "–", words.overdue(duty, DEFAULT_LANGUAGE)]
        for duty in duties([project], on)
        if duty.is_obstacle
    ]
    if not rows:
        return _NONE
    return Grid(
        header=("Vướng mắc", "Đơn vị phải giải quyết", "Hạn", "Tình trạng"), rows=rows, widths=(6.5, 5, 2.3, 2.7)
    )


def _pictures(figure: Figure | None) -> list[Block]:
    return [Picture(content=write_png(figure), caption="", width=_WIDE_CM)] if figure else []


def _progress(line: words.Line) -> str:
    return f"{line.progress} ({line.reported_by}, {_day(line.reported_on)})" if line.progress else "chưa báo cáo"


def _label(value: LabelledEnum | None) -> str:
    return words.label(value, DEFAULT_LANGUAGE)


def _money(vnd: int | None) -> str:
    return words.money(vnd, DEFAULT_LANGUAGE)


def _day(day: date | None) -> str:
    return format_value(day, DEFAULT_LANGUAGE)
