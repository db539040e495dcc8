"""Those who work while everything fails, and the ledger of what they were told."""

import io
import itertools
import logging
import re
import threading
import time
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import requests

from tests.faults.site import INSPECTORS, OFFICERS, PASSWORD, Site, field_of

log = logging.getLogger(__name__)
ROWS = 3
#: The background gives way to all else: where others work too, an import's step takes its time.
PATIENCE_S = 120


@dataclass
class Ledger:
    """What was acknowledged, and what may have been done without a word."""

    imports: dict[int, list[str]] = field(default_factory=dict)
    stored: set[int] = field(default_factory=set)
    undone: dict[int, int] = field(default_factory=dict)
    undo_tried: set[int] = field(default_factory=set)
    features: dict[str, list[str]] = field(default_factory=dict)
    tried_names: dict[str, set[str]] = field(default_factory=dict)
    visits: set[int] = field(default_factory=set)
    routes: set[int] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)


@dataclass
class Mishaps:
    """What befalls the next requests."""

    doubled: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    dropped: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))


class Person:
    """Somebody at a browser. An answer is None when the connection broke or was dropped."""

    def __init__(self, site: Site, ledger: Ledger, mishaps: Mishaps, name: str = "") -> None:
        self.numbers = itertools.count(1)
        self.site, self.ledger, self.mishaps, self.name = site, ledger, mishaps, name
        self.csrf, self.http = "", requests.Session()

    def enter(self) -> None:
        """Sign in."""
        self.csrf = field_of(self.http.get(f"{self.site.url}/login", timeout=60).text, "csrf_token")
        form = {"csrf_token": self.csrf, "username": self.name, "password": PASSWORD}
        page = self.http.post(f"{self.site.url}/login", form, timeout=60, headers={"Referer": self.site.url})
        self.csrf = field_of(page.text, "csrf_token") or field_of(
            self.http.get(f"{self.site.url}/account", timeout=60).text, "csrf_token"
        )
        assert page.status_code == 200, page.text

    def ask(self, method: str, path: str, **options: object) -> requests.Response | None:
        """Send a request, once or as a mishap has it, and return its answer."""
        options.setdefault("timeout", PATIENCE_S)
        if method != "GET":
            if self.mishaps.dropped.acquire(blocking=False):
                options["timeout"] = (5, 0.001)
            elif self.mishaps.doubled.acquire(blocking=False):
                with ThreadPoolExecutor(2) as both:
                    answers = list(both.map(lambda _: self._send(method, path, options), range(2)))
                return next((one for one in answers if one is not None and one.status_code < 400), answers[0])
        return self._send(method, path, options)

    def _send(self, method: str, path: str, options: dict[str, object]) -> requests.Response | None:
        headers = {"Referer": self.site.url, **self.http.headers, **(options.get("headers") or {})}
        try:
            answer = requests.request(
                method, f"{self.site.url}{path}", allow_redirects=False, cookies=self.http.cookies,
                **{**options, "headers": headers},
            )  # fmt: skip
        except requests.RequestException:
            self.ledger.answers["none"] += 1
            return None
        self.ledger.answers[str(answer.status_code)] += 1
        if answer.status_code == 500:
            self.ledger.broken.append(f"500 {method} {path}: {answer.text[-200:]}")
            log.error("500 %s %s\n%s", method, path, self.site.log_of("web"))
        return answer

    def send(self, path: str, form: dict[str, object], **options: object) -> requests.Response | None:
        """Send a form."""
        return self.ask("POST", path, data={"csrf_token": self.csrf, **form}, **options)

    def work(self, stop: threading.Event) -> None:
        """Do one's work again and again, each piece under a number of its own: days follow each other."""
        while not stop.is_set():
            self.do(f"{self.name}-{next(self.numbers)}", stop)
            stop.wait(0.05)

    def do(self, number: str, stop: threading.Event) -> None:
        """Do one piece of work."""
        raise NotImplementedError


def number_in(answer: requests.Response | None, pattern: str) -> int | None:
    """Return the number in the address that an answer leads to."""
    if answer is None or answer.status_code not in {200, 302}:
        return None
    location = answer.headers.get("Location") or answer.text
    found = re.search(pattern, location)
    return int(found[1]) if found else None


