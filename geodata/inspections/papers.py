"""Administrative papers (Decree 30/2020/NĐ-CP form: authority, motto, number, place and date, signatures) as DOCX and PDF.

A paper is built once as blocks and written in both formats. Texts of papers are Vietnamese: they go to authorities.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from xml.sax.saxutils import escape

import fontpkg_crimson_text
from docx import Document
from docx.document import Document as DocxDocument
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.table import _Cell
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Image, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from geodata.inspection_records import PaperPicture, VisitPaper
from geodata.inspections.campaigns import Progress, TargetRow
from geodata.inspections.checklists import checklist
from geodata.inspections.papers_content import findings_in
from geodata.layers.fuel_sites import FuelSite

MOTTO = ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc")
ANSWERS = {"ok": "Đạt", "not_ok": "Không đạt", "na": "Không áp dụng"}
SEVERITIES = {"violation": "Vi phạm hành chính", "major": "Tồn tại lớn", "minor": "Tồn tại"}
VISIT_KINDS = {"planned": "theo kế hoạch", "unplanned": "đột xuất", "recheck": "phúc tra"}
_FONT = "CrimsonText"
_FILES = {"": "Regular", "-Bold": "Bold", "-Italic": "Italic", "-BoldItalic": "BoldItalic"}


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A table: header, rows of text, widths in cm."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture with its caption, `width` in cm."""

    content: bytes
    caption: str
    width: float = 7


Block = str | Grid | Picture


@dataclass(frozen=True, kw_only=True)
class Paper:
    """An administrative paper. Blocks that begin with “# ” are headings."""

    authority: str
    office: str
    number: str
    place: str
    day: date
    title: str
    subject: str
    blocks: list[Block] = field(default_factory=list)
    signatures: Sequence[tuple[str, str]] = ()
    signature_picture: bytes | None = None


def visit_minutes(
    paper: VisitPaper, site: FuelSite, pictures: Sequence[PaperPicture], *, office: str, labels: Mapping[str, str]
) -> Paper:
    """Return the minutes (biên bản) of a visit. `labels`: the checklist's texts in Vietnamese by item."""
    content = {name: str(value) for name, value in paper.content.items()}
    visited_on = _day(content.get("visited_on"), paper.planned_on)
    blocks: list[Block] = [
        f"Hôm nay, ngày {visited_on:%d/%m/%Y}, tại {site.name}, {site.address or '…'}, "
        f"đoàn kiểm tra tiến hành kiểm tra {VISIT_KINDS[paper.kind]}"
        + (f" theo {content['decision_no']}." if content.get("decision_no") else "."),
        "# I. Thành phần",
        f"1. Đoàn kiểm tra: {content.get('leader') or paper.inspector}.",
        f"2. Đại diện cơ sở và người có mặt: {content.get('people') or '…'}.",
        "# II. Thông tin cơ sở",
        f"Mã: {site.code}. Thương nhân: {site.trader or '…'}. Mã số thuế: {site.tax_code or '…'}. "
        f"Giấy chứng nhận: {site.certificate_no or 'chưa có số'}"
        + (f", hết hạn {site.certificate_expires_on:%d/%m/%Y}." if site.certificate_expires_on else "."),
    ]
    if content.get("lat"):
        blocks.append(
            f"Vị trí ghi nhận khi kiểm tra: {content['lat']}, {content.get('lon')} (WGS 84), "
            f"sai số ± {content.get('accuracy_m', '?')} m."
        )
    rows = [
        [str(number), labels[item.key], ANSWERS[content[f"answer.{item.key}"]], content.get(f"remark.{item.key}", "")]
        for number, item in enumerate(checklist(site.kind), start=1)
        if content.get(f"answer.{item.key}") in ANSWERS
    ]
    blocks += [
        "# III. Nội dung kiểm tra",
        Grid(header=("TT", "Nội dung", "Kết quả", "Ghi chú"), rows=rows, widths=(1, 8.5, 2.7, 4.3)),
    ]
    found = findings_in(content)
    blocks.append("# IV. Tồn tại, vi phạm và thời hạn khắc phục")
    if found:
        lines = [
            [
                str(number), SEVERITIES.get(finding.severity, ""), finding.description or labels.get(finding.item, ""),
                finding.reference, _written(finding.due),
            ]
            for number, finding in enumerate(found, start=1)
        ]  # fmt: skip
        blocks.append(
            Grid(
                header=("TT", "Mức độ", "Nội dung", "Điều khoản", "Hạn khắc phục"),
                rows=lines,
                widths=(1, 2.7, 6, 4.2, 2.6),
            )
        )
    else:
        blocks.append("Không phát hiện tồn tại.")
    blocks += ["# V. Ý kiến, kiến nghị", content.get("note") or "Không."]
    blocks.append(
        "Biên bản đã được đọc lại cho những người có mặt cùng nghe, công nhận đúng và ký tên; lập thành hai bản, "
        "mỗi bên giữ một bản."
    )
    photos = [
        Picture(
            content=picture.content,
            caption=f"Ảnh {number}" + (f", chụp {picture.taken_at:%H:%M %d/%m/%Y}" if picture.taken_at else ""),
        )
        for number, picture in enumerate((p for p in pictures if p.purpose == "photo"), start=1)
    ]
    if photos:
        blocks += ["# Phụ lục: Ảnh", *photos]
    signed = next((picture.content for picture in pictures if picture.purpose == "signature"), None)
    return Paper(
        authority="ỦY BAN NHÂN DÂN THÀNH PHỐ HẢI PHÒNG", office=office, number=f"{paper.id}/BB-KT", place="Hải Phòng",
        day=visited_on, title="BIÊN BẢN KIỂM TRA", subject=f"Việc chấp hành quy định của pháp luật tại {site.name}",
        blocks=blocks, signature_picture=signed,
        signatures=(("ĐẠI DIỆN CƠ SỞ", ""), ("TRƯỞNG ĐOÀN KIỂM TRA", content.get("leader") or paper.inspector)),
    )  # fmt: skip


