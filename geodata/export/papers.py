"""Administrative papers (Decree 30/2020/NĐ-CP form: authority, motto, number, place and date, signatures) as DOCX and PDF.

A paper is built once as blocks and written in both formats, in the language of its wording.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from xml.sax.saxutils import escape

from docx import Document
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY, TA_LEFT, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    CondPageBreak,
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

from geodata.base.crs import current_province
from geodata.base.i18n import N_
from geodata.export.blocks import Block, Grid, Middle, Picture
from geodata.export.docx_parts import (
    ROWS_WITH_SIGNATURES,
    Line,
    add_block,
    add_end,
    add_rule,
    columns,
    end_with_paragraph,
    number_pages,
    write_centred,
    write_lines,
)
from geodata.export.fonts import STYLES, font_file
from geodata.export.wording import Wording

MOTTO = (N_("SOCIALIST REPUBLIC OF VIET NAM"), N_("Independence - Freedom - Happiness"))
SIGN_HERE = N_("(Signature, full name)")
#: Stands where a translation would else have a signature: what was signed are the Vietnamese words.
SIGNED_ELSEWHERE = N_("(signature: see the Vietnamese original)")
REFERENCE = N_("Translation for reference; the Vietnamese paper is in force. Entries are quoted as they were written.")
_HEAD_CM = (7.3, 9.2)
_FOOT_CM = (8.2, 8.3)
#: Lines below the office, the motto and the subject.
_RULES_CM = (2.4, 5.6, 3.6)
#: What reportlab leaves free within a page's margins, in points.
_FRAME = 6
#: A longer paragraph may be broken over two pages.
_LONGEST_CLOSING = 600
_FONT = "Serif"


@dataclass(frozen=True, kw_only=True)
class Paper:
    """An administrative paper. Blocks that begin with “# ” are headings.

    With `recipients` (nơi nhận) the left of the foot is theirs, and there is one signature.
    """

    wording: Wording
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

    @property
    def committee(self) -> str:
        """Under whom the office stands, in the letters of a letterhead."""
        province = current_province()
        return (province.committee if self.wording.is_in_force else province.committee_en).upper()

    @property
    def place(self) -> str:
        """Where the paper is written."""
        province = current_province()
        return province.name if self.wording.is_in_force else province.name_en


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
    number_pages(section.header.paragraphs[0], after=_page_note(paper))
    head = columns(document, _HEAD_CM)
    say = paper.wording.say
    names = [Line(line, size=12) for line in in_lines(paper.committee)]
    write_lines(head[0], [*names, *(Line(line, size=12, bold=True) for line in in_lines(paper.office))])
    write_lines(head[1], [Line(say(MOTTO[0]), size=12, bold=True), Line(say(MOTTO[1]), bold=True)])
    for cell, rule, width in zip(head, _RULES_CM, _HEAD_CM, strict=False):
        add_rule(cell, rule, width)
    below = columns(document, _HEAD_CM)  # Word takes tables without a paragraph between them as one
    write_lines(below[0], [Line(_number(paper))])
    write_lines(below[1], [Line(_place_and_day(paper), italic=True)])
    write_centred(document, Line("", size=8))
    if not paper.wording.is_in_force:
        write_centred(document, Line(say(REFERENCE), size=11, italic=True))
    write_centred(document, Line(paper.title, size=14, bold=True))
    write_centred(document, Line(paper.subject, size=14, bold=True))
    if not paper.attached_to:
        add_rule(document, _RULES_CM[2], sum(_HEAD_CM))
    if paper.attached_to:
        write_centred(document, Line(paper.attached_to, italic=True))
    if paper.addressee:
        write_centred(document, Line(_addressee(paper)))
    *blocks, end = paper.blocks
    for block in blocks:
        add_block(document, block)
    foot = add_end(document, end, _FOOT_CM, lines=_closing_lines(paper.blocks))
    if paper.recipients:
        lines = [Line(say(N_("Recipients:")), size=12, bold=True, italic=True)]
        lines += [Line(line, size=11) for line in _recipients(paper)]
        write_lines(foot[0], lines, centred=False)
    for cell, (role, name) in zip(foot[-len(paper.signatures) :], paper.signatures, strict=True):
        write_lines(cell, [Line(role, bold=True), Line(_sign_here(paper), italic=True)])
        write_lines(cell, [Line("")] * 3 + [Line(name, bold=True)] * bool(name), more=True)
    if paper.signature_picture:
        foot[0].paragraphs[3].add_run().add_picture(io.BytesIO(paper.signature_picture), width=Cm(5))
    end_with_paragraph(document)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def write_pdf(paper: Paper) -> bytes:
    """Return the paper as PDF in a serif with all Vietnamese letters; pages are numbered from the second on."""
    _register_fonts()
    target = io.BytesIO()
    document = SimpleDocTemplate(
        target, pagesize=A4, leftMargin=3 * cm - _FRAME, rightMargin=1.5 * cm - _FRAME, topMargin=2 * cm - _FRAME,
        bottomMargin=2 * cm - _FRAME,
        title=f"{paper.title}: {paper.subject}", author=paper.office,
        lang="vi-VN" if paper.wording.is_in_force else paper.wording.language,
    )  # fmt: skip
    story = _pdf_opening(paper)
    lines = _closing_lines(paper.blocks)
    blocks, closing, end = paper.blocks[:-lines], paper.blocks[-lines:-1], paper.blocks[-1]
    if isinstance(end, Grid) and len(end.rows) > ROWS_WITH_SIGNATURES:  # no signatures on a page of their own
        rows = end.rows
        blocks.append(replace(end, rows=rows[:-ROWS_WITH_SIGNATURES]))
        end = replace(end, rows=rows[-ROWS_WITH_SIGNATURES:], header=())
    for block, following in zip(blocks, [*blocks[1:], *closing, end], strict=False):
        if isinstance(block, str) and block.startswith("# "):  # a heading stays with what it is about
            story.append(CondPageBreak(_needed(following)))
        story += _pdf_block(block)
    if isinstance(end, Grid) and not end.header:
        story.pop()
    last = [flowable for block in (*closing, end) for flowable in _pdf_block(block)]
    if not isinstance(last[-1], Spacer):
        last.append(Spacer(1, 10))
    story.append(KeepTogether([*last, _pdf_foot(paper)]))
    note = _page_note(paper)
    document.build(story, onLaterPages=lambda canvas, page: _number_page(canvas, page, note))
    return target.getvalue()


def _needed(following: Block) -> float:
    """Return how high a heading and the beginning of what it is about are, in points: the first row of a table is whole."""
    if isinstance(following, Picture):
        wide, high = ImageReader(io.BytesIO(following.content)).getSize()
        return float((following.width * min(1, high / wide) + 2) * cm)
    if isinstance(following, Grid):
        beginning = _pdf_block(replace(following, rows=following.rows[:1]))[0]
        return float(_BODY.leading + _BODY.spaceAfter + beginning.wrap(A4[0], A4[1])[1])
    return float(2.8 * cm)


_BODY = ParagraphStyle(
    "body", fontName=_FONT, fontSize=13, leading=17, spaceAfter=6.2, firstLineIndent=1 * cm, alignment=TA_JUSTIFY
)
_MIDDLE = ParagraphStyle("middle", parent=_BODY, firstLineIndent=0, alignment=TA_CENTER, spaceAfter=2)
_TITLE = ParagraphStyle("title", parent=_MIDDLE, fontSize=14, leading=19)
_OFFICE = ParagraphStyle("office", parent=_MIDDLE, fontSize=12, leading=15, spaceAfter=0)
_SMALL = ParagraphStyle(
    "small", parent=_BODY, fontSize=11, leading=12.65, spaceAfter=0, firstLineIndent=0, alignment=TA_LEFT
)
_RIGHT = ParagraphStyle("right", parent=_SMALL, alignment=TA_RIGHT)
_CAPTION = ParagraphStyle("caption", parent=_SMALL, alignment=TA_CENTER)
_COLUMNS = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"), ("ALIGN", (0, 0), (-1, -1), "CENTER"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ]
)  # fmt: skip


def _pdf_opening(paper: Paper) -> list[Flowable]:
    """Return what stands above a paper's first words."""
    say = paper.wording.say
    names = [_text(name, _OFFICE) for name in in_lines(paper.committee)]
    names += [_text(name, _OFFICE, bold=True) for name in in_lines(paper.office)]
    motto = [_text(say(MOTTO[0]), _OFFICE, bold=True), _text(say(MOTTO[1]), _MIDDLE, bold=True), _rule(_RULES_CM[1])]
    below = [_text(_number(paper), _MIDDLE), _text(_place_and_day(paper), _MIDDLE, italic=True)]
    widths = [width * cm for width in _HEAD_CM]
    head = Table([[[*names, _rule(_RULES_CM[0])], motto], below], colWidths=widths, style=_COLUMNS)
    story: list[Flowable] = [head, Spacer(1, 14)]
    if not paper.wording.is_in_force:
        story += [_text(say(REFERENCE), _CAPTION, italic=True), Spacer(1, 4)]
    story += [_text(paper.title, _TITLE, bold=True), _text(paper.subject, _TITLE, bold=True)]
    if paper.attached_to:
        story.append(_text(paper.attached_to, _MIDDLE, italic=True))
    else:
        story += [_rule(_RULES_CM[2]), Spacer(1, 3.5)]
    if paper.addressee:
        story += [Spacer(1, 6), _text(_addressee(paper), _MIDDLE)]
    return [*story, Spacer(1, 8)]


