"""Administrative papers (Decree 30/2020/NĐ-CP form: authority, motto, number, place and date, signatures) as DOCX and PDF.

A paper is built once as blocks and written in both formats. Texts of papers are Vietnamese: they go to authorities.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from xml.sax.saxutils import escape

import fontpkg_crimson_text
from docx import Document
from docx.document import Document as DocxDocument
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.table import _Cell
from docx.text.paragraph import Paragraph as DocxParagraph
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    Flowable,
    HRFlowable,
    Image,
    KeepTogether,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

MOTTO = ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc")
SIGN_HERE = "(Ký, ghi rõ họ tên)"
#: Who sends papers, and where.
AUTHORITY, PLACE = "ỦY BAN NHÂN DÂN THÀNH PHỐ HẢI PHÒNG", "Hải Phòng"
_RULE = "_" * 20
_HEAD_CM = (7.3, 9.2)
_FOOT_CM = (8.2, 8.3)
_LAST_MONTH_WITH_NOUGHT = 2
_ROWS_WITH_SIGNATURES = 2
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
    """An administrative paper. Blocks that begin with “# ” are headings.

    With `recipients` (nơi nhận) the left of the foot is theirs, and there is one signature.
    """

    office: str
    number: str
    day: date
    title: str
    subject: str
    blocks: list[Block] = field(default_factory=list)
    signatures: Sequence[tuple[str, str]] = ()
    signature_picture: bytes | None = None
    addressee: str = ""
    recipients: Sequence[str] = ()
    attached_to: str = ""
    authority: str = AUTHORITY
    place: str = PLACE


def write_docx(paper: Paper) -> bytes:
    """Return the paper as DOCX, Times New Roman 13; pages are numbered from the second on."""
    document = Document()
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Times New Roman", Pt(13)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), "Times New Roman")
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin, section.right_margin = Cm(3), Cm(1.5)
    section.top_margin = section.bottom_margin = Cm(2)
    section.different_first_page_header_footer = True
    _number_pages(section.header.paragraphs[0])
    head = _columns(document, _HEAD_CM)
    names = [_Line(line, size=12) for line in _in_two(paper.authority)]
    names += [_Line(line, size=12, bold=True) for line in _in_two(paper.office)]
    _lines(head[0], [*names, _Line(_RULE, size=6)])
    _lines(head[0], [_Line(f"Số: {paper.number}")], more=True)
    _lines(head[1], [_Line(MOTTO[0], size=12, bold=True), _Line(MOTTO[1], bold=True, underline=True)])
    _lines(head[1], [_Line("", size=6), _Line(_place_and_day(paper), italic=True)], more=True)
    _centred(document, _Line(""))
    _centred(document, _Line(paper.title, size=14, bold=True))
    _centred(document, _Line(paper.subject, size=14, bold=True))
    if paper.attached_to:
        _centred(document, _Line(paper.attached_to, italic=True))
    if paper.addressee:
        _centred(document, _Line(f"Kính gửi: {paper.addressee}"))
    for block in paper.blocks:
        _docx_block(document, block)
    foot = _columns(document, _FOOT_CM)
    if paper.recipients:
        lines = [_Line("Nơi nhận:", size=12, bold=True, italic=True)]
        lines += [_Line(line, size=11) for line in _recipients(paper)]
        _lines(foot[0], lines, centred=False)
    for cell, (role, name) in zip(foot[-len(paper.signatures) :], paper.signatures, strict=True):
        _lines(cell, [_Line(role, bold=True), _Line(SIGN_HERE, italic=True)])
        _lines(cell, [_Line("")] * 3 + [_Line(name, bold=True)], more=True)
    if paper.signature_picture:
        foot[0].paragraphs[3].add_run().add_picture(io.BytesIO(paper.signature_picture), width=Cm(5))
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def write_pdf(paper: Paper) -> bytes:
    """Return the paper as PDF in a serif with all Vietnamese letters; pages are numbered from the second on."""
    _register_fonts()
    target = io.BytesIO()
    document = SimpleDocTemplate(
        target, pagesize=A4, leftMargin=3 * cm, rightMargin=1.5 * cm, topMargin=2 * cm, bottomMargin=2 * cm,
        title=f"{paper.title}: {paper.subject}", author=paper.office, lang="vi-VN",
    )  # fmt: skip
    body = ParagraphStyle(
        "body", fontName=_FONT, fontSize=13, leading=17, spaceAfter=5, firstLineIndent=1 * cm, alignment=TA_JUSTIFY
    )
    middle = ParagraphStyle("middle", parent=body, firstLineIndent=0, alignment=TA_CENTER, spaceAfter=2)
    title = ParagraphStyle("title", parent=middle, fontSize=14, leading=19)
    office = ParagraphStyle("office", parent=middle, fontSize=12, leading=15, spaceAfter=0)
    small = ParagraphStyle("small", parent=body, fontSize=11, leading=14, spaceAfter=0, firstLineIndent=0, alignment=0)
    top = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ]
    line = HRFlowable(width="30%", thickness=0.6, color="black", spaceBefore=2, spaceAfter=4)
    long_line = HRFlowable(width="58%", thickness=0.6, color="black", spaceBefore=1, spaceAfter=4)
    head = Table(
        [
            [
                [
                    *(_text(name, office) for name in _in_two(paper.authority)),
                    *(_text(name, office, bold=True) for name in _in_two(paper.office)), line,
                    _text(f"Số: {paper.number}", middle),
                ],
                [
                    _text(MOTTO[0], office, bold=True), _text(MOTTO[1], middle, bold=True), long_line,
                    _text(_place_and_day(paper), middle, italic=True),
                ],
            ]
        ],
        colWidths=[width * cm for width in _HEAD_CM],
        style=TableStyle([*top, ("ALIGN", (0, 0), (-1, -1), "CENTER")]),
    )  # fmt: skip
    story: list[Flowable] = [
        head, Spacer(1, 14), _text(paper.title, title, bold=True), _text(paper.subject, title, bold=True),
    ]  # fmt: skip
    if paper.attached_to:
        story.append(_text(paper.attached_to, middle, italic=True))
    if paper.addressee:
        story += [Spacer(1, 6), _text(f"Kính gửi: {paper.addressee}", middle)]
    story.append(Spacer(1, 8))
    *blocks, end = paper.blocks
    if isinstance(end, Grid) and len(end.rows) > _ROWS_WITH_SIGNATURES:  # no signatures on a page of their own
        rows = end.rows
        blocks.append(replace(end, rows=rows[:-_ROWS_WITH_SIGNATURES]))
        end = replace(end, rows=rows[-_ROWS_WITH_SIGNATURES:], header=())
    for block in blocks:
        story += _pdf_block(block, body, small)
    if isinstance(end, Grid) and not end.header:
        story.pop()
    last = _pdf_block(end, body, small)
    story.append(KeepTogether([*last, Spacer(1, 10), _pdf_foot(paper, middle, small, TableStyle(top))]))
    document.build(story, onLaterPages=_number_page)
    return target.getvalue()


def _pdf_foot(paper: Paper, middle: ParagraphStyle, small: ParagraphStyle, style: TableStyle) -> Table:
    columns: list[list[Flowable]] = [
        [
            _text(role, middle, bold=True),
            _text(SIGN_HERE, middle, italic=True),
            Spacer(1, 56),
            _text(name, middle, bold=True),
        ]
        for role, name in paper.signatures
    ]
    if paper.signature_picture:
        columns[0][2] = Image(io.BytesIO(paper.signature_picture), width=5 * cm, height=2 * cm, kind="proportional")
    if paper.recipients:
        names = [_text(line, small) for line in _recipients(paper)]
        columns.insert(0, [_text("Nơi nhận:", small, bold=True, italic=True), *names])
    return Table([columns], colWidths=[width * cm for width in _FOOT_CM], style=style)


def _number_page(canvas: Canvas, document: SimpleDocTemplate) -> None:
    canvas.setFont(_FONT, 13)
    canvas.drawCentredString(A4[0] / 2, A4[1] - 1.3 * cm, str(document.page))


def _in_two(name: str) -> list[str]:
    """Return an authority's name in the two lines in which letterheads have it: what it is, and of where."""
    for place in (" THÀNH PHỐ ", " TỈNH "):
        what, found, where = name.partition(place)
        if found:
            return [what, f"{place.strip()} {where}"]
    return [name]


