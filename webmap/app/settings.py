"""Settings of the web application: the only place in webmap that reads the environment.

All wrong values are reported at once, so that an operator corrects them in one go.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from geodata.base.crs import DEFAULT_PROVINCE, Province, current_province, find_province
from geodata.base.database import parse_database_url
from geodata.base.errors import ConfigurationError
from geodata.basemap.archive import open_archive
from geodata.schema.roles import STAFF
from webmap.app.mail_settings import MailSettings, read_mail

OPENSTREETMAP = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"
MIN_SECRET_LENGTH = 16
#: Of 16 random letters hardly ever fewer than this many differ.
MIN_DISTINCT = 8
_SAMPLES = (
    "change",
    "secret",
    "your-",
    "your_",
    "example",
    "sample",
    "password",
    "placeholder",
    "insecure",
    "default",
    "1234567",
)
ROLES_WITH_ACCOUNTS = frozenset(role.value for role in STAFF)
#: What a server is called that nobody has given a name.
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
UPLOADS = Path(__file__).parents[2] / "var" / "imports"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an installation can change; see .env.example for words."""

    secret_key: str
    province: Province
    basemap_url: str = OPENSTREETMAP
    basemap_attribution: str = "© OpenStreetMap"
    basemap_pmtiles: Path | None = None
    department_name: str = DEFAULT_PROVINCE.department
    department_name_en: str = DEFAULT_PROVINCE.department_en
    secure_cookies: bool = False
    embed_hosts: tuple[str, ...] = ()
    proxy_count: int = 0
    max_upload_mb: int = 200
    upload_dir: Path = UPLOADS
    upload_keep_days: int = 365
    replica_urls: tuple[str, ...] = ()
    pooler_url: str = ""
    metrics_token: str = ""
    trusted_hosts: tuple[str, ...] = LOCAL_HOSTS
    second_factor_roles: frozenset[str] = frozenset()
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_label: str = ""
    oidc_name_claim: str = "preferred_username"
    mail: MailSettings | None = None

    @property
    def basemap_origin(self) -> str:
        """Scheme and host of the base map, for the CSP; empty without one."""
        if not self.basemap_url:
            return ""
        parts = urlsplit(self.basemap_url.replace("{s}", "*"))
        return f"{parts.scheme}://{parts.netloc}"


def is_strong(secret: str) -> bool:
    """Say whether a key is long, varied, and no sample out of some documentation."""
    folded = secret.lower()
    return (
        len(secret) >= MIN_SECRET_LENGTH
        and len(set(secret)) >= MIN_DISTINCT
        and not any(sample in folded for sample in _SAMPLES)
    )


