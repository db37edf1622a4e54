"""Headers of every answer: a strict content security policy, no cookies, what may be cached and for how long.

No Cross-Origin-Embedder-Policy: nothing comes from other origins, and no page needs what it would unlock. HSTS names no
subdomains: those of the host that serves the monitor may be somebody else's.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

from flask import Flask, Response, current_app, request

from dashboard.base_url import BASE_URL

UNUSED = (
    "accelerometer",
    "autoplay",
    "browsing-topics",
    "camera",
    "clipboard-read",
    "display-capture",
    "encrypted-media",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "publickey-credentials-get",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
"""What browsers know that no page here needs; one that they do not know would be told as an error in their console."""
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": ", ".join([*(f"{name}=()" for name in UNUSED), "clipboard-write=(self)"]),
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


EMPTY_STYLE = f"'sha256-{b64encode(sha256(b'').digest()).decode()}'"
"""Lets style elements through that are empty: Plotly makes one, and adds its rules by script. Everything else about
style comes from the style sheets (assets/start.js keeps such elements empty)."""
PAGE_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        f"style-src 'self' {EMPTY_STYLE}",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
"""Everything from here, no inline script and no inline style, no frame around it."""
DATA_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""What an answer that is no page may load if a browser shows it by itself: nothing."""
EMBED_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors *"
)
"""What the page made for frames may load: style sheets and images from here, nothing else."""


def policy_of(response: Response) -> str:
    """The content security policy of an answer."""
    if request.path == EMBED:
        return EMBED_POLICY
    return PAGE_POLICY if response.mimetype == "text/html" else DATA_POLICY


def add_headers(server: Flask) -> None:
    """Give every answer of `server` its headers."""

    @server.after_request
    def after(response: Response) -> Response:
        for name, value in FIXED.items():
            response.headers[name] = value
        response.headers["Content-Security-Policy"] = policy_of(response)
        is_api, is_embed = request.path.startswith(OPEN), request.path == EMBED
        if is_embed:
            del response.headers["X-Frame-Options"]
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin" if is_api or is_embed else "same-origin"
        if is_api:
            response.headers["Access-Control-Allow-Origin"] = "*"
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = f"max-age={YEAR}"
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = cache_control(response)
        return response


def cache_control(response: Response) -> str:
    """API answers for a minute, pages and callbacks asked for anew each time; files have told theirs."""
    if request.method not in ("GET", "HEAD"):
        return "no-store"
    if response.status_code in (200, 304) and request.path.startswith(OPEN):
        # Without an address of its own the site's answers hold the one they were asked by: not for shared caches.
        shared = "public" if current_app.config.get(BASE_URL) else "private"
        return f"{shared}, max-age={API_SECONDS}"
    return "no-cache"