def _recipients(paper: Paper) -> list[str]:
    ends = [";"] * (len(paper.recipients) - 1) + ["."]
    return [f"- {name}{end}" for name, end in zip(paper.recipients, ends, strict=True)]


def long_day(day: date) -> str:
    """Return a day as Decree 30/2020/NĐ-CP writes it: a nought before days below 10 and before January and February."""
    month = f"{day.month:02d}" if day.month <= _LAST_MONTH_WITH_NOUGHT else str(day.month)
    return f"ngày {day.day:02d} tháng {month} năm {day.year}"


def _place_and_day(paper: Paper) -> str:
    return f"{paper.place}, {long_day(paper.day)}"


@dataclass(frozen=True)
class _Line:
    text: str
    size: float = 13
    bold: bool = False
    italic: bool = False
    underline: bool = False


def _columns(document: DocxDocument, widths: Sequence[float]) -> list[_Cell]:
    """Return the cells of a table without lines that stays on one page."""
    table = document.add_table(rows=1, cols=len(widths))
    table.autofit = False
    cells = list(table.rows[0].cells)
    for cell, width in zip(cells, widths, strict=True):
        cell.width = Cm(width)
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    return cells


def _lines(cell: _Cell, lines: Sequence[_Line], *, centred: bool = True, more: bool = False) -> None:
    for number, line in enumerate(lines):
        paragraph = cell.paragraphs[0] if number == 0 and not more else cell.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER if centred else WD_ALIGN_PARAGRAPH.LEFT
        paragraph.paragraph_format.space_after = Pt(0)
        _run(paragraph, line)


