"""Tile servers that others wrote, in a folder of their own, over the very tables of the benchmarks, on loopback.

tipg comes from PyPI, MapServer and nginx from Debian's packages, unpacked and not installed: nothing of the machine changes.
"""

import contextlib
import http.client
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from sqlalchemy.engine import URL, make_url

from geodata.schema.feature import Feature, GeometryType
from scripts.base.console import announce
from scripts.base.paths import VAR, VENV
from scripts.base.ports import free_port
from scripts.base.processes import stop_group
from scripts.benchmarks import _packages
from scripts.benchmarks._server import WORKERS

FOLDER = VAR / "bench-peers"
TIPG = ("tipg==1.6.1", "uvicorn==0.38.0")
PACKAGES = ("cgi-mapserver", "nginx-light", "wrk")
#: What tipg does by itself: a tile with more features is cut.
MOST_IN_A_TILE = 10_000


def install_peers() -> None:
    """Put tipg, MapServer and nginx into their folder, once."""
    if (FOLDER / "ready").exists():
        return
    shutil.rmtree(FOLDER, ignore_errors=True)
    announce(f"installing {', '.join((TIPG[0], *PACKAGES))} into {FOLDER.name}")
    uv, home = str(VENV / "bin" / "uv"), str(FOLDER / "tipg")
    _packages.run([uv, "venv", "--quiet", home], "tipg")
    _packages.run([uv, "pip", "install", "--quiet", "--python", f"{home}/bin/python", *TIPG], "tipg")
    _packages.unpack(PACKAGES, FOLDER)
    (FOLDER / "ready").touch()


def fetch(host: str, path: str) -> bytes:
    """Return what an address answers, without compression."""
    connection = http.client.HTTPConnection(host, timeout=60)
    connection.request("GET", path)
    body = connection.getresponse().read()
    connection.close()
    return body


@contextlib.contextmanager
def running_tipg(database: URL, kinds: Sequence[type[Feature]]) -> Iterator[str]:
    """Give the address of tipg with two processes."""
    port = free_port()
    environment = {
        **os.environ,
        "DATABASE_URL": _with_host(database),
        "TIPG_DB_SCHEMAS": '["public"]', "TIPG_DB_TABLES": _as_list(f"public.{kind.__tablename__}" for kind in kinds),
        "TIPG_MAX_FEATURES_PER_TILE": str(MOST_IN_A_TILE), "DB_MIN_CONN_SIZE": "2", "DB_MAX_CONN_SIZE": "4",
    }  # fmt: skip
    command = [
        str(FOLDER / "tipg" / "bin" / "uvicorn"), "tipg.main:app", "--host", "127.0.0.1", "--port", str(port),
        "--workers", str(WORKERS), "--log-level", "error",
    ]  # fmt: skip
    with _packages.running(command, port, environment):
        yield f"127.0.0.1:{port}"


def _with_host(database: URL) -> str:
    """Return the address with a socket's folder where the host stands: tipg takes none without a host."""
    folder = str(database.query.get("host", ""))
    if not database.host and folder:
        database = database.set(host=quote(folder, safe="")).difference_update_query(["host"])
    return database.set(drivername="postgresql").render_as_string(hide_password=False)


