"""The form of the half-yearly and yearly report, and the fields that enterprises are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from geodata.schema.charts import Statutory
from geodata.schema.feature import Feature
from geodata.schema.fields import Field
from webmap.app.i18n import DEFAULT_LANGUAGE, translate
from webmap.app.papers import ILLUSTRATION_BLOCK, ILLUSTRATION_FIELDS
from webmap.papers.figures import figure_names
from webmap.papers.periods import Span
from webmap.papers.written import FIGURE_FIELDS, PERIOD, SECTIONS, number
from webmap.templating.fields import Fields, Group, Listing, Text
from webmap.templating.forms import Each, Form, Lines, Rows, When

_MILLION = Decimal(10) ** 6
_MONEY = "VND"
_OPENING = (
    "Căn cứ {source}; kỳ báo cáo {period.text}. Số liệu tự động tính đến ngày {period.day}, theo dữ liệu đang lưu. "
    "Dấu “–”: chưa có số liệu."
)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A figure that enterprises are asked for. Money is stored in VND and said in millions of them."""

    name: str
    label_en: str
    unit: str
    is_whole: bool

    @classmethod
    def of(cls, field: Field, *, is_whole: bool) -> Self:
        """Return what is asked of a detail's field."""
        return cls(name=field.name, label_en=field.label, unit=field.unit, is_whole=is_whole and field.unit != _MONEY)

    @property
    def scale(self) -> Decimal:
        """By how much what is typed is multiplied to be stored."""
        return _MILLION if self.unit == _MONEY else Decimal(1)

    @property
    def label(self) -> str:
        """What papers call it, with its unit."""
        unit = "triệu đồng" if self.unit == _MONEY else translate(self.unit, DEFAULT_LANGUAGE) if self.unit else ""
        name = translate(self.label_en, DEFAULT_LANGUAGE)
        return f"{name} ({unit})" if unit else name

    def say(self, value: Decimal | None) -> str:
        """Return a stored value as papers write it."""
        return number(None if value is None else value / self.scale)


def statutory_form(kind: type[Feature], statutory: Statutory, wanted: Sequence[Wanted], span: Span) -> Form:
    """Return the form of the report of a half-year or a year."""
    columns: Fields = {
        "no": Text(label="TT"), "name": Text(label="Tên cụm"), "holder": Text(label="Chủ đầu tư hạ tầng"),
        **{one.name: Text(label=one.label) for one in wanted}, "said_by": Text(label="Người khai, ngày khai"),
    }  # fmt: skip
    named = {
        name: Group(
            label=": ".join(translate(one, DEFAULT_LANGUAGE) for one in (label, value) if one), fields=FIGURE_FIELDS
        )
        for name, label, value in figure_names(kind, statutory.figures)
    }
    return Form(
        name=f"{statutory.name}_{span.value}",
        title=title_of(statutory, span),
        heading="BÁO CÁO",
        fields={
            **ILLUSTRATION_FIELDS,
            "period": PERIOD, "source": Text(label="Căn cứ pháp lý"), "sections": SECTIONS,
            "figures": Group(
                label="Từng số liệu tự động",
                fields={kind.layer.name: Group(label=translate(kind.layer.title, DEFAULT_LANGUAGE), fields=named)},
            ),
            "coverage": Text(label="Số cụm đã khai báo trên số cụm phải khai báo"),
            "totals": Listing(label="Cộng số liệu khai báo", fields={"label": Text(label="Tên chỉ tiêu"), **FIGURE_FIELDS}),
            "statements": Listing(label="Khai báo của từng chủ đầu tư hạ tầng", fields=columns),
            "missing": Listing(label="Số liệu còn thiếu", fields={"text": Text(label="Nội dung"), "who": Text(label="Ai bổ sung được")}),
            "contradictions": Listing(label="Số liệu chưa khớp", fields={"text": Text(label="Nội dung")}),
        },
        blocks=_blocks(wanted),
        signatures=("GIÁM ĐỐC",),
        recipients=("Như trên", "Các phòng liên quan", "Lưu: VT"),
        addressee="……………………",
    )  # fmt: skip


def title_of(statutory: Statutory, span: Span) -> str:
    """Return what the report of a span is called."""
    name = translate(statutory.title, DEFAULT_LANGUAGE)
    return f"{name} 6 tháng" if span is Span.HALF_YEAR else f"{name} năm"


def _blocks(wanted: Sequence[Wanted]) -> tuple[str | Rows | Lines | When | Each, ...]:
    width = 10.2 / max(len(wanted), 1)
    heads = ("{period.title}", "{period.before}", "{period.last_year}")
    cells = ("{row.label}", "{row.now}", "{row.before}", "{row.last_year}")
    right = frozenset({1, 2, 3})
    return (
        ILLUSTRATION_BLOCK,
        _OPENING,
        Each(
            of="sections", name="section",
            blocks=(
                "# {section.numeral}. {section.title}",
                Rows(of="section.figures", header=("Chỉ tiêu", *heads), cells=cells, widths=(8.4, 2.6, 2.6, 2.9), right=right),
            ),
        ),
        "# II. Số liệu do chủ đầu tư hạ tầng khai báo ({coverage} cụm)",
        Rows(of="totals", header=("Chỉ tiêu", *heads), cells=cells, widths=(8.4, 2.6, 2.6, 2.9), right=right),
        Rows(
            of="statements", header=("TT", "Cụm", *(one.label for one in wanted), "Người khai"),
            cells=("{row.no}", "{row.name}", *(f"{{row.{one.name}}}" for one in wanted), "{row.said_by}"),
            widths=(1, 2.7, *([width] * len(wanted)), 2.6), right=frozenset(range(2, 2 + len(wanted))),
            otherwise="Chưa có khai báo nào.",
        ),
        "# III. Số liệu còn thiếu",
        Lines(of="missing", text="- {line.text} ({line.who}).", otherwise="Không có."),
        "# IV. Số liệu chưa khớp",
        Lines(of="contradictions", text="- {line.text}.", otherwise="Không có."),
    )  # fmt: skip
