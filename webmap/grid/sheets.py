"""The network's results as administrative papers. They are Vietnamese: they go to authorities."""

from collections.abc import Mapping, Sequence
from datetime import date

from geodata.base.i18n import N_
from geodata.export.blocks import Block, Grid
from geodata.export.papers import Paper
from geodata.grid.consumers import Cure, Supply
from geodata.grid.documents import Loading, StudyDocument
from geodata.grid.events import EventPlan
from geodata.grid.results import Remedies
from webmap.app.i18n import format_value, translate
from webmap.app.papers import ILLUSTRATION_BLOCK, ILLUSTRATION_FIELDS, Filled, said_illustration, wording
from webmap.grid.words import (
    PARAMETERS,
    Names,
    StationLine,
    limits_of,
    names_of,
    number,
    outage_rows,
    overload_rows,
    supply_text,
)
from webmap.templating.fields import Listing, Text
from webmap.templating.forms import Facts, Form, Lines, Rows

#: A paper lists so many overloads under single outages; the workbook has all.
MOST_ROWS = 40

INDICATIVE = (
    "Kết quả chỉ để định hướng: tính trên số liệu đang có trong hệ thống, theo tiêu chí quy hoạch N-1 "
    "(chưa phải nghĩa vụ pháp lý đối với mọi lưới điện 110 kV phân phối, chưa kiểm chứng); không thay thế tính toán "
    "của đơn vị quản lý vận hành lưới điện."
)


def overload_paper(
    document: StudyDocument,
    remedies: Remedies,
    supplies: Sequence[Supply],
    cures: Mapping[str, Sequence[Cure]],
    *,
    computed: str,
    office: str,
    day: date,
) -> Paper:
    """Return the plan against local overload of a year: what is overloaded, when, what cures it; who gets no power and why."""
    names = names_of(document)
    scenario = in_vietnamese(SCENARIOS[document["scenario"]])
    blocks: list[Block] = [
        f"Năm tính toán: {document['year']}; chế độ: {scenario}; tính ngày {computed}.",
        INDICATIVE,
        *_overloads(document, remedies, names),
        "# III. Sự cố gây mất điện lớn nhất",
        _grid(
            ("Sự cố", "Mất điện, MW", "Trạm mất điện"),
            [
                [row["name"], number(row["unserved_mw"]), ", ".join(names.of(code) for code in row["dead"])]
                for row in outage_rows(document, 10)
                if row["unserved_mw"]
            ],
            (6.5, 3, 7),
            "Không có sự cố đơn lẻ nào gây mất điện.",
        ),
        "# IV. Cụm công nghiệp chưa bảo đảm cấp điện",
        _short_clusters(document, supplies, cures, names),
        *_assumptions(document),
    ]
    return _paper("PHƯƠNG ÁN", f"Chống quá tải cục bộ lưới điện 110 kV năm {document['year']}", blocks, office, day)


def _overloads(document: StudyDocument, remedies: Remedies, names: Names) -> list[Block]:
    """Return what is overloaded with all in service, since when and what cures it; and what with one element failed."""
    rows = overload_rows(document)
    normal, failing = [row for row in rows if not row["outage"]], [row for row in rows if row["outage"]]
    blocks: list[Block] = [
        "# I. Quá tải ở chế độ bình thường",
        _grid(
            ("Phần tử", "Mức", "Từ năm", "Giải pháp theo quy hoạch"),
            [
                [
                    names.of(row["element"]),
                    _level(row),
                    str(remedies.since.get(row["element"], document["year"])),
                    _cure(row["element"], remedies, names),
                ]
                for row in normal
            ],
            (5.5, 2.2, 1.8, 7),
            "Không có phần tử nào vượt giới hạn.",
        ),
        "# II. Quá tải khi một phần tử bị sự cố (N-1)",
        _grid(
            ("Phần tử", "Khi sự cố", "Mức"),
            [[names.of(row["element"]), names.of(row["outage"]), _level(row)] for row in failing[:MOST_ROWS]],
            (6.5, 6.5, 3.5),
            "Không có phần tử nào vượt giới hạn.",
        ),
    ]
    if len(failing) > MOST_ROWS:
        blocks.append(f"Còn {len(failing) - MOST_ROWS} trường hợp nhẹ hơn: xem bảng tính kèm theo.")
    return blocks


