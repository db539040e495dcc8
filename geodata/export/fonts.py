"""The serif of papers: Liberation Serif, which has the widths of Times New Roman that Decree 30/2020 wants."""

from pathlib import Path

import fontpkg_crimson_text

#: Debian's fonts-liberation2; version 1 lacks Vietnamese. Where it is missing, Crimson Text stands in.
_TIMES = Path("/usr/share/fonts/truetype/liberation2")
STYLES = {"": "Regular", "-Bold": "Bold", "-Italic": "Italic", "-BoldItalic": "BoldItalic"}


def font_file(style: str) -> str:
    """Return the file of a style: Regular, Bold, Italic or BoldItalic."""
    if _TIMES.exists():
        return str(_TIMES / f"LiberationSerif-{style}.ttf")
    return str(Path(fontpkg_crimson_text.__file__).parent / "files" / f"CrimsonText-{style}.ttf")
