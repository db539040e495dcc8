"""The form of a paper, said once: of it are made the DOCX template that goes with the program, the PDF, and translations.

Texts name fields in braces: `{count} sites`, `{section.title}`. As a template they become `{{ count }}`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from geodata.export.blocks import Block, Grid, Middle, Picture as PictureBlock
from geodata.export.papers import Paper, write_docx
from geodata.export.wording import IN_FORCE, Wording
from webmap.templating.fields import HEAD, Fields, Values, rows_of, value_of
from webmap.templating.filling import with_one_day

_NAMED = re.compile(r"\{([a-z_][a-z0-9_.]*)\}")


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A table with a row for each of a list, which is `row` in the cells. `right`: columns of numbers."""

    of: str
    header: Sequence[str]
    cells: Sequence[str]
    widths: Sequence[float]
    right: frozenset[int] = frozenset()
    otherwise: str = ""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """A table that is always as long: rows of texts. `header` may be empty."""

    rows: Sequence[Sequence[str]]
    widths: Sequence[float]
    header: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Lines:
    """A paragraph for each of a list, which is `line` in the text."""

    of: str
    text: str
    otherwise: str = ""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A picture, where there is one; `width` in cm."""

    picture: str
    width: float


@dataclass(frozen=True, kw_only=True)
class When:
    """Blocks that stand only where a field or list is not empty."""

    has: str
    blocks: "Sequence[FormBlock]"


@dataclass(frozen=True, kw_only=True)
class Each:
    """Blocks for each of a list, which is `name` in them."""

    of: str
    name: str
    blocks: "Sequence[FormBlock]"


FormBlock = str | Rows | Facts | Lines | Shown | When | Each


@dataclass(frozen=True, kw_only=True)
class Form:
    """The form of a paper: what it is called, its fields and its blocks. Paragraphs that begin with “# ” are headings.

    `fields` are those besides the head's. Signatures are roles; `attached_to` and `addressee` may name fields.
    """

    name: str
    title: str
    heading: str
    fields: Fields
    blocks: Sequence[FormBlock]
    signatures: Sequence[str]
    recipients: Sequence[str] = ()
    addressee: str = ""
    attached_to: str = ""
    subject: str = "{subject}"

    @property
    def all_fields(self) -> Fields:
        """The fields that a template may name."""
        return {**HEAD, **self.fields}


@dataclass(frozen=True, kw_only=True)
class _TemplateWording(Wording):
    def long_day(self, on: date) -> str:
        return "{{ day }}"


def shipped_template(form: Form, wording: Wording) -> bytes:
    """Return the DOCX template that goes with the program, the same bytes each time."""
    return _shipped(form.name, _Key(form, wording))


@dataclass(frozen=True, eq=False)
class _Key:
    """A form and its wording, told apart by the form alone: forms hold mappings, which have no hash."""

    form: Form
    wording: Wording

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.form == self.form

    def __hash__(self) -> int:
        return hash(self.form.name)


@lru_cache(maxsize=32)
def _shipped(_name: str, key: _Key) -> bytes:
    return with_one_day(write_docx(_template_paper(key.form, key.wording)))


def _template_paper(form: Form, wording: Wording) -> Paper:
    written = _TemplateWriter(wording)
    blocks = [block for one in form.blocks for block in written.blocks(one)]
    if isinstance(blocks[-1], Grid):  # the end of a loop must not go to the page of the signatures alone
        blocks.append("")
    said = _TemplateWording(language=IN_FORCE, translate=wording.translate)
    return Paper(
        wording=said, office="{{ office }}", number="{{ number }}", day=date.min, title=wording.say(form.heading),
        subject=written.text(form.subject), blocks=blocks, addressee=written.text(form.addressee),
        attached_to=written.text(form.attached_to), signatures=[(wording.say(role), "") for role in form.signatures],
        recipients=[wording.say(one) for one in form.recipients],
    )  # fmt: skip


@dataclass(frozen=True)
class _TemplateWriter:
    """Writes blocks of a form as blocks of a template."""

    wording: Wording

    def text(self, text: str) -> str:
        """Return a text in which fields stand as a template names them."""
        return _NAMED.sub(r"{{ \1 }}", _translated(text, self.wording))

    def blocks(self, block: FormBlock) -> list[Block]:
        """Return what stands for a block."""
        match block:
            case str():
                return [self.text(block)]
            case Facts():
                rows = [[self.text(cell) for cell in row] for row in block.rows]
                return [Grid(header=self._texts(block.header), rows=rows, widths=block.widths)]
            case Rows():
                cells = self._texts(block.cells)
                rest = [""] * (len(cells) - 1)
                rows = [["{%tr for row in " + block.of + " %}", *rest], cells, ["{%tr endfor %}", *rest]]
                header = self._texts(block.header)
                grid = Grid(header=header, rows=rows, widths=block.widths, right=block.right)
                return self._either(block.of, [grid], block.otherwise)
            case Lines():
                lines = [f"{{%p for line in {block.of} %}}", self.text(block.text), "{%p endfor %}"]
                return self._either(block.of, lines, block.otherwise)
            case Shown():
                return self._either(block.picture, [Middle(text=f"{{{{ {block.picture} }}}}")], "")
            case When():
                inner = [one for each in block.blocks for one in self.blocks(each)]
                return self._either(block.has, inner, "")
            case Each():
                inner = [one for each in block.blocks for one in self.blocks(each)]
                return [f"{{%p for {block.name} in {block.of} %}}", *inner, "{%p endfor %}"]

    def _texts(self, texts: Sequence[str]) -> list[str]:
        return [self.text(text) for text in texts]

    def _either(self, has: str, blocks: Sequence[Block], otherwise: str) -> list[Block]:
        other = ["{%p else %}", self.text(otherwise)] if otherwise else []
        return [f"{{%p if {has} %}}", *blocks, *other, "{%p endif %}"]


def paper_of(form: Form, values: Values, wording: Wording, *, office: str, number: str, day: date) -> Paper:
    """Return the paper of values in a language, as it is written without a template."""
    written = _Writer(wording)
    blocks = [block for one in form.blocks for block in written.blocks(one, values)]
    return Paper(
        wording=wording, office=office, number=number, day=day, title=wording.say(form.heading),
        subject=written.text(form.subject, values), blocks=blocks, addressee=written.text(form.addressee, values),
        attached_to=written.text(form.attached_to, values), signatures=[(wording.say(role), "") for role in form.signatures],
        recipients=[wording.say(one) for one in form.recipients],
    )  # fmt: skip


@dataclass(frozen=True)
class _Writer:
    """Writes blocks of a form with their values."""

    wording: Wording

    def text(self, text: str, values: Values) -> str:
        """Return a text with its fields filled in."""
        return _NAMED.sub(lambda named: str(value_of(values, named[1]) or ""), _translated(text, self.wording))

    def blocks(self, block: FormBlock, values: Values) -> Iterator[Block]:
        """Return the blocks of a paper that a block of a form makes."""
        match block:
            case str():
                yield self.text(block, values)
            case Facts():
                rows = [self._texts(row, values) for row in block.rows]
                yield Grid(header=self._texts(block.header, values), rows=rows, widths=block.widths)
            case Rows():
                yield from self._rows(block, values)
            case Lines():
                lines = [self.text(block.text, {**values, "line": row}) for row in rows_of(values, block.of)]
                yield from lines or self._otherwise(block.otherwise, values)
            case Shown():
                picture = value_of(values, block.picture)
                yield from (
                    [PictureBlock(content=picture, caption="", width=block.width)] if isinstance(picture, bytes) else []
                )
            case When():
                yield from self._all(block.blocks if value_of(values, block.has) else (), values)
            case Each():
                for row in rows_of(values, block.of):
                    yield from self._all(block.blocks, {**values, block.name: row})

    def _rows(self, block: Rows, values: Values) -> Iterator[Block]:
        found = [self._texts(block.cells, {**values, "row": row}) for row in rows_of(values, block.of)]
        header = self._texts(block.header, values)
        if found:
            yield Grid(header=header, rows=found, widths=block.widths, right=block.right)
        else:
            yield from self._otherwise(block.otherwise, values)

    def _otherwise(self, text: str, values: Values) -> list[str]:
        return [self.text(text, values)] if text else []

    def _texts(self, texts: Sequence[str], values: Values) -> list[str]:
        return [self.text(text, values) for text in texts]

    def _all(self, blocks: Sequence[FormBlock], values: Values) -> Iterator[Block]:
        for block in blocks:
            yield from self.blocks(block, values)


def _translated(text: str, wording: Wording) -> str:
    mark = "# " if text.startswith("# ") else ""
    said = text.removeprefix(mark)
    return mark + (wording.translate(said) if said else said)