def _short_clusters(
    document: StudyDocument, supplies: Sequence[Supply], cures: Mapping[str, Sequence[Cure]], names: Names
) -> Block:
    year, limits = document["year"], limits_of(document, names)
    short = [supply for supply in supplies if supply.missing_mw(year)]
    rows = []
    for supply in short:
        best = max(supply.offers, key=lambda offer: offer.by_year.get(year) or 0.0, default=None)
        why = limits.get(best.station.code, "") if best else "Không có trạm nào trong bán kính xét"
        freed = [_cure_text(cure, names) for cure in cures.get(supply.consumer.code, ())]
        need = f"{number(supply.need_by_year[year])}; {number(supply.missing_mw(year))}"
        rows.append(
            [
                supply.consumer.name,
                need,
                why,
                "; ".join(freed) or "Không có phần tử đã quy hoạch nào một mình giải quyết được",
            ]
        )
    known = any(year in supply.need_by_year for supply in supplies)
    nothing = "Mọi cụm được bảo đảm." if known else "Chưa có kết quả của năm này để so với nhu cầu của các cụm."
    return _grid(("Cụm", "Cần; thiếu, MW", "Vướng", "Giải pháp theo quy hoạch"), rows, (4, 2.2, 5, 5.3), nothing)


def _cure_text(cure: Cure, names: Names) -> str:
    when = f" (năm {cure.begins})" if cure.begins else ""
    return f"{cure.name or names.of(cure.code)}{when}: {names.of(cure.station)} còn nhận được {number(cure.headroom_mw)} MW"


def station_paper(
    row: StationLine,
    years: Sequence[tuple[int, StationLine]],
    document: StudyDocument,
    *,
    computed: str,
    office: str,
    day: date,
) -> Paper:
    """Return the sheet of a station, a row of station_rows(), with that of each computed year."""
    names = names_of(document)
    facts = [
        ["Phụ tải", f"{number(row['load_mw'])} MW, {number(row['load_mvar'])} MVAr"],
        ["Công suất đặt; công suất bảo đảm (N-1)", f"{number(row['rated_mva'])}; {number(row['firm_mva'])} MVA"],
        ["Mang tải máy biến áp", f"{number(row['transformer_loading_percent'])} %"],
        ["Điện áp thanh cái 110 kV", f"{number(row['vm_pu'] and row['vm_pu'] * 110)} kV"],
        ["Còn đấu nối được, chế độ bình thường (N-0)", f"{number(row['headroom_n0_mw'])} MW"],
        ["Còn đấu nối được khi một phần tử sự cố (N-1)", f"{number(row['headroom_n1_mw'])} MW"],
        ["Giới hạn bởi", row["limit"] or "–"],
        ["Đã thỏa thuận; đang chờ", f"{number(row['accepted_mw'])}; {number(row['waiting_mw'])} MW"],
    ]
    own = [each for each in overload_rows(document) if each["element"] == row["code"]]
    blocks: list[Block] = [
        f"Năm tính toán: {document['year']}; chế độ: {in_vietnamese(SCENARIOS[document['scenario']])}; tính ngày {computed}.",
        INDICATIVE,
        Grid(header=("Chỉ tiêu", "Giá trị"), rows=facts, widths=(8, 8.5)),
        _grid(
            ("Vượt giới hạn", "Khi sự cố", "Mức"),
            [[names.of(each["element"]), names.of(each["outage"]) or "–", _level(each)] for each in own],
            (6.5, 6.5, 3.5),
            "Trạm không vượt giới hạn nào.",
        ),
        "# Theo từng năm",
        Grid(
            header=("Năm", "Phụ tải, MW", "N-0, MW", "N-1, MW", "Giới hạn bởi"),
            rows=[
                [
                    str(year),
                    number(each["load_mw"]),
                    number(each["headroom_n0_mw"]),
                    number(each["headroom_n1_mw"]),
                    each["limit"],
                ]
                for year, each in years
            ],
            widths=(1.5, 2.5, 2, 2, 8.5),
        ),
        *_assumptions(document),
    ]
    return _paper("PHIẾU KHẢ NĂNG NHẬN TẢI", row["name"], blocks, office, day)


