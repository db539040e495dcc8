"""Fills a template: docxtpl in a strict environment; a template that would come out damaged is refused instead."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from defusedxml.ElementTree import fromstring
from docx.shared import Cm
from docxtpl import DocxTemplate, InlineImage
from jinja2 import TemplateError
from PIL import Image

from geodata.base.i18n import N_
from webmap.templating.checking import check_template
from webmap.templating.errors import refuse
from webmap.templating.expressions import StrictEnvironment
from webmap.templating.fields import Fields, Group, Listing, Picture, Values, sample

_TORN = N_("A loop or condition begins and ends in different rows or cells, so that the paper would be torn.")
#: A ZIP knows no day before.
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)


class _Template(DocxTemplate):  # type: ignore[misc]  # docxtpl has no types
    def fix_tables(self, xml: str) -> Any:
        """Refuse what docxtpl would mend by leaving parts out."""
        fromstring(xml, forbid_dtd=True)
        return super().fix_tables(xml)


def fill(content: bytes, fields: Fields, values: Values) -> bytes:
    """Return the DOCX that a template makes of values. Raises TemplateRefusedError where it would come out damaged.

    `content` has been checked; values outside `fields` are none of the template's.
    """
    template = _Template(io.BytesIO(content))
    template.init_docx()
    try:
        template.render(vars(_namespace(fields, values, template)), StrictEnvironment(fields), autoescape=True)
    except (TemplateError, SyntaxError, AttributeError, TypeError, ValueError) as error:
        raise refuse("bad_tag", _TORN) from error
    target = io.BytesIO()
    template.save(target)
    return target.getvalue()


def accept(content: bytes, fields: Fields) -> tuple[list[str], bytes]:
    """Check a new template and fill it on trial; return the fields it leaves out, and the trial.

    Raises TemplateRefusedError.
    """
    unused = check_template(content, fields)
    fill(content, fields, _nothing(fields))
    return unused, trial_of(content, fields)


def trial_of(content: bytes, fields: Fields) -> bytes:
    """Return what a checked template makes of the fields' names in place of values."""
    return fill(content, fields, sample(fields, _grey()))


def with_one_day(content: bytes) -> bytes:
    """Return a ZIP whose entries carry no time: what is made twice of the same is the same."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as after:
        for info in before.infolist():
            after.writestr(zipfile.ZipInfo(info.filename, _FIRST_DAY), before.read(info), zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _namespace(fields: Fields, values: Values, template: DocxTemplate) -> SimpleNamespace:
    """Return values as attributes: a mapping has methods that a template could take for fields."""
    found = SimpleNamespace()
    content: Any
    for name, field in fields.items():
        value = values.get(name)
        if isinstance(field, Picture):
            content = ""
            if isinstance(value, bytes) and value:
                content = InlineImage(template, io.BytesIO(value), width=Cm(field.width))
        elif isinstance(field, Group):
            content = _namespace(field.fields, value if isinstance(value, Mapping) else {}, template)
        elif isinstance(field, Listing):
            rows = value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else ()
            content = [_namespace(field.fields, row, template) for row in rows]
        else:
            content = "" if value is None else str(value)
        setattr(found, name, content)
    return found


def _nothing(fields: Fields) -> dict[str, object]:
    return {name: _nothing(field.fields) if isinstance(field, Group) else None for name, field in fields.items()}


def _grey() -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (320, 160), "#c8c8c8").save(target, "PNG")
    return target.getvalue()
