"""DOCX files for tests: a paper's own template with something changed in it."""

import io
import zipfile

from docx import Document


def with_text(content, text, *, in_table=False):
    """Return a template with a paragraph, or the first cell of a new table, that holds a text."""
    document = Document(io.BytesIO(content))
    if in_table:
        document.add_table(rows=1, cols=1).rows[0].cells[0].text = text
    else:
        document.paragraphs[0].insert_paragraph_before(text)
    return saved(document)


def saved(document):
    """Return a document's bytes."""
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def with_parts(content, parts=(), replaced=()):
    """Return a DOCX with more parts, and with bytes of its parts replaced: (part, old, new)."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as after:
        for info in before.infolist():
            data = before.read(info)
            for part, old, new in replaced:
                if part == info.filename:
                    assert old in data, (part, old)
                    data = data.replace(old, new, 1)
            after.writestr(info.filename, data)
        for name, data in parts:
            after.writestr(name, data)
    return target.getvalue()


def words(content):
    """Return all that a DOCX says, headers and footers too."""
    document = Document(io.BytesIO(content))
    parts = [document.element, *(part._element for one in document.sections for part in (one.header, one.footer))]
    return "\n".join(text for part in parts for text in part.itertext())