def target_list(progress: Progress, targets: Sequence[TargetRow], *, office: str, on: date) -> Paper:
    """Return a campaign's list of targets."""
    campaign = progress.campaign
    rows = [
        [str(number), row.site.name, row.site.address or "", row.site.trader or "", _outcome(row)]
        for number, row in enumerate(targets, start=1)
    ]
    return Paper(
        authority="ỦY BAN NHÂN DÂN THÀNH PHỐ HẢI PHÒNG", office=office, number=campaign.number, place="Hải Phòng", day=on,
        title="DANH SÁCH CƠ SỞ KIỂM TRA", subject=f"{campaign.title} ({campaign.number})",
        blocks=[
            _basis(progress),
            Grid(header=("TT", "Cơ sở", "Địa chỉ", "Thương nhân", "Tình hình"), rows=rows, widths=(1, 4, 5, 3.5, 3)),
        ],
        signatures=(("NGƯỜI LẬP", ""), ("LÃNH ĐẠO PHÒNG", "")),
    )  # fmt: skip


def campaign_summary(progress: Progress, targets: Sequence[TargetRow], *, office: str, on: date) -> Paper:
    """Return the summary of a campaign: figures, what is left and why, what is overdue."""
    campaign = progress.campaign
    left = [row for row in targets if row.visited_on is None and row.target.state == "selected"]
    found = [row for row in targets if row.findings]
    fines = f"{progress.fines_vnd:,}".replace(",", ".")
    blocks: list[Block] = [
        _basis(progress),
        "# 1. Kết quả",
        (
            f"Số cơ sở theo kế hoạch: {progress.planned}; đã kiểm tra: {progress.done} ({progress.percent} %); "
            f"được miễn: {progress.waived}; quá hạn chưa kiểm tra: {progress.overdue}."
        ),
        (
            f"Vi phạm: {progress.violations}; tiền phạt: {fines} đồng; tồn tại chưa khắc phục: {progress.open_remedies}, "
            f"trong đó quá hạn: {progress.overdue_remedies}."
        ),
        "# 2. Cơ sở có tồn tại, vi phạm",
    ]
    blocks.append(
        Grid(
            header=("TT", "Cơ sở", "Ngày kiểm tra", "Số tồn tại", "Chưa khắc phục"),
            rows=[
                [str(number), row.site.name, _written(row.visited_on), str(row.findings), str(row.open_findings)]
                for number, row in enumerate(found, start=1)
            ],
            widths=(1, 7.5, 3, 2.5, 2.5),
        )
        if found
        else "Không có."
    )
    blocks.append("# 3. Cơ sở chưa kiểm tra")
    blocks.append("; ".join(row.site.name for row in left) + "." if left else "Không có.")
    return Paper(
        authority="ỦY BAN NHÂN DÂN THÀNH PHỐ HẢI PHÒNG", office=office, number="…/BC-SCT", place="Hải Phòng", day=on,
        title="BÁO CÁO", subject=f"Kết quả thực hiện {campaign.number}: {campaign.title}", blocks=blocks,
        signatures=(("Nơi nhận:", "- Như kính gửi; - Lưu: VT."), ("GIÁM ĐỐC", "")),
    )  # fmt: skip


