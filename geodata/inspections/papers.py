"""The papers of an inspection: minutes of a visit, target list and summary of a campaign. In Vietnamese, for authorities."""

from collections.abc import Mapping, Sequence
from datetime import date

from geodata.inspection_records import PaperPicture, VisitPaper
from geodata.inspections.campaigns import Progress, TargetRow
from geodata.inspections.checklists import checklist
from geodata.inspections.papers_content import findings_in
from geodata.layers.fuel_sites import FuelSite
from geodata.papers import Block, Grid, Paper, Picture, long_day

ANSWERS = {"ok": "Đạt", "not_ok": "Không đạt", "na": "Không áp dụng"}
SEVERITIES = {"violation": "Vi phạm hành chính", "major": "Tồn tại lớn", "minor": "Tồn tại"}
VISIT_KINDS = {"planned": "theo kế hoạch", "unplanned": "đột xuất", "recheck": "phúc tra"}


def visit_minutes(
    paper: VisitPaper, site: FuelSite, pictures: Sequence[PaperPicture], *, office: str, labels: Mapping[str, str]
) -> Paper:
    """Return the minutes (biên bản) of a visit. `labels`: the checklist's texts in Vietnamese by item."""
    content = {name: str(value) for name, value in paper.content.items()}
    visited_on = _day(content.get("visited_on"), paper.planned_on)
    blocks: list[Block] = [
        f"Hôm nay, hồi …… giờ ……, {long_day(visited_on)}, tại {site.name}, {site.address or '…'}, "
        f"đoàn kiểm tra tiến hành kiểm tra {VISIT_KINDS[paper.kind]}"
        + (f", căn cứ văn bản số {content['decision_no']}." if content.get("decision_no") else "."),
        "# I. Thành phần",
        f"1. Đoàn kiểm tra: {content.get('leader') or paper.inspector}.",
        f"2. Đại diện cơ sở và người có mặt: {'; '.join(_filled(content.get('people')))}.",
        "# II. Thông tin cơ sở",
        f"Mã: {site.code}. Thương nhân: {site.trader or '…'}. Mã số thuế: {site.tax_code or '…'}. "
        f"Giấy chứng nhận: {site.certificate_no or 'chưa có số'}"
        + (f", hết hạn {site.certificate_expires_on:%d/%m/%Y}." if site.certificate_expires_on else "."),
    ]
    if content.get("lat"):
        blocks.append(
            f"Vị trí ghi nhận khi kiểm tra: {content['lat']}, {content.get('lon')} (WGS 84), "
            f"sai số ± {content.get('accuracy_m', '?')} m."
        )
    answered = [item for item in checklist(site.kind) if content.get(f"answer.{item.key}") in ANSWERS]
    rows = [
        [str(number), labels[item.key], ANSWERS[content[f"answer.{item.key}"]], content.get(f"remark.{item.key}", "")]
        for number, item in enumerate(answered, start=1)
    ]
    blocks += [
        "# III. Nội dung kiểm tra",
        Grid(header=("TT", "Nội dung", "Kết quả", "Ghi chú"), rows=rows, widths=(1, 8.5, 2.7, 4.3)),
    ]
    found = findings_in(content)
    blocks.append("# IV. Tồn tại, vi phạm và thời hạn khắc phục")
    if found:
        lines = [
            [
                str(number), SEVERITIES.get(finding.severity, ""), finding.description or labels.get(finding.item, ""),
                finding.reference, _written(finding.due),
            ]
            for number, finding in enumerate(found, start=1)
        ]  # fmt: skip
        blocks.append(
            Grid(
                header=("TT", "Mức độ", "Nội dung", "Điều khoản", "Hạn khắc phục"),
                rows=lines,
                widths=(1, 2.7, 6, 4.2, 2.6),
            )
        )
    else:
        blocks.append("Không phát hiện tồn tại.")
    blocks += ["# V. Ý kiến, kiến nghị", content.get("note") or "Không."]
    photos = [
        Picture(
            content=picture.content,
            caption=f"Ảnh {number}" + (f", chụp {picture.taken_at:%H:%M %d/%m/%Y}" if picture.taken_at else ""),
        )
        for number, picture in enumerate((p for p in pictures if p.purpose == "photo"), start=1)
    ]
    if photos:
        blocks += ["# VI. Ảnh chụp tại nơi kiểm tra", *photos]
    blocks.append(
        "Biên bản kết thúc hồi …… giờ …… cùng ngày, đã được đọc lại cho những người có mặt cùng nghe, công nhận đúng "
        "và ký tên; lập thành hai bản có giá trị như nhau, mỗi bên giữ một bản."
    )
    signed = next((picture.content for picture in pictures if picture.purpose == "signature"), None)
    return Paper(
        office=office, number=f"{paper.id}/BB-KT", place="Hải Phòng",
        day=visited_on, title="BIÊN BẢN KIỂM TRA", subject=f"Việc chấp hành quy định của pháp luật tại {site.name}",
        blocks=blocks, signature_picture=signed,
        signatures=(("ĐẠI DIỆN CƠ SỞ", ""), ("TRƯỞNG ĐOÀN KIỂM TRA", content.get("leader") or paper.inspector)),
    )  # fmt: skip


