"""Who asks, under which address and scheme: X-Forwarded headers are believed from trusted proxies and nobody else.

Werkzeug's ProxyFix counts hops and never looks at who speaks, so whoever reaches the port past the proxy could choose
an address of their own; here the chain is walked from the connection itself, as far as each speaker is trusted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

from flask import Flask, abort, request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
FOR, PROTO, HOST = "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST"
FOREIGN = (
    FOR,
    PROTO,
    HOST,
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PREFIX",
    "HTTP_X_FORWARDED_SSL",
    "HTTP_X_FORWARDED_PROTOCOL",
    "HTTP_X_REAL_IP",
    "HTTP_X_SCRIPT_NAME",
)
"""What speaks for somebody else; nothing behind this module sees any of it."""
MAX_HOPS = 16
MAX_HOST = 255
"""Characters of a host with its port; names have at most 253."""
HOST_NAME = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\.?|\[[0-9A-Fa-f]*:[0-9A-Fa-f.:]+\])(?::[1-9][0-9]{0,4})?"
)


class TrustedProxies:
    """WSGI middleware that puts the client's address, scheme and host in place where a trusted proxy tells them."""

    def __init__(self, app: WSGIApplication, networks: Sequence[Network]) -> None:
        self._app = app
        self._networks = tuple(networks)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer the request as that of the client."""
        told = {name: environ.pop(name, "") for name in FOREIGN}
        peer = read_address(environ.get("REMOTE_ADDR", ""))
        if peer is not None and self._trusts(peer):
            client, hops = self._client(peer, _listed(told[FOR]))
            environ["REMOTE_ADDR"] = str(client)
            scheme = _of_hop(_listed(told[PROTO]), hops).lower()
            if scheme in ("http", "https"):
                environ["wsgi.url_scheme"] = scheme
            host = _of_hop(_listed(told[HOST]), hops)
            if is_host(host):
                environ["HTTP_HOST"] = host
        return self._app(environ, start_response)

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._networks)

    def _client(self, peer: Address, chain: list[str]) -> tuple[Address, int]:
        """The first address from the right that is not trusted, and how many trusted proxies stand before it."""
        client, hops = peer, 0
        for text in reversed(chain[-MAX_HOPS:]):
            if not self._trusts(client):
                break
            found = read_address(text)
            if found is None:
                return client, hops + 1
            client, hops = found, hops + 1
        return client, max(hops, 1)


def _listed(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def _of_hop(values: list[str], hops: int) -> str:
    """What the outermost trusted proxy told: each appends a value of its own, or there is one for all."""
    return values[-min(hops, len(values))] if values else ""


def read_address(text: str) -> Address | None:
    """The address in a text, also with a port as some proxies write it; an IPv4 address in IPv6 form is an IPv4 one."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def is_host(text: str) -> bool:
    """Whether a text is a host as links may begin with it."""
    if not text or len(text) > MAX_HOST or not HOST_NAME.fullmatch(text) or ".." in text:
        return False
    port = text.rpartition(":")[2] if text.rpartition("]")[2].count(":") else ""
    return not port or 1 <= int(port) <= 65_535


def add_proxies(server: Flask, networks: Sequence[Network]) -> None:
    """Believe `networks`; refuse requests whose host could not stand in a link."""
    server.wsgi_app = TrustedProxies(server.wsgi_app, networks)  # type: ignore[method-assign]

    @server.before_request
    def check_host() -> None:
        host = request.environ.get("HTTP_HOST")
        if host is not None and not (is_host(host) and request.host):
            abort(400)
