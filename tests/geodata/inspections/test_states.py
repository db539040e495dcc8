"""The state of a site: words, any past day, and the same answer as a plain oracle and as the SQL that colours the map."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given, settings, strategies as st
from sqlalchemy import Date, literal, select

from geodata.inspections import facts as facts_module
from geodata.inspections.facts import count_states, read_facts
from geodata.inspections.weights import WEIGHTS
from geodata.layers.fuel_sites import Certificate, FuelSite, certificate_state, inspection_status
from geodata.layers.fuel_sites.certificates import CertificateFacts, FindingFacts, SiteFacts, derive_state
from geodata.layers.fuel_sites.values import EXPIRING_WITHIN_DAYS, WARNING_DAYS, CertificateState
from geodata.layers.fuel_sites.visits import Finding, InspectionVisit, Severity, VisitKind
from tests.examples import examples
from tests.factories import make_feature
from webmap.app.i18n import format_value, translate

ON = date(2020, 3, 12)
ENDING_TODAY = CertificateFacts(issued_on=date(2015, 3, 12))


def state(on=ON, kind="petrol", record=None, certificates=(), visits=(), findings=()):
    return derive_state(
        SiteFacts(kind=kind, certificate_record=record, certificates=certificates, visits=visits, findings=findings), on
    )


def say(explanation, language="vi"):
    return explanation.say(lambda text: translate(text, language), lambda value: format_value(value, language))


def test_an_expired_certificate_says_when_why_and_for_how_long():
    found = state(date(2020, 3, 13), certificates=[ENDING_TODAY])
    assert found.certificate == "expired"
    assert say(found.certificate_reason) == "Hết hạn ngày 12/03/2020 (cấp 12/03/2015, hiệu lực 5 năm)"


def test_what_is_said_of_days_names_those_that_count():
    assert str(EXPIRING_WITHIN_DAYS) in CertificateState.EXPIRING.label
    assert re.findall(r"\d+", WEIGHTS["expiring"][0]) == [str(WARNING_DAYS[0]), str(EXPIRING_WITHIN_DAYS)]


def test_a_certificate_still_counts_on_its_last_day():
    found = state(ON, certificates=[ENDING_TODAY])
    assert found.certificate == "expiring"
    assert say(found.certificate_reason) == "Hôm nay là ngày cuối cùng còn hiệu lực, 12/03/2020"


@pytest.mark.parametrize(("left", "step"), [(1, 30), (30, 30), (31, 60), (60, 60), (61, 90), (90, 90)])
def test_the_warning_names_its_step(left, step):
    reason = state(ON - timedelta(days=left), certificates=[ENDING_TODAY]).certificate_reason
    assert say(reason) == f"Hết hạn ngày 12/03/2020, còn {left} ngày (mốc cảnh báo {step} ngày)"


def test_ninety_one_days_before_the_end_it_is_simply_valid():
    assert state(ON - timedelta(days=91), certificates=[ENDING_TODAY]).certificate == "valid"


def test_a_certificate_of_a_leap_day_ends_on_the_28th():
    leap = CertificateFacts(issued_on=date(2016, 2, 29))
    assert state(date(2021, 2, 28), certificates=[leap]).certificate == "expiring"
    assert state(date(2021, 3, 1), certificates=[leap]).certificate == "expired"


def test_no_certificate_is_not_the_same_as_never_issued():
    assert state(record=None).certificate == "unknown"
    assert state(record="never_issued").certificate == "never_issued"


def test_nothing_is_assumed_about_the_validity_of_an_lpg_certificate():
    assert state(date(2040, 1, 1), kind="lpg_shop", certificates=[ENDING_TODAY]).certificate == "unknown"


def test_a_past_day_is_judged_by_the_certificate_held_then():
    old, new = CertificateFacts(issued_on=date(2010, 1, 1)), CertificateFacts(issued_on=date(2016, 1, 1))
    assert state(date(2015, 6, 1), certificates=[old, new]).certificate == "expired"
    assert state(date(2016, 6, 1), certificates=[old, new]).certificate == "valid"


def test_a_remedy_is_in_time_on_its_day_and_overdue_the_day_after():
    finding = FindingFacts(found_on=date(2020, 2, 1), severity="violation", remedy_due_on=ON)
    assert state(ON, findings=[finding]).inspection == "violation"
    found = state(ON + timedelta(days=1), findings=[finding])
    assert found.inspection == "remedy_overdue"
    assert say(found.inspection_reason) == "Hạn khắc phục 12/03/2020, quá hạn 1 ngày (còn 1 tồn tại chưa khắc phục)"


def test_a_visit_entered_late_changes_the_past_but_not_the_days_before_it():
    assert state(date(2020, 2, 1), visits=[date(2020, 2, 5)]).inspection == "not_inspected"
    assert state(date(2020, 2, 5), visits=[date(2020, 2, 5)]).inspection == "passed"


DAYS = st.dates(date(2014, 1, 1), date(2026, 12, 31)) | st.sampled_from(
    [date(2016, 2, 29), date(2020, 2, 29), date(2021, 2, 28), date(2024, 2, 29)]
)
MAYBE = st.none() | DAYS


@st.composite
def certificates(draw):
    suspended_from, suspended_to = draw(MAYBE), draw(MAYBE)
    return CertificateFacts(
        issued_on=draw(DAYS),
        expires_on=draw(MAYBE),
        revoked_on=draw(st.none() | st.none() | DAYS),
        suspended_from=suspended_from,
        suspended_to=suspended_to,
    )


FINDINGS = st.builds(
    FindingFacts,
    found_on=DAYS,
    severity=st.sampled_from(list(Severity)).map(str),
    remedy_due_on=MAYBE,
    remedied_on=MAYBE,
)
HISTORIES = st.builds(
    SiteFacts,
    kind=st.sampled_from([None, "petrol", "lpg_shop", "lpg_depot"]),
    certificate_record=st.sampled_from([None, "held", "never_issued"]),
    certificates=st.lists(certificates(), max_size=3, unique_by=lambda c: c.issued_on),
    visits=st.lists(DAYS, max_size=3, unique=True),
    findings=st.lists(FINDINGS, max_size=4),
)


@st.composite
def cases(draw):
    """A history and a day, often one on which something happens."""
    history = draw(HISTORIES)
    events = [day for c in history.certificates for day in vars(c).values() if day]
    events += [day for f in history.findings for day in (f.found_on, f.remedy_due_on, f.remedied_on) if day]
    nudge = draw(st.integers(-1, 1)) + draw(st.sampled_from([0, 0, 0, 30, 60, 90, 365 * 5 + 1]))
    day = draw(st.sampled_from(events)) + timedelta(days=nudge) if events and draw(st.booleans()) else draw(DAYS)
    return history, day


def oracle(history: SiteFacts, on: date) -> tuple[str, str]:
    """The rules of docs/domain.md once more, day by day and without cleverness."""
    held = None
    for certificate in sorted(history.certificates, key=lambda c: c.issued_on):
        if certificate.issued_on <= on:
            held = certificate
    certificate = "never_issued" if history.certificate_record == "never_issued" else "unknown"
    if held:
        end = held.expires_on
        if end is None and history.kind == "petrol":
            leap_end = (held.issued_on.month, held.issued_on.day) == (2, 29)
            end = date(held.issued_on.year + 5, held.issued_on.month, 28 if leap_end else held.issued_on.day)
        if end is not None:
            certificate = "valid"
            for days in range(91):
                if on + timedelta(days=days) == end:
                    certificate = "expiring"
            if on > end:
                certificate = "expired"
        if held.suspended_from and held.suspended_from <= on and not (held.suspended_to and held.suspended_to < on):
            certificate = "suspended"
        if held.revoked_on and held.revoked_on <= on:
            certificate = "revoked"
    inspection = "passed" if any(day <= on for day in history.visits) else "not_inspected"
    found = [f for f in history.findings if f.found_on <= on]
    still = [f for f in found if not (f.remedied_on and f.remedied_on <= on)]
    if found:
        inspection = "remedied"
    if still:
        inspection = "findings_open"
    if any(f.severity == "violation" for f in still):
        inspection = "violation"
    if any(f.remedy_due_on and f.remedy_due_on < on for f in still):
        inspection = "remedy_overdue"
    return certificate, inspection


@settings(max_examples=600, deadline=None)
@given(cases())
def test_the_function_agrees_with_a_plain_oracle_on_any_day(case):
    history, on = case
    found = derive_state(history, on)
    assert (found.certificate, found.inspection) == oracle(history, on)
    for explanation in (found.certificate_reason, found.inspection_reason):
        assert "{" not in say(explanation)
        assert "{" not in say(explanation, "en")


def store(session, history: SiteFacts) -> FuelSite:
    known = sorted(history.certificates, key=lambda c: c.issued_on)
    own = {f"certificate_{name}": value for name, value in vars(known[-1]).items()} if known else {}
    site = make_feature(
        session,
        FuelSite,
        kind=history.kind,
        certificate_record=history.certificate_record,
        certificate_no=f"GCN-{len(known)}" if known else None,
        **own,
    )
    for number, certificate in enumerate(known[:-1], start=1):
        session.add(Certificate(feature_id=site.id, certificate_no=f"GCN-{number}", **vars(certificate)))
    for day in history.visits:
        session.add(InspectionVisit(feature_id=site.id, visited_on=day, kind=VisitKind.PLANNED))
    for finding in history.findings:
        session.add(Finding(feature_id=site.id, description="…", **vars(finding)))
    session.flush()
    return site


@examples(40, heavy=120)
@given(cases())
def test_the_map_s_sql_agrees_with_the_function(session, case):
    history, on = case
    with session.begin_nested() as savepoint:
        site = store(session, history)
        found = derive_state(read_facts(session, site), on)
        assert (found.certificate, found.inspection) == oracle(history, on)
        counted = count_states(session, on)
        assert counted == {"certificate": {found.certificate: 1}, "inspection": {found.inspection: 1}}
        day = literal(on, Date)
        own = session.execute(
            select(certificate_state(day), inspection_status(day)).where(FuelSite.id == site.id)
        ).one()
        assert tuple(own) == (found.certificate, found.inspection)
        savepoint.rollback()
    session.expunge_all()


def test_today_is_today_in_hai_phong(session):
    assert session.connection().exec_driver_sql("SHOW TimeZone").scalar() == "Asia/Ho_Chi_Minh"
    expected = session.connection().exec_driver_sql("SELECT (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date").scalar()
    assert facts_module.today(session) == expected
