"""axe-core finds nothing on any page, for any role, in either language, on a desk and on a phone, by light and in the dark.

Pages are found as people find them: every address without parts, and the first link met to each other one.
"""

from collections import Counter, deque
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Error as PlaywrightError, Page, Response
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from geodata.base.database import new_engine
from geodata.inspections.rights import Person
from geodata.schema.roles import INSPECTION, Role
from tests.browser.conftest import DESK, PHONE, sign_in
from tests.conftest import ROOT, settings
from tests.visit_forms import make_records
from webmap import create_app
from webmap.app.auth import access_rule

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
#: An address that gave so many files gives no page.
ENOUGH = 2
ROLES = ("public", "planner", "inspector", "leader", "gis", "admin")

SUMMARY = """async () => (await axe.run()).violations.map((violation) => [
    violation.id, violation.impact, violation.help,
    violation.nodes.slice(0, 4).map((node) => node.target.join(" ") + " " + (node.any[0]?.message || node.html.slice(0, 120))),
])"""
#: Playwright's “networkidle” is half a second of silence; on hundreds of pages a fifth is enough.
COUNT_REQUESTS = """(() => {
    const ask = window.fetch;
    let open = 0, since = performance.now();
    window.fetch = (...given) => { open++; return ask(...given).finally(() => { open--; since = performance.now(); }); };
    window.isQuiet = () => document.readyState === "complete" && !open && performance.now() - since > 200;
})()"""
#: Drawings have links too, whose `href` is no text.
LINKS = """() => [...document.querySelectorAll("a[href]:not([download])")]
  .map((link) => new URL(link.getAttribute("href"), location.href).href)"""


@pytest.fixture(scope="session")
def pages(served_url):
    """The application's addresses, to see which endpoint a link leads to."""
    engine = new_engine(served_url)
    app = create_app(settings(), bind=engine)
    yield app
    engine.dispose()


@pytest.fixture(scope="module")
def records(served_url, accounts) -> list[str]:
    """Pages of one address with several faces: a corrected record, its first edition, a form, a correction, a hand-over."""
    engine = new_engine(served_url)
    with Session(engine) as session:
        papers = make_records(session, Person(name=accounts["inspector"], role=Role.INSPECTOR))
        done, correcting, planned = (f"/inspections/visits/{paper.id}" for paper in papers)
        site = papers[2].feature_id
        session.commit()
    engine.dispose()
    return [
        done, f"{done}/editions/1", correcting, planned, f"/inspections/people/{accounts['inspector']}/open",
        "/inspections/complaints", f"/inspections/complaints/new?site={site}", f"/inspections/sites/{site}",
    ]  # fmt: skip


def endpoint_of(adapter: MapAdapter, address: str) -> str | None:
    try:
        return adapter.match(urlsplit(address).path, method="GET")[0]
    except HTTPException:
        return None


#: The pages named in the bar that are seen in part: each is whole, or out of sight and in the account's menu.
CUT = """() => {
  const bar = document.querySelector('.main-nav')?.getBoundingClientRect();
  return [...document.querySelectorAll('.main-nav a')]
    .filter((link) => {
      const place = link.getBoundingClientRect();
      const isSeen = place.top < bar.bottom && place.left < bar.right;
      return isSeen && (place.bottom > bar.bottom + 1 || place.right > bar.right + 1);
    })
    .map((link) => link.textContent);
}"""


#: A popup that still fades in has less contrast than it will have.
AT_REST = """async () => {
    const ends = (one) => one.effect.getComputedTiming().iterations !== Infinity;
    await Promise.allSettled(document.getAnimations().filter(ends).map((one) => one.finished));
}"""