def target_list(progress: Progress, targets: Sequence[TargetRow], *, office: str, on: date) -> Paper:
    """Return a campaign's list of targets."""
    campaign = progress.campaign
    rows = [
        [str(number), row.site.name, row.site.address or "", row.site.trader or "", _outcome(row)]
        for number, row in enumerate(targets, start=1)
    ]
    return Paper(
        office=office, number="…/DS-SCT", day=on,
        title="DANH SÁCH CƠ SỞ KIỂM TRA", subject=campaign.title, attached_to=_attached_to(progress),
        blocks=[
            Grid(header=("TT", "Cơ sở", "Địa chỉ", "Thương nhân", "Tình hình"), rows=rows, widths=(1, 4, 5, 3.5, 3)),
        ],
        signatures=(("NGƯỜI LẬP", ""), ("LÃNH ĐẠO PHÒNG", "")),
    )  # fmt: skip


def campaign_summary(progress: Progress, targets: Sequence[TargetRow], *, office: str, on: date) -> Paper:
    """Return the summary of a campaign: figures, what is left and why, what is overdue."""
    campaign = progress.campaign
    left = [row for row in targets if row.visited_on is None and row.target.state == "selected"]
    found = [row for row in targets if row.findings]
    fines = f"{progress.fines_vnd:,}".replace(",", ".")
    blocks: list[Block] = [
        _basis(progress),
        "# 1. Kết quả",
        (
            f"Số cơ sở theo kế hoạch: {progress.planned}; đã kiểm tra: {progress.done} ({progress.percent} %); "
            f"được miễn: {progress.waived}; quá hạn chưa kiểm tra: {progress.overdue}."
        ),
        (
            f"Vi phạm: {progress.violations}; tiền phạt: {fines} đồng; tồn tại chưa khắc phục: {progress.open_remedies}, "
            f"trong đó quá hạn: {progress.overdue_remedies}."
        ),
        "# 2. Cơ sở có tồn tại, vi phạm",
    ]
    blocks.append(
        Grid(
            header=("TT", "Cơ sở", "Ngày kiểm tra", "Số tồn tại", "Chưa khắc phục"),
            rows=[
                [str(number), row.site.name, _written(row.visited_on), str(row.findings), str(row.open_findings)]
                for number, row in enumerate(found, start=1)
            ],
            widths=(1, 7.5, 3, 2.5, 2.5),
        )
        if found
        else "Không có."
    )
    blocks.append("# 3. Cơ sở chưa kiểm tra")
    blocks.append("; ".join(row.site.name for row in left) + "." if left else "Không có.")
    return Paper(
        office=office, number="…/BC-SCT", day=on,
        title="BÁO CÁO", subject=f"Kết quả thực hiện {campaign.number}: {campaign.title}", blocks=blocks,
        addressee=campaign.authority or "……………………", signatures=(("GIÁM ĐỐC", ""),),
        recipients=("Như trên", "Các phòng liên quan", "Lưu: VT"),
    )  # fmt: skip


def _basis(progress: Progress) -> str:
    campaign = progress.campaign
    parts = [f"Thực hiện văn bản số {campaign.number}"]
    if campaign.decided_on:
        parts.append(f"ngày {campaign.decided_on:%d/%m/%Y}")
    if campaign.authority:
        parts.append(f"của {campaign.authority}")
    basis = f"; căn cứ {campaign.legal_basis}" if campaign.legal_basis else ""
    return f"{' '.join(parts)}{basis}."


def _attached_to(progress: Progress) -> str:
    campaign = progress.campaign
    day = f" ngày {campaign.decided_on:%d/%m/%Y}" if campaign.decided_on else ""
    return f"(Kèm theo văn bản số {campaign.number}{day}{f' của {campaign.authority}' if campaign.authority else ''})"


def _filled(text: str | None) -> list[str]:
    """Return the lines of a text that say something; dots to write on when there is none."""
    return [line.strip().rstrip(".;") for line in (text or "").splitlines() if line.strip()] or ["…"]


def _outcome(row: TargetRow) -> str:
    if row.visited_on:
        return f"Đã kiểm tra {row.visited_on:%d/%m/%Y}" + (f", {row.findings} tồn tại" if row.findings else "")
    return f"Miễn: {row.target.waive_reason}" if row.target.waive_reason else "Chưa kiểm tra"


def _day(text: str | None, default: date) -> date:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return default


def _written(day: str | date | None) -> str:
    if isinstance(day, str):
        try:
            day = date.fromisoformat(day)
        except ValueError:
            return ""
    return f"{day:%d/%m/%Y}" if day else ""
