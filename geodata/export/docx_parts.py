"""The pieces of which a paper's DOCX is written: columns, lines, tables, the end with its signatures. Widths in cm."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

from docx.document import Document as DocxDocument
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.table import Table as DocxTable, _Cell, _Row as DocxRow
from docx.text.paragraph import Paragraph as DocxParagraph
from PIL import Image

from geodata.export.blocks import Block, Grid, Middle, Picture

#: Left and right of a cell's text in Word's tables, in twentieths of a point.
_CELL_DXA = 108
#: So many rows of a table that ends a paper stay on the page of its signatures.
ROWS_WITH_SIGNATURES = 2


@dataclass(frozen=True)
class Line:
    """One line of a letterhead or foot; size in points."""

    text: str
    size: float = 13
    bold: bool = False
    italic: bool = False


def columns(parent: DocxDocument | _Cell, widths: Sequence[float]) -> list[_Cell]:
    """Return the cells of a table without lines that stays on one page."""
    table = parent.add_table(rows=1, cols=len(widths))
    _set_widths(table, widths, indent_dxa=0)
    _keep_whole(table.rows[0])
    margins = OxmlElement("w:tblCellMar")  # none: the motto needs the whole width for its one line
    for side in ("left", "right"):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), "0")
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    table._tbl.tblPr.append(margins)
    return list(table.rows[0].cells)


def _set_widths(table: DocxTable, widths: Sequence[float], *, indent_dxa: int) -> None:
    """Give a table its indent, its columns their widths in cm: Word reads the cells', LibreOffice the grid's."""
    table.autofit = False
    indent = OxmlElement("w:tblInd")  # the border of a table on the page at the margin, not its text
    indent.set(qn("w:w"), str(indent_dxa))
    indent.set(qn("w:type"), "dxa")
    table._tbl.tblPr.append(indent)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Cm(width)
    for row in table.rows:
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = Cm(width)


def _keep_whole(row: DocxRow, *, is_head: bool = False) -> None:
    """Let a row stay on one page, and a table's head stand on each."""
    properties = row._tr.get_or_add_trPr()
    properties.append(OxmlElement("w:cantSplit"))
    if is_head:
        properties.append(OxmlElement("w:tblHeader"))


def add_end(document: DocxDocument, end: Block, widths: Sequence[float], *, lines: int = 1) -> list[_Cell]:
    """Add the last block and the foot, whose cells are returned; the last `lines` paragraphs stay on its page.

    Rows of a table cannot be kept with what follows in every program: the last ones stand in one row with the foot.
    """
    if not isinstance(end, Grid):
        add_block(document, end)
        for paragraph in document.paragraphs[-lines:]:
            paragraph.paragraph_format.keep_with_next = True
        return columns(document, widths)
    if len(end.rows) > ROWS_WITH_SIGNATURES:
        _add_grid(document, replace(end, rows=end.rows[:-ROWS_WITH_SIGNATURES]))
        end = replace(end, rows=end.rows[-ROWS_WITH_SIGNATURES:], header=())
        # Two tables without a paragraph between them are one to Word and LibreOffice.
        between = document.add_paragraph().paragraph_format
        between.space_before = between.space_after = Pt(0)
        between.line_spacing = Pt(1)
    whole = columns(document, (sum(widths),))[0]
    whole._tc.remove(whole.paragraphs[0]._p)
    _add_grid(whole, end)
    return columns(whole, widths)


def write_lines(cell: _Cell, lines: Sequence[Line], *, centred: bool = True, more: bool = False) -> None:
    """Write lines into a cell, below what it has with `more`."""
    for number, line in enumerate(lines):
        paragraph = cell.paragraphs[0] if number == 0 and not more else cell.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER if centred else WD_ALIGN_PARAGRAPH.LEFT
        paragraph.paragraph_format.space_after = Pt(0)
        _run(paragraph, line)


