"""Every paper that is made of a template, and who may change its form."""

from geodata.base.errors import NotFoundError
from geodata.schema.registry import Registry
from webmap.grid.sheets import EVENT_FORM
from webmap.inspections.forms import SUMMARY_FORM
from webmap.papers.lists import list_forms
from webmap.papers.periodic import periodic_forms
from webmap.projects.sheets import PROJECT_FORM
from webmap.templating.forms import Form


def all_forms(registry: Registry) -> list[Form]:
    """Return the forms of all papers by template."""
    return [*periodic_forms(registry).values(), *list_forms(registry), SUMMARY_FORM, PROJECT_FORM, EVENT_FORM]


def get_form(registry: Registry, name: str) -> Form:
    """Return a paper's form. Raises NotFoundError."""
    found = next((form for form in all_forms(registry) if form.name == name), None)
    if found is None:
        raise NotFoundError(value=name[:40])
    return found