def write_docx(paper: Paper) -> bytes:
    """Return the paper as DOCX, Times New Roman 13."""
    document = Document()
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Times New Roman", Pt(13)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), "Times New Roman")
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin, section.right_margin = Cm(3), Cm(1.5)
    section.top_margin = section.bottom_margin = Cm(2)
    head = document.add_table(rows=1, cols=2)
    _lines(head.cell(0, 0), [(paper.authority, False), (paper.office, True), (f"Số: {paper.number}", False)])
    _lines(head.cell(0, 1), [(MOTTO[0], True), (MOTTO[1], True), (_place_and_day(paper), False)])
    _centred(document, "", bold=False)
    _centred(document, paper.title, bold=True)
    _centred(document, paper.subject, bold=True)
    for block in paper.blocks:
        _docx_block(document, block)
    foot = document.add_table(rows=1, cols=2)
    for cell, (role, name) in zip(foot.rows[0].cells, paper.signatures, strict=True):
        _lines(cell, [(role, True), ("", False), ("", False), (name, True)])
    if paper.signature_picture:
        foot.cell(0, 0).paragraphs[1].add_run().add_picture(io.BytesIO(paper.signature_picture), width=Cm(5))
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def write_pdf(paper: Paper) -> bytes:
    """Return the paper as PDF in a serif with all Vietnamese letters."""
    _register_fonts()
    target = io.BytesIO()
    document = SimpleDocTemplate(
        target, pagesize=A4, leftMargin=3 * cm, rightMargin=1.5 * cm, topMargin=2 * cm, bottomMargin=2 * cm,
        title=f"{paper.title}: {paper.subject}", author=paper.office, lang="vi-VN",
    )  # fmt: skip
    body = ParagraphStyle("body", fontName=_FONT, fontSize=13, leading=17, spaceAfter=5, alignment=TA_JUSTIFY)
    left = ParagraphStyle("left", parent=body, alignment=0)
    middle = ParagraphStyle("middle", parent=body, alignment=TA_CENTER)
    small = ParagraphStyle("small", parent=left, fontSize=11, leading=14, spaceAfter=0)
    head = Table(
        [[
            [_text(paper.authority, middle), _text(paper.office, middle, bold=True), _text(f"Số: {paper.number}", middle)],
            [_text(MOTTO[0], middle, bold=True), _text(MOTTO[1], middle, bold=True), _text(_place_and_day(paper), middle)],
        ]],
        colWidths=(7.5 * cm, 9 * cm),
    )  # fmt: skip
    story: list[object] = [
        head, Spacer(1, 14), _text(paper.title, middle, bold=True), _text(paper.subject, middle, bold=True), Spacer(1, 8),
    ]  # fmt: skip
    for block in paper.blocks:
        story += _pdf_block(block, body, small)
    columns = [
        [_text(role, middle, bold=True), Spacer(1, 50), _text(name, middle, bold=True)]
        for role, name in paper.signatures
    ]
    if paper.signature_picture:
        columns[0][1] = Image(io.BytesIO(paper.signature_picture), width=5 * cm, height=1.75 * cm, kind="proportional")
    story += [Spacer(1, 10), Table([columns], colWidths=(8.2 * cm, 8.3 * cm))]
    document.build(story)
    return target.getvalue()


