"""Headers of every answer: a strict content security policy, no cookies, what may be cached and for how long."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from flask import Flask, Response, current_app, g, request

from dashboard.base_url import BASE_URL

FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), clipboard-write=(self)",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
YEAR = 31_536_000  # seconds
EMBED = "/embed"
"""The one page that others may show in a frame; it has no script and no form."""
OPEN = ("/api/", "/feeds/", "/data.json")
"""Paths that programs of other sites may read."""
API_SECONDS = 60
"""How long an answer of the API may be kept unasked; a new release shows after that at the latest."""


def style_nonce() -> str:
    """The nonce of this request, for the style elements that Dash and Plotly create."""
    if "style_nonce" not in g:
        g.style_nonce = secrets.token_urlsafe(16)
    return str(g.style_nonce)


def content_security_policy(*, scripts: Sequence[str], nonce: str) -> str:
    """Everything from here, no inline script but those with the given hashes, no frame around it."""
    return "; ".join(
        [
            "default-src 'none'",
            " ".join(["script-src 'self'", *scripts]),
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


def embed_policy() -> str:
    """What the page made for frames may load: style sheets and images from here, nothing else."""
    return (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors *"
    )


def add_headers(server: Flask, *, scripts: Sequence[str]) -> None:
    """Give every answer of `server` its headers; `scripts` are the hashes of inline scripts."""

    @server.after_request
    def after(response: Response) -> Response:
        for name, value in FIXED.items():
            response.headers[name] = value
        response.headers["Content-Security-Policy"] = content_security_policy(scripts=scripts, nonce=style_nonce())
        is_api, is_embed = request.path.startswith(OPEN), request.path == EMBED
        if is_embed:
            response.headers["Content-Security-Policy"] = embed_policy()
            del response.headers["X-Frame-Options"]
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin" if is_api or is_embed else "same-origin"
        if is_api:
            response.headers["Access-Control-Allow-Origin"] = "*"
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = f"max-age={YEAR}"
        if "Cache-Control" not in response.headers or request.path.startswith("/assets/"):
            response.headers["Cache-Control"] = cache_control(response)
        return response


def cache_control(response: Response) -> str:
    """Fingerprinted files for good, API answers for a minute, pages and callbacks asked for anew each time."""
    if request.method not in ("GET", "HEAD"):
        return "no-store"
    if response.status_code == 200 and request.path.startswith("/assets/") and "v" in request.args:
        return f"public, max-age={YEAR}, immutable"
    if response.status_code in (200, 304) and request.path.startswith(OPEN):
        # Without an address of its own the site's answers hold the one they were asked by: not for shared caches.
        shared = "public" if current_app.config.get(BASE_URL) else "private"
        return f"{shared}, max-age={API_SECONDS}"
    return "no-cache"
