"""Pages and answers for what went wrong: designed, in plain words, without a stack trace."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

from dash.exceptions import DependencyException
from flask import Flask, Response, g, jsonify, make_response, request
from werkzeug.exceptions import HTTPException

if TYPE_CHECKING:
    from dashboard.shell import Shell

UPDATE = "/_dash-update-component"
RETRIED = (429, 503)
"""Refusals that hold for a while; `limits` tells how long."""
_log = logging.getLogger(__name__)
WORDS = {
    404: ("This page does not exist", ("The address may be mistyped, or the page may have moved.",)),
    405: ("This cannot be done here", ("The page can be read, not written to.",)),
    413: ("This is too much at once", ("The request is larger than any that a page here sends.",)),
    429: (
        "Too many requests from here",
        ("One address may ask only so much a minute, so that others are answered too. Please try again in a moment.",),
    ),
    503: (
        "Too much is asked at once",
        ("Others are being answered. Please try again in a moment.",),
    ),
    500: (
        "Something went wrong on our side",
        ("The page could not be made. This has been recorded; please try again in a moment.",),
    ),
}


def add_error_pages(server: Flask, shell: Shell) -> None:
    """Answer errors with a page, or with JSON where a program asked."""

    @server.errorhandler(HTTPException)
    def known(error: HTTPException) -> Response:
        return _answer(shell, error.code or 500, headers=_allow(error))

    @server.errorhandler(Exception)
    def unknown(error: Exception) -> Response:
        # A callback never raises (views.base): what fails there is a request that no page of ours sent.
        if request.path == UPDATE:
            return _answer(shell, 400)
        if isinstance(error, DependencyException):  # a script or style sheet that Dash does not have
            return _answer(shell, 404)
        _log.error("%s could not be answered", request.path, exc_info=error)
        return _answer(shell, 500)


def _allow(error: HTTPException) -> dict[str, str]:
    """Which methods there are, for 405."""
    return {name: value for name, value in error.get_headers() if name == "Allow"}


def _hint(code: int) -> str:
    if code == 404:
        return "/api/v1/openapi.json lists what there is."
    return f"Please ask again in {g.retry_after} s." if code in RETRIED and "retry_after" in g else ""


def _answer(shell: Shell, code: int, *, headers: dict[str, str] | None = None) -> Response:
    heading, lines = WORDS.get(code, (HTTPStatus(code).phrase, ("The request could not be understood.",)))
    if request.path.startswith(("/api/", "/_dash")):
        parameter = "path" if code == 404 else "request"
        message = f"{heading}. {_hint(code)}".strip()
        body = {"parameter": parameter, "given": request.path[:200], "allowed": [], "message": message}
        response = make_response(jsonify(error=body), code)
    else:
        response = make_response(shell.error_page(heading, lines), code)
    response.headers.update(headers or {})
    if code in RETRIED and "retry_after" in g:
        response.headers["Retry-After"] = str(g.retry_after)
    return response
