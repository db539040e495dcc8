"""Is this DOCX a template of a paper? Says each thing that is not right with its place, and which fields it leaves out."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from docx import Document
from jinja2 import TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from geodata.base.i18n import N_
from geodata.base.message import Message
from webmap.templating.errors import Problem, TemplateRefusedError, refuse
from webmap.templating.expressions import examine
from webmap.templating.fields import Fields, leaves
from webmap.templating.opening import check_parts

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_OPENS = {"{{": "}}", "{%": "%}", "{#": "#}"}
_STRAIGHT = str.maketrans("“”‘’", "\"\"''")
_PREFIX = re.compile(r"^\{%(?:p|tr|tc|r)(?=\s)")
_WRONG_PREFIX = re.compile(r"^\{\{(?:p|tr|tc|r)\s|^\{[{%]-|-[}%]\}$")
_LONGEST_TAG, _MOST_TAGS, _SHOWN = 300, 5_000, 160


@dataclass(frozen=True, kw_only=True)
class Place:
    """A paragraph of a template: its text and what it is in."""

    where: str
    text: str


def check_template(content: bytes, fields: Fields) -> list[str]:
    """Return the fields of a paper that a template does not use. Raises TemplateRefusedError with all its problems."""
    check_parts(content)
    try:
        places = list(_places(content))
    except (KeyError, ValueError, SyntaxError) as error:
        raise refuse("damaged", N_("This is no DOCX file of Word, or it is damaged.")) from error
    problems: list[Problem] = []
    source = "\n".join(_source(place, problems) for place in places)
    if problems:
        raise TemplateRefusedError(problems)
    try:
        tree = ImmutableSandboxedEnvironment().parse(source)
    except TemplateSyntaxError as error:
        raise TemplateRefusedError([_unreadable(places[min(error.lineno, len(places)) - 1])]) from error
    found, used = examine(tree, fields)
    if found:
        raise TemplateRefusedError([_problem(one.code, one.message, places[one.line - 1]) for one in found])
    return [path for path, _label in leaves(fields) if path not in used]


def _unreadable(place: Place) -> Problem:
    template = N_("What stands in braces cannot be read: check its words, and that each for and if has its end.")
    return _problem("bad_tag", Message(template=template), place)


def _problem(code: str, message: Message, place: Place) -> Problem:
    return Problem(code=code, message=message, where=place.where, place=place.text[:_SHOWN])


def _places(content: bytes) -> Iterator[Place]:
    document = Document(io.BytesIO(content))
    yield from _paragraphs(document.element.body, "")
    for section in document.sections:
        heads = (section.header, section.first_page_header, section.even_page_header)
        feet = (section.footer, section.first_page_footer, section.even_page_footer)
        for parts, where in ((heads, N_("Page header")), (feet, N_("Page footer"))):
            for part in parts:
                if not part.is_linked_to_previous:
                    yield from _paragraphs(part._element, where)


def _paragraphs(root: Any, where: str) -> Iterator[Place]:
    for paragraph in root.iter(f"{_W}p"):
        texts = [
            (element.text or "") if element.tag == f"{_W}t" else " "
            for element in paragraph.iter(f"{_W}t", f"{_W}tab", f"{_W}br")
            if next(element.iterancestors(f"{_W}p")) is paragraph
        ]
        in_table = next(paragraph.iterancestors(f"{_W}tc"), None) is not None
        text = "".join(texts).replace("\n", " ")
        yield Place(where=where or (N_("Table cell") if in_table else N_("Paragraph")), text=text)


def _source(place: Place, problems: list[Problem]) -> str:
    """Return a paragraph as jinja reads it, with the marks of docxtpl taken away."""
    pieces: list[str] = []
    rest = place.text
    while start := re.search(r"\{[{%#]", rest):
        end = rest.find(_OPENS[start[0]], start.end())
        tag = rest[start.start() : end + 2]
        if end < 0 or len(tag) > _LONGEST_TAG or re.search(r"\{[{%#]", tag[2:]) or len(pieces) > _MOST_TAGS:
            message = Message(template=N_("Braces are opened and not closed in the same paragraph."))
            problems.append(_problem("unclosed_tag", message, place))
            return ""
        if _WRONG_PREFIX.search(tag):
            problems.append(_unreadable(place))
            return ""
        pieces += [rest[: start.start()], _PREFIX.sub("{%", tag.translate(_STRAIGHT))]
        rest = rest[end + 2 :]
    return "".join([*pieces, rest])
