"""What an operator sees of the running server: a log line for what people do, numbers for Prometheus at /metrics.

A request's number goes through: from the proxy or made here, into each log line and back in `X-Request-ID`.
"""

import hmac
import ipaddress
import logging
import os
import re
import secrets
import time
from collections.abc import Iterable
from typing import cast

from flask import Blueprint, Flask, Response, abort, current_app, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from geodata.accounts.reader import ANYBODY
from geodata.base.logs import FACTS
from geodata.jobs.state import queue_state
from webmap.app.auth import allow_public
from webmap.app.extensions import database
from webmap.app.settings import Settings

blueprint = Blueprint("observe", __name__)
log = logging.getLogger("webmap.requests")

NUMBER_HEADER = "x-request-id"
_NUMBER = re.compile(r"[A-Za-z0-9._-]{8,64}")
#: Reads nobody asks about later; they are counted, and told when they fail.
_QUIET = {"static", "tiles.tile", "map.constants", "health.healthz", "health.readyz", "observe.metrics"}
#: What an address may name in the log; a calendar's address is a secret itself.
_OBJECTS = {"layer", "name", "code", "kind"}

REQUESTS = Counter("webmap_requests_total", "Requests answered", ("route", "method", "status"))
SECONDS = Histogram("webmap_request_seconds", "Time to the answer", ("route",), buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 8))
TILES = Counter("webmap_tiles_total", "Tiles asked for, by whether they were in memory", ("found",))
POOL = Gauge("webmap_pool_connections", "Database connections in use", multiprocess_mode="livesum")


def init_observation(app: Flask) -> None:
    """Count and log every request. Call it before what may answer in a request's place."""
    app.before_request(_begin)
    app.after_request(_end)
    app.register_blueprint(blueprint)


def request_number() -> str:
    """Return the number of this request."""
    if "request_number" not in g:
        g.request_number = number_of(request.headers.get(NUMBER_HEADER, ""), _settings().proxy_count)
    return cast(str, g.request_number)


def number_of(given: str, proxy_count: int) -> str:
    """Return a request's number: the one that a proxy has given, else one made here."""
    return given if proxy_count and _NUMBER.fullmatch(given) else secrets.token_hex(8)


def count_answer(route: str, method: str, status: int, seconds: float) -> None:
    """Count an answer for Prometheus."""
    REQUESTS.labels(route, method if method in _METHODS else "other", status).inc()
    SECONDS.labels(route).observe(seconds)


def _begin() -> None:
    g.started = time.perf_counter()


def _end(response: Response) -> Response:
    seconds = time.perf_counter() - g.get("started", time.perf_counter())
    route = request.url_rule.rule if request.url_rule else "none"
    count_answer(route, request.method, response.status_code, seconds)
    bind = database().bind
    if isinstance(bind, Engine) and isinstance(bind.pool, QueuePool):
        POOL.set(bind.pool.checkedout())
    response.headers[NUMBER_HEADER] = request_number()
    if request.endpoint not in _QUIET or response.status_code >= 400:
        level = logging.ERROR if response.status_code >= 500 else logging.INFO
        log.log(level, "%s %s", request.method, route, extra={FACTS: _facts(response, seconds)})
    return response


_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def _facts(response: Response, seconds: float) -> dict[str, object]:
    user = g.get("current_user")
    objects = {
        name: value for name, value in (request.view_args or {}).items() if isinstance(value, int) or name in _OBJECTS
    }
    return {
        "request": request_number(),
        "account": user.name if user is not None and user.is_authenticated else None,
        "role": user.role.value if user is not None else "public",
        "action": request.endpoint,
        "object": {name: str(value)[:80] for name, value in objects.items()},
        "result": response.status_code,
        "bytes": response.calculate_content_length(),
        "ms": round(seconds * 1000),
        "address": request.remote_addr,
    }


@blueprint.get("/metrics")
@allow_public
def metrics() -> Response:
    """Answer the numbers, to this machine or to who knows the token."""
    if not _may_measure():
        abort(403)
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    text = generate_latest(registry) + generate_latest(_queue_registry())
    return Response(text, content_type=CONTENT_TYPE_LATEST)


def _may_measure() -> bool:
    token = _settings().metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
    if token and hmac.compare_digest(given, token.encode()):
        return True
    # Through a proxy that is not counted everybody seems to be this machine.
    if "X-Forwarded-For" in request.headers and not _settings().proxy_count:
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _settings() -> Settings:
    return cast(Settings, current_app.config["SETTINGS"])


class _QueueCollector:
    """Reads the queue's state when it is asked."""

    def collect(self) -> Iterable[Metric]:
        up = GaugeMetricFamily("webmap_database_up", "Whether the database answers")
        try:
            with database().reading(ANYBODY) as connection:
                numbers = queue_state(connection)
        except SQLAlchemyError:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        for name, (text, labels, rows) in numbers.items():
            family = GaugeMetricFamily(name, text, labels=labels)
            for row, value in rows:
                family.add_metric(row, value)
            yield family


def _queue_registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_QueueCollector())
    return registry