def _pdf_foot(paper: Paper) -> Table:
    columns: list[list[Flowable]] = [
        [
            _text(role, _MIDDLE, bold=True),
            _text(_sign_here(paper), _MIDDLE, italic=True),
            Spacer(1, 51),
            *([_text(name, _MIDDLE, bold=True)] if name else []),
        ]
        for role, name in paper.signatures
    ]
    if paper.signature_picture:
        columns[0][2] = Image(
            io.BytesIO(paper.signature_picture), width=5 * cm, height=2 * cm, kind="proportional", hAlign="CENTER"
        )
    if paper.recipients:
        names = [_text(line, _SMALL) for line in _recipients(paper)]
        columns.insert(0, [_text(paper.wording.say(N_("Recipients:")), _SMALL, bold=True, italic=True), *names])
    return Table([columns], colWidths=[width * cm for width in _FOOT_CM], style=_COLUMNS, hAlign="LEFT")


def _rule(width: float) -> HRFlowable:
    return HRFlowable(width=width * cm, thickness=0.6, color="black", spaceBefore=2, spaceAfter=4)


def _closing_lines(blocks: Sequence[Block]) -> int:
    """Return how many paragraphs at the end stay on the page of the signatures: at most three, no heading."""
    count = 0
    for block in reversed(blocks[-3:]):
        if not isinstance(block, str) or block.startswith("# ") or len(block) > _LONGEST_CLOSING:
            break
        count += 1
    return max(count, 1)