class Importer(Person):
    """Uploads, confirms, and takes some back."""

    def do(self, number: str, stop: threading.Event) -> None:
        codes = [f"F-{number}-{row}" for row in range(ROWS)]
        lines = [f"{code},Chợ {code},{106.5 + row / 100},20.85" for row, code in enumerate(codes)]
        file = ("cho.csv", "\n".join(["code,name,lon,lat", *lines]).encode())
        json = {"Accept": "application/json"}
        sent = self.send("/imports/new", {"layer": "markets"}, files={"files": file}, headers=json)
        found = number_in(sent, r"/imports/(\d+)")
        if found is None:
            stop.wait(2 if sent is not None and sent.status_code == 429 else 0.2)
            return
        self.ledger.imports[found] = codes
        if self._stage(found, stop) != "ready":
            return
        page = self.ask("GET", f"/imports/{found}/confirm")
        mark = field_of(page.text, "mark") if page is not None else ""
        self.send(f"/imports/{found}/confirm", {"mark": mark})
        if mark and self._stage(found, stop) == "stored":
            self.ledger.stored.add(found)
            if len(self.ledger.stored) % 2:
                self._undo(found, stop)

    def _undo(self, found: int, stop: threading.Event) -> None:
        report = self.ask("GET", f"/imports/{found}/report")
        change_set = re.search(r"/history/(\d+)", report.text) if report is not None else None
        if change_set is None:
            return
        self.ledger.undo_tried.add(found)
        undo = number_in(self.send(f"/history/{change_set[1]}/undo", {}), r"/imports/(\d+)")
        if undo is not None:
            self.ledger.undone[undo] = found
            self._stage(undo, stop)

    def _stage(self, number: int, stop: threading.Event) -> str:
        """Return where the background came to, or nothing when it takes too long."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and not stop.is_set():
            answer = self.ask("GET", f"/imports/{number}/state", headers={"Accept": "application/json"})
            if answer is not None and answer.status_code == 200 and not answer.json()["working"]:
                return str(answer.json()["stage"])
            stop.wait(0.3)
        return ""


class Editor(Person):
    """A program that adds markets and renames them, each by the version it has read."""

    def do(self, number: str, stop: threading.Event) -> None:
        code, headers = f"E-{number}", {"Authorization": f"Bearer {self.site.token}"}
        self.ledger.tried_names[code] = {"Chợ mới"}
        body = {
            "type": "Feature", "geometry": {"type": "Point", "coordinates": [106.7, 20.86]},
            "properties": {"code": code, "name": "Chợ mới"},
        }  # fmt: skip
        kind = {**headers, "Content-Type": "application/geo+json"}
        items = "/ogc/collections/markets/items"
        answer = self.ask("POST", items, json=body, headers=kind)
        if answer is None or answer.status_code != 201:
            return
        self.ledger.features[code] = ["Chợ mới"]
        address = answer.headers["Location"].partition(self.site.url)[2] or answer.headers["Location"]
        for turn in range(2):
            now = self.ask("GET", address, headers=headers)
            if now is None or now.status_code != 200:
                return
            name = f"Chợ lần {turn}"
            self.ledger.tried_names[code].add(name)
            changed = self.ask(
                "PATCH", address, json={"properties": {"name": name}}, headers={**kind, "If-Match": now.headers["ETag"]}
            )
            if changed is not None and changed.status_code == 200:
                self.ledger.features[code].append(name)


class Inspector(Person):
    """Plans visits and days."""

    def __init__(self, site: Site, ledger: Ledger, mishaps: Mishaps, name: str) -> None:
        super().__init__(site, ledger, mishaps, name)
        self.days = itertools.count(1 + 168 * INSPECTORS.index(self.name))

    def do(self, number: str, stop: threading.Event) -> None:
        day = next(self.days)
        date = f"2030-{day // 28 % 12 + 1:02d}-{day % 28 + 1:02d}"
        visit = number_in(
            self.send("/inspections/visits", {"site": self.site.sites[day % len(self.site.sites)], "planned_on": date}),
            r"/visits/(\d+)",
        )
        if visit is not None:
            self.ledger.visits.add(visit)
        if day % 3 == 0:
            form = {"site": self.site.sites[:2], "person": self.name, "day": date}
            route = number_in(self.send("/inspections/routes", form), r"/routes/(\d+)")
            if route is not None:
                self.ledger.routes.add(route)


class Reporter(Person):
    """Takes files along; one that is answered is whole."""

    def do(self, number: str, stop: threading.Event) -> None:
        for path in ("/layers/markets/export?format=xlsx", "/inspections/worklist/table.xlsx"):
            self._look_at(path, self.ask("GET", path))
        path = "/reports/map.pdf?layers=markets"
        self._look_at(path, self.send(path, {}))

    def _look_at(self, path: str, answer: requests.Response | None) -> None:
        """Note a file that is not whole. A report comes in an archive once its lists are too long for paper."""
        if answer is not None and answer.status_code == 200 and not is_whole(answer.content):
            self.ledger.broken.append(f"damaged file from {path}: {answer.content[:40]!r}")


def is_whole(file: bytes) -> bool:
    """Say whether a workbook, a PDF, or an archive with them is there to its end."""
    if file.startswith(b"%PDF"):
        return file.rstrip().endswith(b"%%EOF")
    try:
        archive = zipfile.ZipFile(io.BytesIO(file))
        return archive.testzip() is None and all(
            is_whole(archive.read(name)) for name in archive.namelist() if name.endswith((".pdf", ".xlsx"))
        )
    except zipfile.BadZipFile:
        return False


def everybody(site: Site, ledger: Ledger, mishaps: Mishaps) -> list[Person]:
    """Return all who work, signed in."""
    people: list[Person] = [Importer(site, ledger, mishaps, name) for name in OFFICERS[:2]]
    people += [Inspector(site, ledger, mishaps, name) for name in INSPECTORS]
    people.append(Reporter(site, ledger, mishaps, INSPECTORS[0]))
    people.append(Editor(site, ledger, mishaps, OFFICERS[2]))
    for person in people:
        person.enter()
    return people