#: What makes the page wider than the screen, so that all of it moves sideways under a finger.
TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
    .filter((part) => part.getBoundingClientRect().right > innerWidth + 0.5).map((part) => part.outerHTML.slice(0, 80)).slice(0, 3)"""


def violations(page: Page) -> list[str]:
    page.evaluate("() => document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    page.evaluate(AT_REST)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    cut = [f"cut in the bar: {label}" for label in page.evaluate(CUT)]
    wide = [f"wider than the screen: {part}" for part in page.evaluate(TOO_WIDE)]
    return (
        cut
        + wide
        + [f"{impact} {name}: {text}: {'; '.join(nodes)}" for name, impact, text, nodes in page.evaluate(SUMMARY)]
    )


def is_file(response: Response) -> bool:
    """Say whether an answer is a file to take along, which some address makes for a second."""
    return response.status == 200 and not response.headers.get("content-type", "").startswith("text/html")


def opened(page: Page, address: str) -> bool:
    """Open an address and say whether it answers a whole document; fragments and files are no pages."""
    try:
        answer = page.goto(address)
    except PlaywrightError as error:
        # What Chromium stores instead of showing it, and an answer without a body.
        if "Download is starting" in error.message or "ERR_ABORTED" in error.message:
            return False
        raise
    is_document = answer.headers.get("content-type", "").startswith("text/html")
    return answer.status == 200 and is_document and "<html" in answer.text()


def open_context(browser, **options):
    context = browser.new_context(**options)
    context.add_init_script(COUNT_REQUESTS)
    return context


def looked_at(page: Page, origin: str, address: str, language: str) -> list[str]:
    """Open an address and return what axe found there."""
    separator = "&" if "?" in address else "?"
    page.goto(f"{origin}{address}{separator}lang={language}")
    page.wait_for_function("() => isQuiet()", polling=50)
    return violations(page)


def visit_all(page: Page, app, role: str, origin: str, language: str) -> dict[str, list[str]]:
    """Return address -> what axe found, for one address of every page the role may open."""
    adapter = app.url_map.bind("")
    plain = [rule.rule for rule in app.url_map.iter_rules() if "GET" in rule.methods and not rule.arguments]
    waiting, seen, found = deque(f"{origin}{path}" for path in sorted(plain)), set(), {}
    files = Counter()
    page.on(
        "response", lambda response: files.update([endpoint_of(adapter, response.url)] if is_file(response) else [])
    )
    while waiting:
        address = waiting.popleft()
        endpoint = endpoint_of(adapter, address)
        if endpoint is None or endpoint in seen or files[endpoint] >= ENOUGH or not address.startswith(origin):
            continue
        rule = access_rule(app.view_functions[endpoint])
        if role not in {allowed.value for allowed in rule.roles}:
            continue
        seen.add(endpoint)
        separator = "&" if "?" in address else "?"
        address = f"{address.partition('#')[0]}{separator}lang={language}"
        if not opened(page, address):
            seen.discard(endpoint)
            continue
        page.wait_for_function("() => isQuiet()", polling=50)
        found[address.removeprefix(origin)] = violations(page)
        waiting.extend(page.evaluate(LINKS))
    return found


def told(found: dict[str, list[str]]) -> str:
    """Return what was found, a line each."""
    return "\n".join(f"{address}: {problem}" for address, problems in found.items() for problem in problems)


#: The administrator opens all that the others do: in English, by light and in the dark, he stands for them.
WALKS = [
    ("public", "vi", DESK, "light"),
    ("planner", "vi", DESK, "dark"),
    ("inspector", "vi", PHONE, "light"),
    ("gis", "vi", PHONE, "dark"),
    ("admin", "vi", DESK, "light"),
    ("public", "en", PHONE, "light"),
    ("admin", "en", PHONE, "dark"),
]


@pytest.mark.parametrize(
    ("role", "language", "viewport", "scheme"),
    WALKS,
    ids=[f"{role}-{language}-{scheme}" for role, language, _, scheme in WALKS],
)
def test_axe_finds_nothing_on_any_page(browser, server, accounts, pages, records, role, language, viewport, scheme):
    context = open_context(browser, viewport=viewport, has_touch=viewport is PHONE, color_scheme=scheme)
    page = context.new_page()
    if role != "public":
        sign_in(context, server.url, accounts[role])
    found = visit_all(page, pages, role, server.url, language)
    if role in INSPECTION:
        led = [address for address in records if role != Role.INSPECTOR or "/people/" not in address]
        found |= {address: looked_at(page, server.url, address, language) for address in led}
    context.close()
    assert len(found) > 3
    assert told(found) == ""
