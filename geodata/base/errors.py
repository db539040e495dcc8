"""Every error geodata raises on purpose. No HTTP: webmap.app.errors maps classes to status codes.

`said` is what it says to a person; its values go to programs as `details`, as they are.
"""

from collections.abc import Mapping
from typing import ClassVar

from geodata.base.i18n import N_
from geodata.base.message import Message, MessageValue

#: What programs may be sent.
Detail = str | int | float | bool | None | list[str]


class GeodataError(Exception):
    """Something the caller can understand and correct."""

    code: ClassVar[str] = "error"
    template: ClassVar[str] = N_("Something went wrong.")

    def __init__(self, said: Message | str | None = None, /, **details: Detail) -> None:
        self.said = said if isinstance(said, Message) else Message(template=said or self.template, values=details)
        super().__init__(self.message)

    @property
    def details(self) -> Mapping[str, MessageValue]:
        """What it tells of."""
        return self.said.values

    @property
    def message(self) -> str:
        """The English sentence."""
        return self.said.say()


class NotFoundError(GeodataError):
    """No such feature, layer, import or user."""

    code = "not_found"
    template = N_("Nothing was found under “{value}”.")


class HiddenError(NotFoundError):
    """There is such a thing, but not for who asks: the answer is that of nothing, so that nobody learns which ids exist."""


class InvalidFilterError(GeodataError):
    """A filter is unknown or its value cannot be read."""

    code = "invalid_filter"
    template = N_("The filter “{name}” cannot take the value “{value}”: {reason}.")


class NotForThisRoleError(InvalidFilterError):
    """A filter by something that others may see: `roles` are those who may, `role` what the first of them is called."""

    code = "not_for_this_role"
    template = N_("Sign in as {role} to see what is filtered by “{name}”.")


class InvalidValueError(GeodataError):
    """A parameter or field has a value that cannot be taken."""

    code = "invalid_value"
    template = N_("“{value}” is not a valid value for “{name}”: {reason}.")


class TooManyError(GeodataError):
    """More is asked for than one answer may hold; the text says how much that is."""

    code = "too_many"
    template = N_("These are {count} objects; one answer holds at most {most}. Narrow the filter.")


class BusyError(GeodataError):
    """So many dear answers are being made that this one has to wait; `seconds` says how long."""

    code = "busy"
    template = N_("The server is busy with large answers. Try again in {seconds} seconds.")


class QuotaError(GeodataError):
    """An account or an address has had its share for the moment; `seconds` says how long it has to wait."""

    code = "quota"
    template = N_("You have asked for much in a short time. Try again in {seconds} seconds.")


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