def _is_issuer(address: str) -> bool:
    """Say whether an address is an issuer's: https, or this machine's own for trying."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    is_here = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    return bool(parts.netloc) and (parts.scheme == "https" or (parts.scheme == "http" and is_here))


def _read_oidc(env: Mapping[str, str], problems: list[str]) -> dict[str, str]:
    """Return the settings of the single sign-on: all of them or none."""
    names = ("oidc_issuer", "oidc_client_id", "oidc_client_secret")
    found = {name: (env.get(name.upper()) or "").strip() for name in names}
    if any(found.values()) and not (all(found.values()) and _is_issuer(found["oidc_issuer"])):
        problems.append(
            "OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET (all three; the issuer like https://host/path)"
        )
    label = (env.get("OIDC_LABEL") or "").strip()[:60]
    return found | {
        "oidc_label": label,
        "oidc_name_claim": (env.get("OIDC_NAME_CLAIM") or "preferred_username").strip(),
    }


def _read_basemap(env: Mapping[str, str], problems: list[str]) -> tuple[str, str, Path | None]:
    """Return address, attribution and file of the base map: a file of our own goes before tiles of another host."""
    path = Path(env["BASEMAP_PMTILES"].strip()) if env.get("BASEMAP_PMTILES", "").strip() else None
    attribution = env.get("BASEMAP_ATTRIBUTION", "")
    if path:
        try:
            attribution = attribution or open_archive(path).ground.attribution
        except ConfigurationError as error:
            problems.append(f"BASEMAP_PMTILES ({error.details['reason']})")
        return "", attribution, path
    url = env.get("BASEMAP_URL", OPENSTREETMAP).strip()
    if url and not (url.startswith(("http://", "https://")) and all(f"{{{a}}}" in url for a in "zxy")):
        problems.append("BASEMAP_URL (like https://host/{z}/{x}/{y}.png, or empty for none)")
    return url, attribution or ("© OpenStreetMap" if url == OPENSTREETMAP else ""), None


def _bad_addresses(name: str, addresses: tuple[str, ...]) -> list[str]:
    """Return what is wrong with addresses of databases."""
    found = []
    for address in addresses:
        try:
            parse_database_url(address)
        except ConfigurationError as error:
            found.append(f"{name} ({error.details['reason']})")
    return found


def _read_numbers(env: Mapping[str, str], problems: list[str]) -> dict[str, int]:
    """Return the whole numbers among the settings."""
    numbers = {}
    for name, default in (("PROXY_COUNT", 0), ("MAX_UPLOAD_MB", 200), ("UPLOAD_KEEP_DAYS", 365)):
        text = env.get(name) or str(default)
        if not text.isdigit():
            problems.append(f"{name} (a whole number)")
        numbers[name] = int(text) if text.isdigit() else default
    return numbers


def from_env(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of the environment. Raises ConfigurationError naming every bad value."""
    env = os.environ if environ is None else environ
    problems: list[str] = []

    secret = env.get("SECRET_KEY", "")
    if not is_strong(secret):
        problems.append("SECRET_KEY (at least 16 random characters; ./scripts/serve makes one)")
    province = None
    try:
        province = find_province(env.get("PROVINCE") or DEFAULT_PROVINCE.name)
    except ConfigurationError as error:
        problems.append(f"PROVINCE ({error.details['reason']})")
    basemap_url, attribution, pmtiles = _read_basemap(env, problems)
    numbers = _read_numbers(env, problems)
    replicas = tuple((env.get("DATABASE_REPLICA_URLS") or "").split())
    pooler = env.get("DATABASE_POOLER_URL", "").strip()
    for name, addresses in (("DATABASE_REPLICA_URLS", replicas), ("DATABASE_POOLER_URL", (pooler,) if pooler else ())):
        problems += _bad_addresses(name, addresses)
    second_factor = frozenset((env.get("SECOND_FACTOR_ROLES") or "").replace(",", " ").split())
    if not second_factor <= ROLES_WITH_ACCOUNTS:
        problems.append(f"SECOND_FACTOR_ROLES (of {', '.join(sorted(ROLES_WITH_ACCOUNTS))})")
    oidc = _read_oidc(env, problems)
    mail = read_mail(env, problems)
    if problems or province is None:
        raise ConfigurationError(name="", reason="; ".join(problems))
    return Settings(
        secret_key=secret,
        province=province,
        basemap_url=basemap_url,
        basemap_attribution=attribution,
        basemap_pmtiles=pmtiles,
        department_name=env.get("DEPARTMENT_NAME") or province.department,
        department_name_en=env.get("DEPARTMENT_NAME_EN") or province.department_en,
        secure_cookies=env.get("SECURE_COOKIES", "") in {"1", "true", "yes"},
        embed_hosts=tuple((env.get("EMBED_HOSTS") or "").split()),
        proxy_count=numbers["PROXY_COUNT"],
        max_upload_mb=numbers["MAX_UPLOAD_MB"],
        upload_dir=Path(env.get("UPLOAD_DIR") or UPLOADS),
        upload_keep_days=numbers["UPLOAD_KEEP_DAYS"],
        replica_urls=replicas,
        pooler_url=pooler,
        metrics_token=env.get("METRICS_TOKEN", "").strip(),
        second_factor_roles=second_factor,
        trusted_hosts=tuple((env.get("TRUSTED_HOSTS") or "").split()) or LOCAL_HOSTS,
        mail=mail,
        **oidc,
    )


def mail_from_env(environ: Mapping[str, str] | None = None) -> MailSettings | None:
    """Return the settings of mail alone, for the worker; None without a server. Raises ConfigurationError."""
    problems: list[str] = []
    found = read_mail(os.environ if environ is None else environ, problems)
    if problems:
        raise ConfigurationError(name="", reason="; ".join(problems))
    return found


def settings_for_words(mail: MailSettings) -> Settings:
    """Return settings of an application that nobody signs in to: for the words and addresses of mail."""
    return Settings(secret_key=secrets.token_urlsafe(32), province=current_province(), basemap_url="", mail=mail)