def _basis(progress: Progress) -> str:
    campaign = progress.campaign
    parts = [f"Thực hiện {campaign.number}"]
    if campaign.decided_on:
        parts.append(f"ngày {campaign.decided_on:%d/%m/%Y}")
    if campaign.authority:
        parts.append(f"của {campaign.authority}")
    basis = f"; căn cứ {campaign.legal_basis}" if campaign.legal_basis else ""
    return f"{' '.join(parts)}{basis}."


def _outcome(row: TargetRow) -> str:
    if row.visited_on:
        return f"Đã kiểm tra {row.visited_on:%d/%m/%Y}" + (f", {row.findings} tồn tại" if row.findings else "")
    return f"Miễn: {row.target.waive_reason}" if row.target.waive_reason else "Chưa kiểm tra"


def _day(text: str | None, default: date) -> date:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return default


def _written(day: str | date | None) -> str:
    if isinstance(day, str):
        try:
            day = date.fromisoformat(day)
        except ValueError:
            return ""
    return f"{day:%d/%m/%Y}" if day else ""


def _place_and_day(paper: Paper) -> str:
    return f"{paper.place}, ngày {paper.day.day:02d} tháng {paper.day.month:02d} năm {paper.day.year}"


def _lines(cell: _Cell, lines: Sequence[tuple[str, bool]]) -> None:
    for number, (text, bold) in enumerate(lines):
        paragraph = cell.paragraphs[0] if number == 0 else cell.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.space_after = Pt(0)
        paragraph.add_run(text).bold = bold


def _centred(document: DocxDocument, text: str, *, bold: bool) -> None:
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.add_run(text).bold = bold


def _docx_block(document: DocxDocument, block: Block) -> None:
    if isinstance(block, Grid):
        table = document.add_table(rows=1, cols=len(block.header), style="Table Grid")
        for cell, text in zip(table.rows[0].cells, block.header, strict=True):
            cell.paragraphs[0].add_run(text).bold = True
        for row in block.rows:
            for cell, text in zip(table.add_row().cells, row, strict=True):
                cell.paragraphs[0].add_run(text)
        for row_ in table.rows:
            for cell, width in zip(row_.cells, block.widths, strict=True):
                cell.width = Cm(width)
    elif isinstance(block, Picture):
        document.add_picture(io.BytesIO(block.content), width=Cm(block.width))
        document.add_paragraph(block.caption)
    else:
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.space_after = Pt(6)
        paragraph.add_run(block.removeprefix("# ")).bold = block.startswith("# ")


def _pdf_block(block: Block, body: ParagraphStyle, small: ParagraphStyle) -> list[object]:
    if isinstance(block, Grid):
        rows = [[_text(text, small, bold=True) for text in block.header]]
        rows += [[_text(text, small) for text in row] for row in block.rows]
        grid = Table(rows, colWidths=[width * cm for width in block.widths], repeatRows=1)
        grid.setStyle(TableStyle([("GRID", (0, 0), (-1, -1), 0.5, "black"), ("VALIGN", (0, 0), (-1, -1), "TOP")]))
        return [grid, Spacer(1, 8)]
    if isinstance(block, Picture):
        picture = Image(io.BytesIO(block.content), width=block.width * cm, height=block.width * cm, kind="proportional")
        return [picture, _text(block.caption, small), Spacer(1, 8)]
    return [_text(line, body, bold=block.startswith("# ")) for line in block.removeprefix("# ").splitlines() or [""]]


def _text(text: str, style: ParagraphStyle, *, bold: bool = False) -> Paragraph:
    """Return a paragraph of plain text: reportlab reads markup, and what people wrote is none."""
    escaped = escape(text)
    return Paragraph(f"<b>{escaped}</b>" if bold else escaped, style)


def _register_fonts() -> None:
    if _FONT in pdfmetrics.getRegisteredFontNames():
        return
    folder = Path(fontpkg_crimson_text.__file__).parent / "files"
    for suffix, name in _FILES.items():
        pdfmetrics.registerFont(TTFont(_FONT + suffix, folder / f"CrimsonText-{name}.ttf"))
    pdfmetrics.registerFontFamily(
        _FONT, normal=_FONT, bold=f"{_FONT}-Bold", italic=f"{_FONT}-Italic", boldItalic=f"{_FONT}-BoldItalic"
    )
