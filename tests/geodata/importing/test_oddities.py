"""Whatever an office writes is read right, or asked about, or refused with its place: never wrong in silence."""

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import shapely

from geodata.importing import ImportOptions, preview_import
from geodata.layers import LAYERS
from tests.geodata.importing import odd_workbooks, oddities

SITES = LAYERS.get("fuel_sites")
QUESTIONS = 6


def answered(written, report, options):
    """Return the options with the answer that the file's author would give; he finds it among the choices."""
    question = report.question
    values = [choice.value for choice in question.choices]
    assert values, question.about
    truth = {"crs": written.crs, "encoding": written.encoding, "header": written.header_row, "dates": written.dates}
    if question.about == "header":
        assert written.header_row.partition("-")[0] in values
        return {**options, "header_row": written.header_row}
    if question.about == "columns":
        if "none" in values:
            return {**options, "coordinates": written.coordinates}
        field, _, column = values[0].partition("=")
        if column:  # cut to ten letters
            field = next(name for name, heading in written.headings.items() if f"{name}={heading}" in values)
            column = written.headings[field]
        else:
            field = next(item.field for item in report.problems if item.code == "missing_field")
            column = written.headings[field]
            assert column in values
        return {**options, "mapping": {**options.get("mapping", {}), field: column}}
    assert truth[question.about] in values, (question.about, values)
    return {**options, question.about: truth[question.about]}


def read(session, path, written):
    """Preview the file, every question answered."""
    options = {}
    for _ in range(QUESTIONS):
        preview = preview_import(session, SITES, path, ImportOptions(**options))
        if preview.report.question is None:
            return preview
        options = answered(written, preview.report, options)
    raise AssertionError((preview.report.question, options))


def told_rows(preview):
    """Return the rows that some problem names, singly or among others, and the columns."""
    rows, fields = set(), set()
    for item in preview.problems:
        fields.add((item.row, item.field))
        rows.add(item.row)
        for first, last in re.findall(r"(\d+)(?:–(\d+))?", str(item.text.values.get("rows", ""))):
            rows.update(range(int(first), int(last or first) + 1))
    return rows, fields


def wrong_in_silence(preview, written):
    """Return what differs from what was meant without a word about its row."""
    report = preview.report
    if report.status == "refused":
        return [] if report.reason_text else ["refused without a reason"]
    rows, _ = told_rows(preview)
    errors = {item.row for item in preview.problems if item.severity == "error"}
    at = {row: index for index, row in enumerate(preview.rows.rows)}
    found = []
    for item in written.meant:
        if item.record not in at:
            if item.record not in rows:
                found.append((item.record, "is missing"))
            continue
        index = at[item.record]
        for name, value in item.values.items():
            read_value = preview.rows.values[name][index] if name in preview.rows.values else None
            if name in item.lost:
                if read_value is not None or item.record not in rows:
                    found.append((item.record, name, "lost", read_value))
                continue
            if name not in preview.rows.values and report.unmapped:
                continue
            if not is_same(value, read_value) and item.record not in rows:
                found.append((item.record, name, value, read_value))
        place = shapely.get_coordinates(preview.rows.geometries[index])[0]
        if np.abs(place - item.place).max() > written.tolerance and item.record not in rows:
            found.append((item.record, "place", item.place, tuple(place)))
    others = set(at) - {item.record for item in written.meant} - errors
    return found + [(row, "is no object") for row in others]


def is_same(meant, found):
    return (meant or None) == found or (meant is not None and str(meant) == str(getattr(found, "value", found)))


def examples(heavy_number):
    return settings(
        max_examples=heavy_number, deadline=None, print_blob=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    )  # fmt: skip


@pytest.mark.parametrize(
    "files", [oddities.text_tables, odd_workbooks.workbooks, oddities.shapefiles], ids=lambda make: make.__name__
)
def test_an_odd_file_is_never_wrong_in_silence(session, tmp_path, heavy, files):
    @examples(400 if heavy else 6)
    @given(written=files())
    def check(written):
        preview = read(session, oddities.save(written, tmp_path), written)
        assert wrong_in_silence(preview, written) == [], (written.ways, [item.text.say() for item in preview.problems])

    check()