def _number_page(canvas: Canvas, document: SimpleDocTemplate, note: str) -> None:
    canvas.setFont(_FONT, 13)
    canvas.drawCentredString(A4[0] / 2, A4[1] - 1.3 * cm, f"{document.page}{note}")


def _page_note(paper: Paper) -> str:
    """Return what stands beside the number of each later page: that it is no paper to sign."""
    return "" if paper.wording.is_in_force else " · " + paper.wording.say(N_("Translation for reference"))


def _number(paper: Paper) -> str:
    return paper.wording.say(N_("No. {number}"), number=paper.number)


def _addressee(paper: Paper) -> str:
    return paper.wording.say(N_("To: {addressee}"), addressee=paper.addressee)


def _sign_here(paper: Paper) -> str:
    return paper.wording.say(SIGN_HERE if paper.wording.is_in_force else SIGNED_ELSEWHERE)


def in_lines(name: str) -> list[str]:
    """Return an authority's name in the lines in which letterheads have it: what it is, and of where."""
    for place in (" THÀNH PHỐ ", " TỈNH ", " OF "):
        what, found, where = name.rpartition(place)
        if found:
            first, more, rest = what.partition(" AND ")  # of an English name too long for a line
            return [first, *([f"AND {rest}"] if more else []), f"{place.strip()} {where}"]
    return [name]


def _recipients(paper: Paper) -> list[str]:
    ends = [";"] * (len(paper.recipients) - 1) + ["."]
    return [f"- {name}{end}" for name, end in zip(paper.recipients, ends, strict=True)]


def _place_and_day(paper: Paper) -> str:
    return f"{paper.place}, {paper.wording.long_day(paper.day)}"


def _pdf_block(block: Block) -> list[Flowable]:
    if isinstance(block, Grid):
        numbers = block.numbers()
        styles = [_RIGHT if column in numbers else _SMALL for column in range(len(block.widths))]
        heads = [[_text(text, style, bold=True) for text, style in zip(block.header, styles, strict=False)]]
        rows = heads if block.header else []
        rows += [[_text(text, style) for text, style in zip(row, styles, strict=True)] for row in block.rows]
        grid = Table(
            rows, colWidths=[width * cm for width in block.widths], repeatRows=1 if block.header else 0, hAlign="LEFT"
        )
        lines = [("GRID", (0, 0), (-1, -1), 0.5, "black"), ("VALIGN", (0, 0), (-1, -1), "TOP")]
        edges = [("TOPPADDING", (0, 0), (-1, -1), 1.25), ("BOTTOMPADDING", (0, 0), (-1, -1), 3.25)]
        grid.setStyle(TableStyle([*lines, *edges]))
        return [grid, Spacer(1, 8)]
    if isinstance(block, Picture):
        picture = Image(io.BytesIO(block.content), width=block.width * cm, height=block.width * cm, kind="proportional")
        caption = [_text(block.caption, _CAPTION)] if block.caption else []
        return [KeepTogether([picture, *caption]), Spacer(1, 8)]
    if isinstance(block, Middle):
        return [_text(block.text, _MIDDLE)]
    if block.startswith("# "):
        return [_text(block.removeprefix("# "), _BODY, bold=True)]
    return [_text(line, _BODY) for line in block.splitlines() or [""]]


def _text(text: str, style: ParagraphStyle, *, bold: bool = False, italic: bool = False) -> Paragraph:
    """Return a paragraph of plain text: reportlab reads markup, and what people wrote is none."""
    escaped = escape(text)
    escaped = f"<i>{escaped}</i>" if italic else escaped
    return Paragraph(f"<b>{escaped}</b>" if bold else escaped, style)


def _register_fonts() -> None:
    if _FONT in pdfmetrics.getRegisteredFontNames():
        return
    for suffix, style in STYLES.items():
        pdfmetrics.registerFont(TTFont(_FONT + suffix, font_file(style)))
    pdfmetrics.registerFontFamily(
        _FONT, normal=_FONT, bold=f"{_FONT}-Bold", italic=f"{_FONT}-Italic", boldItalic=f"{_FONT}-BoldItalic"
    )
