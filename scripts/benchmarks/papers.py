"""How long it takes to check a template of a hundred pages and to fill it: tables and sentences full of fields."""

import io
import json
import time

from docx import Document
from docx.enum.text import WD_BREAK

from geodata.layers import LAYERS
from scripts.base.paths import WORK
from scripts.benchmarks._server import print_table
from webmap.app.papers import usual_template
from webmap.papers.kinds import get_form
from webmap.templating.fields import leaves, sample
from webmap.templating.filling import accept, fill

PAGES, SENTENCES, ROWS, COLUMNS = 100, 12, 10, 4
#: Most seconds of work that filling may take.
MOST_S = 5.0
_SENTENCE = "Tình hình thực hiện kế hoạch sản xuất công nghiệp và hoạt động thương mại, số cơ sở: "
_NAMED = "{{{{ {} }}}}"


def main() -> int:
    """Print and write var/bench/papers.json; 1 when filling takes too long."""
    form = get_form(LAYERS, "monthly")
    plain = [path for path, _label in leaves(form.all_fields) if "[]" not in path]
    content = _template(usual_template(form), plain)
    began = time.process_time()  # the machine's other work is not counted
    accept(content, form.all_fields)
    checked = time.process_time()
    fill(content, form.all_fields, sample(form.all_fields, b""))
    seconds = {"check_and_try_s": round(checked - began, 2), "fill_s": round(time.process_time() - checked, 2)}
    rows: list[dict[str, object]] = [{"pages": PAGES, "fields": PAGES * (SENTENCES + ROWS * COLUMNS), **seconds}]
    print_table(rows)
    (WORK / "bench" / "papers.json").write_text(json.dumps(rows, indent=2) + "\n", "utf-8")
    return 1 if seconds["fill_s"] > MOST_S else 0


def _template(content: bytes, names: list[str]) -> bytes:
    document = Document(io.BytesIO(content))
    for page in range(PAGES):
        for line in range(SENTENCES):
            document.add_paragraph((_SENTENCE + _NAMED.format(names[(page + line) % len(names)])) * 2)
        table = document.add_table(rows=ROWS, cols=COLUMNS)
        for place, cell in enumerate(cell for row in table.rows for cell in row.cells):
            cell.text = _NAMED.format(names[(page + place) % len(names)])
        document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


if __name__ == "__main__":
    raise SystemExit(main())