def cluster_paper(
    supply: Supply,
    cures: Sequence[Cure],
    names: Names,
    *,
    limits: Mapping[str, str],
    document: StudyDocument,
    scenario: str,
    computed: str,
    office: str,
    day: date,
) -> Paper:
    """Return the sheet of an industrial cluster: its need, who carries it until when, and what frees it."""
    consumer = supply.consumer
    basis = "theo số liệu nêu" if consumer.is_stated else f"{number(consumer.free_ha)} ha × {number(consumer.mw_per_ha, 2)} MW/ha (giả định)"  # fmt: skip
    years = sorted(supply.need_by_year)
    offers = [
        [
            offer.station.name,
            number(offer.station.km),
            *(number(offer.by_year[year]) for year in years[::2]),
            limits.get(offer.station.code, ""),
        ]
        for offer in supply.offers
    ]
    blocks: list[Block] = [
        f"Chế độ: {in_vietnamese(SCENARIOS[scenario])}; tính ngày {computed}.",
        INDICATIVE,
        f"Nhu cầu điện tăng thêm khi lấp đầy: {number(consumer.need_mw)} MW ({basis}).",
        supply_text(supply, names),
        _grid(
            ("Trạm", "km", *(str(year) for year in years[::2]), f"Vướng năm {supply.short_from or document['year']}"),
            offers,
            (3.6, 1.1, *((7.2 / max(len(years[::2]), 1),) * len(years[::2])), 4.6),
            "Không có trạm nào trong bán kính xét.",
        ),
        "# Giải pháp",
        *(
            [_cure_text(cure, names) + "." for cure in cures]
            or ["Không cần, hoặc không có phần tử đã quy hoạch nào một mình giải quyết được."]
        ),
        *_assumptions(document),
    ]  # fmt: skip
    return _paper("PHIẾU CẤP ĐIỆN CỤM CÔNG NGHIỆP", consumer.name, blocks, office, day)


EVENT_FORM = Form(
    name="event_supply",
    title=N_("Supply plan of an event"),
    heading="PHƯƠNG ÁN CẤP ĐIỆN SỰ KIỆN",
    fields={
        **ILLUSTRATION_FIELDS,
        "year": Text(label="Năm tính toán"), "scenario": Text(label="Chế độ tính toán"), "computed": Text(label="Ngày tính"),
        "caution": Text(label="Kết quả chỉ để tham khảo"), "days": Text(label="Thời gian"),
        "station": Text(label="Trạm cấp điện, khoảng cách"), "load": Text(label="Phụ tải của trạm; công suất đặt"),
        "firm": Text(label="Công suất bảo đảm khi một máy sự cố"), "headroom": Text(label="Còn nhận thêm khi một phần tử sự cố (N-1)"),
        "demand": Text(label="Nhu cầu của sự kiện"), "secure": Text(label="Bảo đảm N-1"),
        "reserves": Listing(label="Phương án dự phòng", fields={"text": Text(label="Nội dung")}),
        "inputs": Text(label="Căn cứ số liệu: đo, khai báo, giả định"),
        "assumed": Listing(
            label="Giá trị giả định",
            fields={
                "object": Text(label="Phần tử"), "parameter": Text(label="Thông số"), "value": Text(label="Giá trị"),
                "unit": Text(label="Đơn vị"),
            },
        ),
    },
    blocks=(
        ILLUSTRATION_BLOCK,
        "Năm tính toán: {year}; chế độ: {scenario}; tính ngày {computed}.",
        "{caution}",
        Facts(
            header=("Chỉ tiêu", "Giá trị"),
            rows=(
                ("Thời gian", "{days}"), ("Trạm cấp điện", "{station}"), ("Phụ tải của trạm; công suất đặt", "{load}"),
                ("Công suất bảo đảm khi một máy sự cố", "{firm}"), ("Còn nhận thêm khi một phần tử sự cố (N-1)", "{headroom}"),
                ("Nhu cầu của sự kiện", "{demand}"), ("Bảo đảm N-1", "{secure}"),
            ),
            widths=(7, 9.5),
        ),
        "# Phương án dự phòng",
        Lines(of="reserves", text="{line.text}"),
        "{inputs}",
        Rows(
            of="assumed", header=("Giá trị giả định của", "Thông số", "Giá trị", "Đơn vị"),
            cells=("{row.object}", "{row.parameter}", "{row.value}", "{row.unit}"), widths=(7, 4.5, 3, 2), right=frozenset({2}),
        ),
    ),
    signatures=("NGƯỜI LẬP", "LÃNH ĐẠO PHÒNG"),
)  # fmt: skip


