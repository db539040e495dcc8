"""Administrative papers as files to save."""

import io

from flask import Response, send_file
from werkzeug.exceptions import NotFound

from geodata.papers import Paper, write_docx, write_pdf

_WRITERS = {
    "docx": (write_docx, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "pdf": (write_pdf, "application/pdf"),
}


def send_paper(paper: Paper, name: str, format: str) -> Response:
    """Answer a paper as DOCX or PDF. Raises NotFound for any other format."""
    if format not in _WRITERS:
        raise NotFound
    write, mimetype = _WRITERS[format]
    return send_file(io.BytesIO(write(paper)), download_name=f"{name}.{format}", as_attachment=True, mimetype=mimetype)
