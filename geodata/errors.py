"""Every error geodata raises on purpose. No HTTP: webmap.errors maps classes to status codes.

`message` is an English template for translation; `details` fills its named fields and goes to
programs as it is.
"""

from typing import ClassVar

from geodata.i18n import N_

Detail = str | int | float | bool | None | list[str]


class GeodataError(Exception):
    """Something the caller can understand and correct."""

    code: ClassVar[str] = "error"
    template: ClassVar[str] = N_("Something went wrong.")

    def __init__(self, template: str | None = None, /, **details: Detail) -> None:
        self.message_template = template or self.template
        self.details = details
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The English message with its details filled in."""
        return self.message_template.format_map(self.details)


class NotFoundError(GeodataError):
    """No such feature, layer, import or user."""

    code = "not_found"
    template = N_("Nothing was found under “{value}”.")


class InvalidFilterError(GeodataError):
    """A filter is unknown or its value cannot be read."""

    code = "invalid_filter"
    template = N_("The filter “{name}” cannot take the value “{value}”: {reason}.")


class InvalidValueError(GeodataError):
    """A parameter or field has a value that cannot be taken."""

    code = "invalid_value"
    template = N_("“{value}” is not a valid value for “{name}”: {reason}.")


class ForbiddenError(GeodataError):
    """The role does not allow the action."""

    code = "forbidden"
    template = N_("Your role does not allow this. It needs one of: {roles}.")


class ConflictError(GeodataError):
    """The data changed in between, or the key is taken."""

    code = "conflict"
    template = N_("Somebody changed this in the meantime. Reload and compare.")


class ConfigurationError(GeodataError):
    """A setting is missing or wrong; the operator must correct it."""

    code = "configuration"
    template = N_("The setting {name} is wrong: {reason}.")
