"""Administrative papers as files to save: those that are code, and those that are made of a template."""

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from flask import Response, request, send_file
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from geodata.base.errors import InvalidValueError
from geodata.export.office import docx_to_pdf
from geodata.export.papers import Paper, in_lines, write_docx, write_pdf
from geodata.export.wording import ILLUSTRATION, IN_FORCE, Wording
from geodata.papers.templates import template_in_force
from geodata.schema.filters import CHOOSE
from webmap.app.i18n import LANGUAGES, translate
from webmap.templating.fields import Fields, Text, Values
from webmap.templating.filling import fill
from webmap.templating.forms import Form, When, paper_of, shipped_template

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_WRITERS: dict[str, tuple[Callable[[Paper], bytes], str]] = {
    "docx": (write_docx, DOCX),
    "pdf": (write_pdf, "application/pdf"),
}

#: What a form has that tells of layers: their warning where illustration is among what it tells, and where that stands.
ILLUSTRATION_FIELDS: Fields = {"illustration": Text(label="Cảnh báo dữ liệu minh họa")}
ILLUSTRATION_BLOCK = When(has="illustration", blocks=("# {illustration}",))


def wording(language: str = IN_FORCE) -> Wording:
    """Return how papers of a language say things."""
    return Wording(language=language, translate=partial(translate, language=language))


def said_illustration(*, is_some: bool, says: Wording | None = None) -> dict[str, str]:
    """Return the value of that field."""
    return {"illustration": (says or wording()).say(ILLUSTRATION) if is_some else ""}


def warned(paper: Paper, *, is_some: bool) -> Paper:
    """Return a paper that is no form with the same warning before all else."""
    return replace(paper, blocks=[f"# {paper.wording.say(ILLUSTRATION)}", *paper.blocks]) if is_some else paper


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


@dataclass(frozen=True, kw_only=True)
class Filled:
    """A paper of a form: its values besides the head's, office in capitals, number, day. `values` has the subject."""

    form: Form
    values: Values
    office: str
    number: str
    day: date

    def paper(self, said: Wording) -> Paper:
        """Return it as it is written without a template."""
        return paper_of(self.form, self.values, said, office=self.office, number=self.number, day=self.day)


def usual_template(form: Form) -> bytes:
    """Return the template that goes with the program."""
    return shipped_template(form, wording())


def template_of(session: Session, form: Form) -> bytes:
    """Return the template of which a paper is made now."""
    own = template_in_force(session, form.name)
    return own.content if own else usual_template(form)


def write_form(session: Session, filled: Filled, format: str) -> tuple[bytes, bytes]:
    """Return a paper in the language in force as DOCX or PDF, and the template of its DOCX.

    The PDF of a department's own template is made by LibreOffice: raises ConflictError where that is not to be had.
    """
    said = wording()
    own = template_in_force(session, filled.form.name)
    if format == "pdf" and own is None:
        return write_pdf(filled.paper(said)), b""
    template = own.content if own else usual_template(filled.form)
    head = {"office": "\n".join(in_lines(filled.office)), "number": filled.number, "day": said.long_day(filled.day)}
    content = fill(template, filled.form.all_fields, {**filled.values, **head})
    return (docx_to_pdf(content), b"") if format == "pdf" else (content, template)


def send_form(session: Session, filled: Filled, name: str, format: str, said: Wording | None = None) -> Response:
    """Answer a paper of a form; a translation is written without the template, which is Vietnamese."""
    if said is not None and not said.is_in_force:
        return send_paper(filled.paper(said), name, format)
    if format not in _WRITERS:
        raise NotFound
    content, _template = write_form(session, filled, format)
    mimetype = _WRITERS[format][1]
    return send_file(io.BytesIO(content), download_name=f"{name}.{format}", as_attachment=True, mimetype=mimetype)
