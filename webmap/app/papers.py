"""Administrative papers as files to save."""

import io
from functools import partial

from flask import Response, request, send_file
from werkzeug.exceptions import NotFound

from geodata.base.errors import InvalidValueError
from geodata.export.papers import Paper, write_docx, write_pdf
from geodata.export.wording import IN_FORCE, Wording
from geodata.schema.filters import CHOOSE
from webmap.app.i18n import LANGUAGES, translate

_WRITERS = {
    "docx": (write_docx, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "pdf": (write_pdf, "application/pdf"),
}


def wording(language: str = IN_FORCE) -> Wording:
    """Return how papers of a language say things."""
    return Wording(language=language, translate=partial(translate, language=language))


def wanted_wording() -> Wording:
    """Return the wording that the address asks for, whatever language the page has. Raises InvalidValueError."""
    language = request.args.get("language", IN_FORCE)
    if language not in LANGUAGES:
        raise InvalidValueError(name="language", value=language[:20], reason=CHOOSE)
    return wording(language)


def send_paper(paper: Paper, name: str, format: str) -> Response:
    """Answer a paper as DOCX or PDF. Raises NotFound for any other format."""
    if format not in _WRITERS:
        raise NotFound
    write, mimetype = _WRITERS[format]
    return send_file(io.BytesIO(write(paper)), download_name=f"{name}.{format}", as_attachment=True, mimetype=mimetype)
