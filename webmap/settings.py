"""Settings of the web application: the only place in webmap that reads the environment.

All wrong values are reported at once, so that an operator corrects them in one go.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from geodata.crs import Province, find_province
from geodata.database import parse_database_url
from geodata.errors import ConfigurationError

OPENSTREETMAP = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"
MIN_SECRET_LENGTH = 16
UPLOADS = Path(__file__).parents[1] / "var" / "imports"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an installation can change; see .env.example for words."""

    secret_key: str
    province: Province
    basemap_url: str = OPENSTREETMAP
    basemap_attribution: str = "© OpenStreetMap"
    department_name: str = "Sở Công Thương thành phố Hải Phòng"
    secure_cookies: bool = False
    embed_hosts: tuple[str, ...] = ()
    proxy_count: int = 0
    max_upload_mb: int = 200
    upload_dir: Path = UPLOADS
    upload_keep_days: int = 365
    replica_urls: tuple[str, ...] = ()

    @property
    def basemap_origin(self) -> str:
        """Scheme and host of the base map, for the CSP; empty without one."""
        if not self.basemap_url:
            return ""
        parts = urlsplit(self.basemap_url.replace("{s}", "*"))
        return f"{parts.scheme}://{parts.netloc}"


def from_env(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of the environment. Raises ConfigurationError naming every bad value."""
    env = os.environ if environ is None else environ
    problems: list[str] = []

    secret = env.get("SECRET_KEY", "")
    if len(secret) < MIN_SECRET_LENGTH or "change" in secret.lower():
        problems.append("SECRET_KEY (at least 16 random characters; ./scripts/serve makes one)")
    province = None
    try:
        province = find_province(env.get("PROVINCE") or "Hải Phòng")
    except ConfigurationError as error:
        problems.append(f"PROVINCE ({error.details['reason']})")
    basemap = env.get("BASEMAP_URL", OPENSTREETMAP).strip()
    if basemap and not (basemap.startswith(("http://", "https://")) and all(f"{{{a}}}" in basemap for a in "zxy")):
        problems.append("BASEMAP_URL (like https://host/{z}/{x}/{y}.png, or empty for none)")
    numbers = {}
    for name, default in (("PROXY_COUNT", 0), ("MAX_UPLOAD_MB", 200), ("UPLOAD_KEEP_DAYS", 365)):
        text = env.get(name) or str(default)
        if not text.isdigit():
            problems.append(f"{name} (a whole number)")
        numbers[name] = int(text) if text.isdigit() else default
    replicas = tuple((env.get("DATABASE_REPLICA_URLS") or "").split())
    for replica in replicas:
        try:
            parse_database_url(replica)
        except ConfigurationError as error:
            problems.append(f"DATABASE_REPLICA_URLS ({error.details['reason']})")
    if problems or province is None:
        raise ConfigurationError(name="", reason="; ".join(problems))
    return Settings(
        secret_key=secret,
        province=province,
        basemap_url=basemap,
        basemap_attribution=env.get("BASEMAP_ATTRIBUTION") or ("© OpenStreetMap" if basemap == OPENSTREETMAP else ""),
        department_name=env.get("DEPARTMENT_NAME") or f"Sở Công Thương thành phố {province.name}",
        secure_cookies=env.get("SECURE_COOKIES", "") in {"1", "true", "yes"},
        embed_hosts=tuple((env.get("EMBED_HOSTS") or "").split()),
        proxy_count=numbers["PROXY_COUNT"],
        max_upload_mb=numbers["MAX_UPLOAD_MB"],
        upload_dir=Path(env.get("UPLOAD_DIR") or UPLOADS),
        upload_keep_days=numbers["UPLOAD_KEEP_DAYS"],
        replica_urls=replicas,
    )
