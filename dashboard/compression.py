"""Brotli and gzip for answers that are made anew each time: pages, answers to callbacks, API, feeds.

Files of the site have copies that are made once (`statics`). Pictures, workbooks and Parquet files are compressed
already and stay as they are. No page holds a secret and there are no cookies, so the length of an answer gives
nothing away. An answer that is asked for with an ETag is found unchanged before it would be compressed, for the tag of
a compressed answer is the weak form of its own.
"""

from __future__ import annotations

import gzip
from functools import lru_cache

import brotli
from flask import Flask, Response, request
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

CODINGS = ("br", "gzip")
"""Content codings, the one that is chosen first where a client takes both alike."""
LEAST = 1024
"""Bytes below which compressing saves nothing that counts."""
QUALITY = 4
"""Brotli's: a page takes 2 ms; 5 saves 7 % more and takes twice as long."""
GZIP_LEVEL = 6
_TYPES = frozenset({"application/json", "application/xml", "application/javascript", "image/svg+xml"})
_WITHOUT_BODY = frozenset({204, 206})


@lru_cache(maxsize=64)
def coding_of(accept_encoding: str) -> str | None:
    """The coding for a client's `Accept-Encoding`, or None for none."""
    accepted = parse_accept_header(accept_encoding, Accept)
    best = max(CODINGS, key=accepted.quality)
    plain = accepted.quality("identity") if "identity" in accepted.values() else 0
    return best if accepted.quality(best) > 0 and accepted.quality(best) >= plain else None


def encoded(body: bytes, coding: str, *, quality: int = QUALITY, level: int = GZIP_LEVEL) -> bytes:
    """`body` in a coding of `CODINGS`, always the same for the same body."""
    if coding == "br":
        return bytes(brotli.compress(body, mode=brotli.MODE_TEXT, quality=quality))
    return gzip.compress(body, compresslevel=level, mtime=0)


def compressed(body: bytes, accept_encoding: str) -> tuple[bytes, str | None]:
    """`body` as a client takes it, and its coding; None where it stays as it is."""
    coding = coding_of(accept_encoding) if len(body) >= LEAST else None
    return (encoded(body, coding), coding) if coding else (body, None)


def is_text(mimetype: str | None) -> bool:
    """Whether answers of this type get smaller."""
    return mimetype is not None and (
        mimetype in _TYPES or mimetype.startswith("text/") or mimetype.endswith(("+json", "+xml"))
    )


def add_compression(server: Flask) -> None:
    """Compress the answers of `server`; first of all that look at answers, so that it is the last to do so."""

    @server.after_request
    def after(response: Response) -> Response:
        if (
            not is_text(response.mimetype)
            or response.status_code in _WITHOUT_BODY
            or response.is_streamed
            or "Content-Encoding" in response.headers
        ):
            return response
        response.vary.add("Accept-Encoding")
        body = response.get_data()
        coding = coding_of(request.headers.get("Accept-Encoding", "")) if len(body) >= LEAST else None
        if not coding:
            return response
        tag, weak = response.get_etag()
        if tag and not weak:
            response.set_etag(tag, weak=True)
        if response.status_code != 304:
            response.set_data(encoded(body, coding))
            response.headers["Content-Encoding"] = coding
        return response
