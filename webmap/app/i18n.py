"""Languages: Vietnamese by default, English; translated texts, numbers and dates.

Catalogues are plain .po files, one per area, read once at start-up: nothing to compile, and a layer's
texts are one more file.
"""

import gettext
import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations
from flask import Flask, Response, current_app, g, has_request_context, request

from geodata.base.database import TIME_ZONE
from geodata.base.errors import GeodataError
from geodata.base.message import MessageValue
from webmap.app.cookies import cookie_name, give_cookie
from webmap.app.settings import Settings

LANGUAGES = ("vi", "en")
DEFAULT_LANGUAGE = "vi"
_COOKIE, _KEPT_S = "lang", 365 * 24 * 3600
CATALOGUES = Path(__file__).parents[1] / "translations"


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """Return the merged catalogue of a language; English is the source itself."""
    # One table: each text would else be looked for in one catalogue after the other, some thirty times for a word of a page.
    merged = Translations()
    for path in sorted((CATALOGUES / language).glob("*.po")):
        compiled = io.BytesIO()
        with path.open("rb") as file:
            write_mo(compiled, read_po(file, locale=language))
        compiled.seek(0)
        merged.merge(Translations(compiled))
    return merged


def current_language() -> str:
    """Return the language of this request: ?lang=, else the cookie, else Vietnamese."""
    if not has_request_context():
        return DEFAULT_LANGUAGE
    if "language" not in g:
        wanted = (request.args.get("lang"), request.cookies.get(language_cookie()))
        g.language = next((language for language in wanted if language in LANGUAGES), DEFAULT_LANGUAGE)
    return str(g.language)


def language_cookie() -> str:
    """Return what the cookie is called that keeps a chosen language."""
    return cookie_name(current_app, _COOKIE)


def answer_in(language: str) -> None:
    """Let the rest of this request speak a language, whatever was asked for."""
    g.language = language


def translate(text: str, language: str | None = None) -> str:
    """Return the text in the language, or in that of this request."""
    return catalogue(language or current_language()).gettext(text) if text else ""


def translate_error(error: GeodataError, language: str | None = None) -> str:
    """Return an error's message in the language, details filled in."""
    values = {name: _word(name, value) for name, value in error.said.values.items()}
    return replace(error.said, values=values).say(partial(translate, language=language))


#: What people call the fields that errors name; rooms add theirs.
_FIELD_WORDS: dict[str, str] = {}


def name_fields(words: Mapping[str, str]) -> None:
    """Let messages call fields by these words (English, for translation) instead of their names."""
    _FIELD_WORDS.update(words)


def _word(name: str, value: MessageValue) -> MessageValue:
    return _FIELD_WORDS.get(value, value) if name == "name" and isinstance(value, str) else value


def format_number(value: float | Decimal, language: str | None = None, decimals: int | None = None) -> str:
    """Return 1.234,5 in Vietnamese, 1,234.5 in English; trailing zeros are dropped."""
    pattern = None if decimals is None else "#,##0." + "0" * decimals
    return format_decimal(value, format=pattern, locale=language or current_language())


def format_value(value: object, language: str | None = None) -> str:
    """Return any stored value as people of the language write it; an unknown value is empty."""
    language = language or current_language()
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return translate("Yes", language) if value else translate("No", language)
    if isinstance(value, int | float | Decimal):
        return format_number(value, language)
    if isinstance(value, datetime):
        local = value.astimezone(ZoneInfo(TIME_ZONE))
        return format_datetime(local, "dd/MM/yyyy HH:mm" if language == "vi" else "d MMM yyyy HH:mm", locale=language)
    if isinstance(value, date):
        return format_date(value, "dd/MM/yyyy" if language == "vi" else "d MMM yyyy", locale=language)
    return str(value)


def format_word(value: object, language: str | None = None) -> str:
    """Return a number or day inside a sentence; a number keeps its decimals, coordinates have five."""
    if isinstance(value, float | Decimal):
        return str(format_decimal(value, format="#,##0.######", locale=language or current_language()))
    return format_value(value, language)


def language_address(language: str) -> str:
    """Return the address of this page in another language; its other arguments stay."""
    arguments = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    return "?" + urlencode([*arguments, ("lang", language)])


def _department(settings: Settings) -> str:
    """Return the department's name in the page's language."""
    return settings.department_name_en if current_language() == "en" else settings.department_name


def init_i18n(app: Flask) -> None:
    """Give templates `_`, `language` and the value formats, and keep a chosen language in a cookie."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.globals["_"] = translate
    app.jinja_env.globals["gettext"] = translate
    app.jinja_env.filters["value"] = format_value
    app.jinja_env.filters["number"] = format_number
    app.jinja_env.filters["day"] = lambda moment: format_value(moment.astimezone(ZoneInfo(TIME_ZONE)).date())
    app.jinja_env.globals["language_address"] = language_address
    app.jinja_env.globals["department"] = lambda: _department(app.config["SETTINGS"])
    app.context_processor(lambda: {"language": current_language(), "languages": LANGUAGES})

    @app.after_request
    def _remember(response: Response) -> Response:
        chosen = request.args.get("lang")
        if chosen in LANGUAGES and request.cookies.get(language_cookie()) != chosen:
            give_cookie(response, _COOKIE, chosen, seconds=_KEPT_S)
        return response
