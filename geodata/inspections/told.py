"""How the audit log, which is Vietnamese, tells what was written of a finding, or demanded of a record."""

from datetime import date

from geodata.layers.fuel_sites.visits import Severity

WORDS = {
    "found_on": "Ngày phát hiện", "severity": "Mức độ", "description": "Nội dung", "article": "Điều khoản",
    "sanction_decision_no": "Số quyết định xử phạt", "fine_vnd": "Tiền phạt (VND)",
    "extra_penalty": "Hình thức phạt bổ sung", "fine_paid_on": "Ngày nộp phạt", "remedy_due_on": "Hạn khắc phục",
    "remedied_on": "Ngày khắc phục", "remedy_evidence": "Bằng chứng khắc phục", "rechecked_on": "Ngày phúc tra",
}  # fmt: skip
DEMANDS = {
    "every_answer": "trả lời mọi câu hỏi", "people": "có người của cơ sở",
    "signature": "chữ ký hoặc lý do không có chữ ký", "position": "vị trí hoặc lý do không có vị trí",
}  # fmt: skip
_SEVERITIES = {
    Severity.VIOLATION: "Vi phạm hành chính", Severity.MAJOR: "Tồn tại lớn", Severity.MINOR: "Tồn tại",
}  # fmt: skip


def told_value(value: object) -> str:
    """Return a value as it is written in Vietnamese; a dash for none."""
    if isinstance(value, Severity):
        return _SEVERITIES[value]
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    return f"{value:,}".replace(",", ".") if isinstance(value, int) else str(value or "–")


def told_change(name: str, old: object, new: object) -> str:
    """Return a change of a finding's column: “Hạn khắc phục: 08/12/2026 → 07/01/2027”."""
    return f"{WORDS[name]}: {told_value(old)} → {told_value(new)}"
