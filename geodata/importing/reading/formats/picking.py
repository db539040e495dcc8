"""What readers share: the layer that is meant, and the refusals of files that do not parse."""

from collections.abc import Sequence
from typing import Any

from geodata.base.i18n import N_
from geodata.base.message import Message
from geodata.importing.limits import Limits
from geodata.importing.reading.archive import Source
from geodata.importing.results import Choice, Question, RefusedError


class AskError(Exception):
    """The file cannot be read before a question is answered."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.about)
        self.question = question


class AskLayerError(AskError):
    """Several layers are there and none was named."""

    def __init__(self, names: Sequence[str]) -> None:
        why = Message(template=N_("a layer of the file"))
        super().__init__(Question(about="layer", choices=tuple(Choice(value=name, why=why) for name in names)))


def malformed(template: str = N_("The file is damaged or not what its name says."), **details: Any) -> RefusedError:
    """Return the refusal for a file that does not parse."""
    return RefusedError("malformed_file", template, **details)


def too_many_rows(limits: Limits) -> RefusedError:
    """Return the refusal for a layer with more rows than an import takes."""
    return RefusedError("limit_exceeded", N_("The layer has more than {limit} rows."), limit=limits.rows, name="rows")


def choose_source(sources: Sequence[Source], wanted: str | None) -> tuple[Source, str | None]:
    """Return the file that is meant, and what of its name is left to say which of its layers. Raises AskLayerError."""
    if wanted is None:
        if len(sources) > 1:
            raise AskLayerError([source.name for source in sources])
        return sources[0], None
    for source in sources:
        if source.name.casefold() == wanted.casefold():
            return source, None
    for source in sources:
        if wanted.casefold().startswith(f"{source.name.casefold()}/"):
            return source, wanted[len(source.name) + 1 :]
    if len(sources) == 1:
        return sources[0], wanted
    raise _no_such_layer(wanted, [source.name for source in sources])


def pick(names: Sequence[str], wanted: str | None) -> str:
    """Return the layer that is meant. Raises AskLayerError, RefusedError."""
    if not names:
        raise RefusedError("no_layer", N_("The file holds no layer that can be imported."))
    if wanted is None:
        if len(names) > 1:
            raise AskLayerError(names)
        return names[0]
    found = next((name for name in names if name.casefold() == wanted.casefold()), None)
    if found is None:
        raise _no_such_layer(wanted, names)
    return found


def _no_such_layer(wanted: str, names: Sequence[str]) -> RefusedError:
    return RefusedError(
        "no_layer", N_("There is no layer “{layer}”; there are: {names}."), layer=wanted, names=", ".join(names)
    )