def _centred(document: DocxDocument, line: _Line) -> None:
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.space_after = Pt(4)
    _run(paragraph, line)


def _run(paragraph: DocxParagraph, line: _Line) -> None:
    run = paragraph.add_run(line.text)
    run.bold, run.italic, run.underline, run.font.size = line.bold, line.italic, line.underline, Pt(line.size)


def _number_pages(paragraph: DocxParagraph) -> None:
    """Write the field that Word fills with the page's number."""
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        run = paragraph.add_run()._r
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark = OxmlElement("w:instrText")
            mark.text = text
        run.append(mark)


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
        paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        paragraph.paragraph_format.space_after = Pt(6)
        paragraph.paragraph_format.first_line_indent = Cm(1)
        paragraph.paragraph_format.keep_with_next = block.startswith("# ")
        paragraph.add_run(block.removeprefix("# ")).bold = block.startswith("# ")


def _pdf_block(block: Block, body: ParagraphStyle, small: ParagraphStyle) -> list[Flowable]:
    if isinstance(block, Grid):
        rows = [[_text(text, small, bold=True) for text in block.header]] if block.header else []
        rows += [[_text(text, small) for text in row] for row in block.rows]
        grid = Table(rows, colWidths=[width * cm for width in block.widths], repeatRows=1 if block.header else 0)
        grid.setStyle(TableStyle([("GRID", (0, 0), (-1, -1), 0.5, "black"), ("VALIGN", (0, 0), (-1, -1), "TOP")]))
        return [grid, Spacer(1, 8)]
    if isinstance(block, Picture):
        picture = Image(io.BytesIO(block.content), width=block.width * cm, height=block.width * cm, kind="proportional")
        return [picture, _text(block.caption, small), Spacer(1, 8)]
    return [_text(line, body, bold=block.startswith("# ")) for line in block.removeprefix("# ").splitlines() or [""]]


def _text(text: str, style: ParagraphStyle, *, bold: bool = False, italic: bool = False) -> Paragraph:
    """Return a paragraph of plain text: reportlab reads markup, and what people wrote is none."""
    escaped = escape(text)
    escaped = f"<i>{escaped}</i>" if italic else escaped
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
