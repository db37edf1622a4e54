"""Absolute addresses: under `AIM_BASE_URL`, else under the address that the request came to."""

from __future__ import annotations

from flask import current_app, request

BASE_URL = "AIM_BASE_URL"
"""Key of the application's configuration."""


def base_url() -> str:
    """Scheme and host of this site as the public reaches it, without a slash at the end."""
    configured = current_app.config.get(BASE_URL)
    return str(configured) if configured else request.host_url.rstrip("/")


def absolute(path: str) -> str:
    """The absolute address of a path of this site."""
    return f"{base_url()}{path}"
