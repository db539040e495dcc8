"""Texts that a spreadsheet would run as a formula: disarmed by an apostrophe on the way out, armed again on the way in."""

import re

# Spreadsheets of East Asia read the full-width signs too; some skip blanks and line breaks before a sign.
# An apostrophe is disarmed as well, so that the way back ends where it began.
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠'\t\r\n]")


def disarm(text: str) -> str:
    """Return a text that no spreadsheet runs."""
    return f"'{text}" if _FORMULA.match(text) else text


def rearm(cell: str) -> str:
    """Return the text that was disarmed; any other cell as it is."""
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell, 1) else cell
