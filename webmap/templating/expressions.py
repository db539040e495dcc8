"""What a template may say: names of fields, loops over lists, conditions. Anything else of jinja is refused.

The rule is kept twice: when a template is uploaded, with the place of each problem, and by the environment that fills it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from jinja2 import TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from geodata.base.i18n import N_
from geodata.base.message import AsWritten, Message
from webmap.templating.fields import Field, Fields, Group, Listing, Picture, Text

FILTERS = frozenset({"upper", "lower", "length"})
_LOOP: Fields = {name: Text(label="") for name in ("index", "index0", "first", "last", "length")}
_PLAIN = (nodes.TemplateData, nodes.And, nodes.Or, nodes.Not, nodes.Const, nodes.If, nodes.Template)
#: Loops within loops: a section, its table, and one more.
_DEEPEST = 3


@dataclass(frozen=True, kw_only=True)
class Found:
    """Something in a template that is not right: code, message with its word, line of the source."""

    code: str
    message: Message
    line: int


class _UnknownError(Exception):
    """A name that is no field."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


@dataclass
class _Walk:
    """The names known at a place: those of the paper, and of the rows of the loops around."""

    names: dict[str, tuple[str, Field | Fields]]
    found: list[Found]
    used: set[str]
    lists: tuple[str, ...] = field(default=())

    def visit(self, node: nodes.Node) -> None:
        """Look at a node and at what lies in it."""
        match node:
            case nodes.For():
                self._loop(node)
            case nodes.Output():
                self._output(node)
            case nodes.Name() | nodes.Getattr():
                self._resolved(node)
            case nodes.Filter() if node.name in FILTERS and node.node is not None and not (node.args or node.kwargs):
                self.visit(node.node)
            case nodes.Compare() if all(one.op in {"eq", "ne"} for one in node.ops):
                self._each([node.expr, *(one.expr for one in node.ops)])
            case _ if isinstance(node, _PLAIN):
                self._each(node.iter_child_nodes())
            case _:
                self._tell(
                    "not_allowed",
                    N_("“{word}” is not allowed in a template: fields, for and if are."),
                    _kind(node),
                    node,
                )

    def _each(self, found: Iterable[nodes.Node]) -> None:
        for node in found:
            self.visit(node)

    def _output(self, node: nodes.Output) -> None:
        for child in node.nodes:
            if not isinstance(child, nodes.Name | nodes.Getattr):
                self.visit(child)
            elif (resolved := self._resolved(child)) and isinstance(resolved[1], Listing):
                self._tell("not_allowed", N_("“{word}” is a list: go through it with for."), _word(child), child)

    def _loop(self, node: nodes.For) -> None:
        if node.recursive or node.test or not isinstance(node.target, nodes.Name) or len(self.lists) >= _DEEPEST:
            self._tell("not_allowed", N_("“{word}” is not allowed in a template: fields, for and if are."), "for", node)
            return
        path, listing = self._resolved(node.iter) or ("", None)
        if not isinstance(listing, Listing):
            if listing is not None:
                self._tell("not_allowed", N_("“{word}” is no list: for goes through lists."), path, node)
            return
        if path in self.lists:
            self._tell("not_allowed", N_("“{word}” is gone through within itself."), path, node)
            return
        names = self.names | {node.target.name: (f"{path}[]", listing.fields), "loop": ("", _LOOP)}
        inner = _Walk(names, self.found, self.used, (*self.lists, path))
        inner._each(node.body)
        self._each(node.else_)

    def _resolved(self, node: nodes.Node) -> tuple[str, Field | Fields] | None:
        """Return path and field that a name means; None with a problem told, or where it is the row itself."""
        try:
            path, found = self._field(node)
        except _UnknownError as unknown:
            self._tell("unknown_field", N_("There is no field “{word}” in this paper."), unknown.word, node)
            return None
        if isinstance(found, Text | Picture | Listing):
            self.used.add(path)
            return path, found
        self._tell("not_allowed", N_("“{word}” stands for several fields: name one of them."), _word(node), node)
        return None

    def _field(self, node: nodes.Node) -> tuple[str, Field | Fields]:
        if isinstance(node, nodes.Name):
            if node.name not in self.names:
                raise _UnknownError(node.name)
            return self.names[node.name]
        if not isinstance(node, nodes.Getattr):
            raise _UnknownError(_word(node))
        path, parent = self._field(node.node)
        fields = parent.fields if isinstance(parent, Group) else parent
        if not isinstance(fields, Mapping) or node.attr not in fields:
            raise _UnknownError(_word(node))
        return f"{path}.{node.attr}" if path else node.attr, fields[node.attr]

    def _tell(self, code: str, template: str, word: str, node: nodes.Node) -> None:
        message = Message(template=template, values={"word": AsWritten(word[:80])})
        self.found.append(Found(code=code, message=message, line=node.lineno))


def examine(tree: nodes.Template, fields: Fields) -> tuple[list[Found], set[str]]:
    """Return what is not right in a template's tree, and the names of the fields it uses."""
    walk = _Walk({name: (name, one) for name, one in fields.items()}, [], set())
    walk.visit(tree)
    return walk.found, walk.used


class StrictEnvironment(ImmutableSandboxedEnvironment):
    """Fills only templates whose every expression is one that `examine` allows: also what a paper's check did not see."""

    def __init__(self, fields: Fields) -> None:
        super().__init__(autoescape=True, finalize=_printable)
        self.globals.clear()
        self._fields = fields

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        found, _used = examine(tree, self._fields)
        if found:
            _stop(found[0])
        return tree


def _stop(found: Found) -> NoReturn:
    raise TemplateSyntaxError(found.message.say(), found.line)


def _printable(value: object) -> object:
    """Return a value without the characters that XML cannot hold."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return "".join(one for one in value if one in "\n\t" or (one >= " " and one not in "\ufffe\uffff" and not "\ud800" <= one <= "\udfff"))  # fmt: skip


def _word(node: nodes.Node) -> str:
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        return f"{_word(node.node)}.{node.attr}"
    return _kind(node)


def _kind(node: nodes.Node) -> str:
    name = getattr(node, "name", None)
    return name if isinstance(name, str) and name else type(node).__name__.lower()