def _as_list(names: Iterator[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"


@contextlib.contextmanager
def running_nginx(app: str, database: URL, kinds: Sequence[type[Feature]]) -> Iterator[str]:
    """Give the address of nginx: /static/ are files, /cached/ is the application's with a cache before it, /mapserver is MapServer."""
    port, gate, home = free_port(), free_port(), FOLDER / "nginx"
    shutil.rmtree(home, ignore_errors=True)
    (home / "static").mkdir(parents=True)
    with (
        _mapserver(gate, database, kinds),
        _packages.running_nginx(FOLDER, home, port, WORKERS, _locations(port, gate, home, app)),
    ):
        yield f"127.0.0.1:{port}"


def static_folder() -> Path:
    """Return where nginx takes its files from."""
    return FOLDER / "nginx" / "static"


def _locations(port: int, gate: int, home: Path, app: str) -> str:
    return f"""
proxy_cache_path cache keys_zone=tiles:10m max_size=1g;
open_file_cache max=1000;
server {{
  listen 127.0.0.1:{port};
  location /static/ {{ root {home}; }}
  location /cached/ {{
    proxy_pass http://{app}/; proxy_set_header Host {app};
    proxy_cache tiles; proxy_cache_valid 200 1m; proxy_ignore_headers Cache-Control Vary Set-Cookie;
  }}
  location /mapserver {{
    fastcgi_pass 127.0.0.1:{gate};
    fastcgi_param QUERY_STRING $query_string; fastcgi_param REQUEST_METHOD $request_method;
    fastcgi_param SERVER_NAME 127.0.0.1; fastcgi_param SERVER_PORT {port}; fastcgi_param SCRIPT_NAME /mapserver;
  }}
}}
"""


@contextlib.contextmanager
def _mapserver(gate: int, database: URL, kinds: Sequence[type[Feature]]) -> Iterator[None]:
    """Run MapServer by FastCGI: processes that share one listening socket as their standard input."""
    (FOLDER / "peers.map").write_text(_mapfile(database, kinds), "utf-8")
    settings = FOLDER / "mapserver.conf"
    settings.write_text(f'CONFIG ENV MS_MAPFILE "{FOLDER / "peers.map"}" END END\n', "utf-8")
    environment = {**os.environ, "MAPSERVER_CONFIG_FILE": str(settings), "LD_LIBRARY_PATH": _packages.libraries(FOLDER)}
    with socket.socket() as listening, contextlib.ExitStack() as stack:
        listening.bind(("127.0.0.1", gate))
        listening.listen(64)
        program = str(FOLDER / "root/usr/lib/cgi-bin/mapserv")
        for _ in range(WORKERS * 2):  # one request a process at a time
            process = subprocess.Popen([program], stdin=listening.fileno(), env=environment, start_new_session=True)
            stack.callback(stop_group, process, grace_seconds=5)
        yield


_SHAPES = {GeometryType.POINT: "POINT", GeometryType.LINE: "LINE", GeometryType.POLYGON: "POLYGON"}


def _mapfile(database: URL, kinds: Sequence[type[Feature]]) -> str:
    url = make_url(database)
    where = (
        f"host={url.host or url.query.get('host')} port={url.port or 5432} dbname={url.database} user={url.username}"
    )
    where += f" password={url.password}" if url.password else ""
    every = [(kind.__tablename__, [column.name for column in kind.__table__.columns], kind) for kind in kinds]
    few = [(f"{kind.__tablename__}_tiles", ["id", "code", "name", "geom"], kind) for kind in kinds]
    layers = "\n".join(_layer(*layer, where) for layer in every + few)
    return f"""
MAP
  NAME "peers"
  SIZE 256 256
  EXTENT 105 19 109 22
  PROJECTION "init=epsg:3857" END
  OUTPUTFORMAT NAME "mvt" DRIVER "MVT" FORMATOPTION "EXTENT=4096" FORMATOPTION "EDGE_BUFFER=64" END
  OUTPUTFORMAT NAME "geojson" DRIVER "OGR/GEOJSON" MIMETYPE "application/json" FORMATOPTION "STORAGE=stream" FORMATOPTION "FORM=simple" END
  WEB METADATA
    "ows_enable_request" "*" "ows_title" "peers" "ows_onlineresource" "http://127.0.0.1/mapserver?" "ows_srs" "EPSG:4326"
  END END
{layers}
END
"""


def _layer(name: str, columns: Sequence[str], kind: type[Feature], where: str) -> str:
    return f"""
  LAYER
    NAME "{name}"
    TYPE {_SHAPES[kind.layer.geometry]}
    STATUS ON
    CONNECTIONTYPE POSTGIS
    CONNECTION "{where}"
    DATA "geom FROM (SELECT {", ".join(columns)} FROM {kind.__tablename__}) AS t USING UNIQUE id USING SRID=4326"
    PROCESSING "CLOSE_CONNECTION=DEFER"
    PROJECTION "init=epsg:4326" END
    TEMPLATE "none"
    METADATA
      "gml_include_items" "all" "ows_title" "{name}" "wfs_getfeature_formatlist" "geojson" "gml_featureid" "id"
    END
    CLASS STYLE COLOR 0 0 0 END END
  END"""
