"""Who gets an answer, and what a browser may do with it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sidecar.service.serving import is_loopback

COOKIE = "sidecar_session"
SESSION_SECONDS = 30 * 86_400
_MAX_SESSIONS = 1000
_OPEN = ("/login", "/static/")
WAVE_STYLE = "'sha256-5PP43BnU5yH/rFan+OMuagcJ566hafpOP2E2t5PLZic='"
"""The style sheet that wavesurfer.js writes into each waveform (static/wave.js): the only one a script may write."""
_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; script-src 'self'; style-src 'self' {WAVE_STYLE}; img-src 'self'; "
    "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer a browser hides even from us where a form comes from
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Sessions:
    """Who has logged in: what a browser keeps instead of the token, for as long as this process runs."""

    def __init__(self) -> None:
        self._until: OrderedDict[bytes, float] = OrderedDict()

    def begin(self) -> str:
        """A new session; its value is the browser's secret."""
        secret = secrets.token_urlsafe(32)
        self._until[_digest(secret)] = time.monotonic() + SESSION_SECONDS
        while len(self._until) > _MAX_SESSIONS:
            self._until.popitem(last=False)
        return secret

    def knows(self, secret: str) -> bool:
        return self._until.get(_digest(secret), 0.0) > time.monotonic()

    def end(self, secret: str) -> None:
        self._until.pop(_digest(secret), None)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def same_secret(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode("utf-8", "replace"), right.encode("utf-8", "replace"))


class Guard:
    """Middleware: sets headers on every answer; demands the token where one is set, and otherwise a loopback name in
    the Host header, so that no foreign site gets in by pointing its own name here; refuses writes from other sites'
    pages.
    """

    def __init__(self, app: ASGIApp, *, token: str | None, sessions: Sessions) -> None:
        self._app = app
        self._token = token
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        # Elsewhere a browser ignores this one, and complains of it.
        trusted = scope["scheme"] == "https" or is_loopback(_host(headers))
        opener = {"Cross-Origin-Opener-Policy": "same-origin"} if trusted else {}
        await (refusal or self._app)(scope, receive, _with_headers(send, _HEADERS | opener))

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        path, method = scope["path"], scope["method"]
        if self._token is None:
            if not is_loopback(_host(headers)):
                return PlainTextResponse("this address is not served\n", status_code=421)
        elif not path.startswith(_OPEN) and not self._knows(headers):
            if path.startswith("/api/"):
                error = {"message": "a token is needed", "hint": "Send Authorization: Bearer <SIDECAR_WEB_TOKEN>."}
                return JSONResponse({"error": error}, status_code=401, headers={"WWW-Authenticate": "Bearer"})
            return RedirectResponse(f"/login{_next(scope)}", status_code=303)
        if method not in ("GET", "HEAD", "OPTIONS") and _foreign(headers):
            return PlainTextResponse("not from another site\n", status_code=403)
        return None

    def _knows(self, headers: Headers) -> bool:
        assert self._token is not None
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and same_secret(given.strip(), self._token):
            return True
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return False
        return cookie is not None and self._sessions.knows(cookie.value)


def _next(scope: Scope) -> str:
    """What the page to log in is asked with, so that it leads on to the page that was wanted."""
    query = scope["query_string"].decode("latin-1")
    wanted = quote(scope["path"]) + (f"?{query}" if query else "")
    return f"?{urlencode({'next': wanted})}" if scope["method"] == "GET" and wanted != "/" else ""


def _host(headers: Headers) -> str:
    try:
        return urlsplit(f"//{headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""


def _foreign(headers: Headers) -> bool:
    """Whether a browser says that the request comes from a page of another site."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")


def _with_headers(send: Send, added: dict[str, str]) -> Callable[[Message], Awaitable[None]]:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in added.items():
                headers[name] = value
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return wrapped
