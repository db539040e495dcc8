"""Why a template is not taken: each problem with its code, its place in the document and what to do."""

from collections.abc import Sequence
from dataclasses import dataclass

from geodata.base.errors import Detail, GeodataError
from geodata.base.i18n import N_
from geodata.base.message import Message

#: Codes of problems, for programs.
CODES = frozenset(
    ["not_docx", "damaged", "limit_exceeded", "unsafe_path", "encrypted", "duplicate_entries", "macro", "external_reference",
     "embedded_object", "declared_entities", "field_code", "unclosed_tag", "bad_tag", "not_allowed", "unknown_field"]
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A problem of a template; `place`: the text of the paragraph or cell, or the part of the file; `where` says which."""

    code: str
    message: Message
    where: str = ""
    place: str = ""


class TemplateRefusedError(GeodataError):
    """A template that is not taken."""

    code = "template_refused"
    template = N_("The template is not taken.")

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems[0].message)
        self.problems = tuple(problems)


def refuse(code: str, template: str, *, place: str = "", **details: Detail) -> TemplateRefusedError:
    """Return the refusal of a whole file."""
    return TemplateRefusedError([Problem(code=code, message=Message(template=template, values=details), place=place)])
