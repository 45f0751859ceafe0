"""Templates to pages, in the reader's language and theme."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from sidecar.web import assets, show
from sidecar.web.state import state
from sidecar.wording import browser_language, languages, translator
from sidecar.wording.moments import zone_name

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).resolve().parent / "templates"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters |= show.FILTERS
THEMES = ("light", "dark", "auto")


def render(request: Request, name: str, status: int = 200, **values: Any) -> Response:
    code = language_of(request)
    theme = request.cookies.get("theme", "auto")
    query = request.url.query
    html = _TEMPLATES.get_template(name).render(
        _=translator(code),
        language=languages()[code],
        languages={other: language for other, language in languages().items() if other != code},
        theme=theme if theme in THEMES else "auto",
        path=request.url.path,
        here=request.url.path + (f"?{query}" if query else ""),
        zone=state(request).zone,
        zone_name=zone_name(state(request).zone),
        static=assets.prefix(),
        scripts=json.dumps(languages()[code].for_scripts, ensure_ascii=False),
        protected=state(request).token is not None,
        **values,
    )
    return HTMLResponse(html, status_code=status)


def language_of(request: Request) -> str:
    chosen = request.cookies.get("lang", "")
    return chosen if chosen in languages() else browser_language(request.headers.get("accept-language", ""))


def link(**filters: str) -> str:
    """The library with these filters."""
    return "/?" + urlencode({name: value for name, value in filters.items() if value})


_TEMPLATES.globals["link"] = link
