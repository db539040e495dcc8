"""The colours that stand for something and belong to no layer, as #rrggbb; a layer's own are declared in its Style.

Styles and scripts have them from webmap/static/css/colours.css as `--c-<name>`, which `python -m geodata.schema.colours` writes.
"""

import sys
from collections.abc import Mapping, Sequence

COLOURS: Mapping[str, str] = {
    # What is drawn: names and frames, names of what lies below, what is selected or drawn, rules of a table or a chart.
    "ink": "#1d2733", "faint": "#6b7683", "paper": "#ffffff", "accent": "#0b4f8a", "line": "#dde3e9",
    # The same by night.
    "night-ink": "#e3e9f1", "night-faint": "#93a1b3", "night-paper": "#16202c",
    # Badges; on charts also what is forecast and what is done.
    "warning": "#c2570c", "alert": "#c8102e", "tick": "#1b7f4d",
    # How well something stands: colours that are told apart without red and green, from ColorBrewer's Dark2 and PuOr.
    "good": "#1b9e77", "fair": "#e6ab02", "poor": "#e66101", "bad": "#b2182b", "unknown": "#5f6670", "ended": "#111111",
    # Beside those: a line or an edge that must be darker than a surface.
    "good-dark": "#14604a", "fair-edge": "#a67c00", "fair-dark": "#6f5400", "poor-dark": "#a34500",
    # The network: where it is fed from, the edge of a station, an area in which all is out.
    "infeed": "#0b5cad", "station": "#263238", "storm": "#4a148c",
    # What is proposed and waits; the ink of a signature.
    "proposed": "#7b3294", "signature": "#10243a",
    # A visit: answered well or done, serious or next, a violation.
    "fulfilled": "#14795a", "serious": "#b34a00", "grave": "#7d0f1d",
}  # fmt: skip

_BLUE, _BROWN, _GREEN, _VIOLET = "#0077b6", "#8a5a00", "#2b7a0b", "#5a189a"
#: Of notes on the map; a stored drawing names one of them.
NOTES: Sequence[str] = ("#c1121f", _BLUE, _BROWN, _GREEN, _VIOLET)
#: Of files of one's own, one each: beside a note's red another one.
OWN_FILES: Sequence[str] = ("#b5179e", _BLUE, _BROWN, _VIOLET, _GREEN)
#: Of the routes of a day, one a person.
PEOPLE: Sequence[str] = (
    COLOURS["accent"], COLOURS["serious"], COLOURS["fulfilled"], "#6a51a3", COLOURS["grave"], "#00707a", "#8a2a6b", "#5a5a00",
    "#3b3f46", "#a0182f",
)  # fmt: skip


def stylesheet() -> str:
    """Return the colours as custom properties."""
    rows = {"note": NOTES, "own": OWN_FILES, "person": PEOPLE}
    named = dict(COLOURS) | {f"{name}-{at}": one for name, row in rows.items() for at, one in enumerate(row)}
    lines = "".join(f"  --c-{name}: {colour};\n" for name, colour in named.items())
    return f"/* Written by `python -m geodata.schema.colours`: change them there. */\n:root {{\n{lines}}}\n"


if __name__ == "__main__":
    sys.stdout.write(stylesheet())