def filled_event(
    plan: EventPlan,
    lines: Sequence[str],
    document: StudyDocument,
    *,
    scenario: str,
    computed: str,
    office: str,
    day: date,
    is_illustration: bool = False,
) -> Filled:
    """Return the plan of an event: its station, that station's N-1 state, what stands in reserve."""
    event, row = plan.event, plan.station
    named = "đã xác định" if plan.is_named else "trạm gần nhất, giả định"
    columns = ("object", "parameter", "value", "unit")
    values = {
        **said_illustration(is_some=is_illustration),
        "subject": event.name, "year": str(event.begins_on.year), "scenario": in_vietnamese(SCENARIOS[scenario]), "computed": computed,
        "caution": INDICATIVE,
        "days": day_text(event.begins_on) + (f" – {day_text(event.ends_on)}" if event.ends_on != event.begins_on else ""),
        "station": f"{row['name']}, cách {number(plan.km)} km ({named})",
        "load": f"{number(row['load_mw'])} MW; {number(row['rated_mva'])} MVA", "firm": f"{number(row['firm_mva'])} MVA",
        "headroom": f"{number(row['headroom_n1_mw'])} MW", "demand": f"{number(event.power_mw and float(event.power_mw))} MW",
        "secure": "Đạt" if plan.is_secure else "Chưa đạt", "reserves": [{"text": line} for line in lines],
        "inputs": _inputs(document), "assumed": [dict(zip(columns, one, strict=True)) for one in _assumed(document)],
    }  # fmt: skip
    return Filled(form=EVENT_FORM, values=values, office=office, number="…/BC-SCT", day=day)


SCENARIOS = {
    "day_peak": "cao điểm ngày", "evening_peak": "cao điểm tối", "off_peak": "thấp điểm", "forecast": "dự báo",
    "forecast_low": "dự báo, tăng trưởng thấp", "forecast_base": "dự báo, tăng trưởng cơ sở",
    "forecast_high": "dự báo, tăng trưởng cao",
}  # fmt: skip


def in_vietnamese(text: str) -> str:
    """Return a text of the code in the papers' language."""
    return translate(text, "vi")


def _level(row: Loading) -> str:
    if row["loading_percent"] is not None:
        return f"{number(row['loading_percent'])} %"
    if row["vm_pu"] == 0:
        return "Sụp đổ điện áp"
    return f"{number((row['vm_pu'] or 0) * 110)} kV"


def _cure(code: str, remedies: Remedies, names: Names) -> str:
    by = [
        f"{planned.name or names.of(planned.code)}" + (f" (năm {planned.begins})" if planned.begins else "")
        for planned in remedies.by.get(code, ())
    ]
    told = f"Hết quá tải từ năm {remedies.cured[code]} theo phần tử đã quy hoạch. " if code in remedies.cured else ""
    if by:
        return f"{told}Phần tử giải quyết được: {'; '.join(by)}."
    return told.strip() or "Không có phần tử đã quy hoạch nào một mình giải quyết được"


def _grid(header: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float], nothing: str) -> Block:
    return Grid(header=header, rows=rows, widths=widths) if rows else nothing


def _assumptions(document: StudyDocument) -> list[Block]:
    """Return how many inputs were measured, stated and assumed, and the assumed ones."""
    header = ("Giá trị giả định của", "Thông số", "Giá trị", "Đơn vị")
    rows = _assumed(document)
    return [_inputs(document), *([Grid(header=header, rows=rows, widths=(7, 4.5, 3, 2))] if rows else [])]


def _inputs(document: StudyDocument) -> str:
    inputs = document["inputs"]
    return (
        f"Căn cứ số liệu: {inputs.get('measured', 0)} giá trị đo, {inputs.get('stated', 0)} giá trị khai báo, "
        f"{inputs.get('assumed', 0)} giá trị giả định."
    )


def _assumed(document: StudyDocument) -> list[list[str]]:
    names = names_of(document)
    return [
        [
            names.of(row["object"]),
            in_vietnamese(PARAMETERS.get(row["parameter"], row["parameter"])),
            _plain(row["value"]),
            in_vietnamese(row["unit"]),
        ]
        for row in document["assumed"]
    ]


def _plain(value: float | str) -> str:
    return value if isinstance(value, str) else format_value(value, "vi")


def _paper(title: str, subject: str, blocks: list[Block], office: str, day: date) -> Paper:
    return Paper(
        wording=wording(), office=office, number="…/BC-SCT", day=day, title=title, subject=subject, blocks=blocks,
        signatures=(("NGƯỜI LẬP", ""), ("LÃNH ĐẠO PHÒNG", "")),
    )  # fmt: skip


def day_text(moment: date) -> str:
    """Return a moment as papers write it."""
    return format_value(moment, "vi")