def add_rule(parent: DocxDocument | _Cell, width: float, within: float) -> None:
    """Add a line of `width` in the middle of a column that is `within` wide (cm)."""
    paragraph = parent.add_paragraph()
    paragraph.paragraph_format.space_after = Pt(4)
    paragraph.paragraph_format.line_spacing = Pt(2)
    paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = Cm((within - width) / 2)
    borders, line = OxmlElement("w:pBdr"), OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "000000")):
        line.set(qn(f"w:{name}"), value)
    borders.append(line)
    paragraph._p.get_or_add_pPr().append(borders)


def write_centred(document: DocxDocument, line: Line) -> None:
    """Add a line in the middle of the page."""
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.space_after = Pt(4)
    _run(paragraph, line)


def _run(paragraph: DocxParagraph, line: Line) -> None:
    run = paragraph.add_run(line.text)
    run.bold, run.italic, run.font.size = line.bold, line.italic, Pt(line.size)


def _size_mark(paragraph: DocxParagraph, size: float) -> None:
    """Give a paragraph's mark a size in points: it makes the height of a line without text."""
    mark, points = OxmlElement("w:rPr"), OxmlElement("w:sz")
    points.set(qn("w:val"), str(int(size * 2)))
    mark.append(points)
    paragraph._p.get_or_add_pPr().append(mark)


def number_pages(paragraph: DocxParagraph, *, after: str = "") -> None:
    """Write the field that Word fills with the page's number, and what stands `after` it."""
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
    paragraph.add_run(after)


def end_with_paragraph(document: DocxDocument) -> None:
    """End a document with a paragraph of no height: where there is none, programs add one as high as a line."""
    last = document.add_paragraph().paragraph_format
    last.space_after, last.line_spacing = Pt(0), Pt(1)


def add_block(document: DocxDocument, block: Block) -> None:
    """Add a paragraph, heading, table or picture at the end of a document."""
    if isinstance(block, Grid):
        _add_grid(document, block)
        after = document.add_paragraph().paragraph_format
        after.space_after, after.line_spacing = Pt(0), Pt(8)
    elif isinstance(block, Picture):
        _add_picture(document, block)
    elif isinstance(block, Middle):
        write_centred(document, Line(block.text))
    else:
        paragraph = document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        paragraph.paragraph_format.space_after = Pt(6)
        paragraph.paragraph_format.first_line_indent = Cm(1)
        paragraph.paragraph_format.keep_with_next = block.startswith("# ")
        paragraph.add_run(block.removeprefix("# ")).bold = block.startswith("# ")


def _add_picture(document: DocxDocument, block: Picture) -> None:
    """Add a picture within a square of its width, and its caption on the same page."""
    with Image.open(io.BytesIO(block.content)) as image:
        is_wide = image.width >= image.height
    size = {"width": Cm(block.width)} if is_wide else {"height": Cm(block.width)}
    document.add_picture(io.BytesIO(block.content), **size)
    shown = document.paragraphs[-1:]
    if block.caption:
        shown[0].paragraph_format.keep_with_next = True
        shown[0].paragraph_format.space_after = Pt(0)
        write_centred(document, Line(block.caption, size=11))
        shown = document.paragraphs[-2:]
    for paragraph in shown:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    document.paragraphs[-1].paragraph_format.space_after = Pt(8)


def _add_grid(parent: DocxDocument | _Cell, grid: Grid) -> None:
    rows = [grid.header, *grid.rows] if grid.header else list(grid.rows)
    table = parent.add_table(rows=len(rows), cols=len(grid.widths))
    table.style = "Table Grid"
    _set_widths(table, grid.widths, indent_dxa=0 if isinstance(parent, _Cell) else _CELL_DXA)
    numbers = grid.numbers()
    for number, (row, texts) in enumerate(zip(table.rows, rows, strict=True)):
        is_head = bool(grid.header) and number == 0
        _keep_whole(row, is_head=is_head)
        for column, (cell, text) in enumerate(zip(row.cells, texts, strict=True)):
            if column in numbers:
                cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
            cell.paragraphs[0].paragraph_format.space_before = Pt(2)
            cell.paragraphs[0].paragraph_format.space_after = Pt(2)
            _size_mark(cell.paragraphs[0], 11)
            _run(cell.paragraphs[0], Line(text, size=11, bold=is_head))
