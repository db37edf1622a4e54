"""Who is believed about the client's address, scheme and host."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from dashboard.proxies import add_proxies, is_host

TRUSTED = ("10.0.0.0/8", "::1/128")


@pytest.fixture
def client() -> FlaskClient:
    """A site that tells what it knows of the request."""
    server = Flask("told")
    add_proxies(server, [ip_network(one) for one in TRUSTED])
    server.add_url_rule(
        "/", view_func=lambda: {"client": request.remote_addr, "url": request.url_root, "path": request.script_root}
    )
    return server.test_client()


def told(client: FlaskClient, peer: str, **headers: str) -> dict[str, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = client.get("/", headers=named, environ_base={"REMOTE_ADDR": peer})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.get_json()
    return found


def test_nobody_else_is_believed(client: FlaskClient) -> None:
    headers = {
        "X_Forwarded_For": "203.0.113.9",
        "X_Forwarded_Proto": "https",
        "X_Forwarded_Host": "evil.example",
        "X_Forwarded_Prefix": "/evil",
        "X_Forwarded_Port": "9",
        "Forwarded": "for=203.0.113.9;proto=https;host=evil.example",
        "X_Real_IP": "203.0.113.9",
    }
    assert told(client, "192.0.2.1", **headers) == {"client": "192.0.2.1", "url": "http://localhost/", "path": ""}


def test_a_trusted_proxy_tells_address_scheme_and_host_and_nothing_more(client: FlaskClient) -> None:
    headers = {
        "X_Forwarded_For": "203.0.113.9",
        "X_Forwarded_Proto": "https",
        "X_Forwarded_Host": "aim.example:8443",
        "X_Forwarded_Prefix": "/evil",
        "Forwarded": "for=203.0.113.8;host=evil.example",
    }
    expected = {"client": "203.0.113.9", "url": "https://aim.example:8443/", "path": ""}
    assert told(client, "10.0.0.5", **headers) == expected


@pytest.mark.parametrize(
    ("chain", "client_address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9, 10.0.0.7", "203.0.113.9"),
        ("10.0.0.9, 10.0.0.8", "10.0.0.9"),
        ("127.0.0.1, 203.0.113.9, junk", "10.0.0.5"),
        ("junk, 203.0.113.9, 10.0.0.7", "203.0.113.9"),
        ("203.0.113.9:4711", "203.0.113.9"),
        ("[2001:db8::9]:4711", "2001:db8::9"),
        ("2001:db8::9", "2001:db8::9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("", "10.0.0.5"),
        (", ,", "10.0.0.5"),
    ],
)
def test_the_chain_is_walked_from_the_right_past_trusted_addresses(
    client: FlaskClient, chain: str, client_address: str
) -> None:
    assert told(client, "10.0.0.5", X_Forwarded_For=chain)["client"] == client_address


def test_what_a_client_put_before_the_proxy_is_not_believed(client: FlaskClient) -> None:
    headers = {
        "X_Forwarded_For": "203.0.113.9",
        "X_Forwarded_Proto": "https, http",
        "X_Forwarded_Host": "evil.example, aim.example",
    }
    assert told(client, "10.0.0.5", **headers)["url"] == "http://aim.example/"


def test_of_two_trusted_proxies_the_outer_one_knows_the_scheme(client: FlaskClient) -> None:
    headers = {"X_Forwarded_For": "203.0.113.9, 10.0.0.7", "X_Forwarded_Proto": "https, http"}
    assert told(client, "10.0.0.5", **headers)["url"] == "https://localhost/"


@pytest.mark.parametrize("name", ["X_Forwarded_Proto", "X_Forwarded_Host"])
@pytest.mark.parametrize("value", ["javascript", "x y", "a/b", "", "<x>", "a" * 300])
def test_nonsense_of_a_proxy_changes_nothing(client: FlaskClient, name: str, value: str) -> None:
    if name == "X_Forwarded_Host" and value == "javascript":
        value = "a@b"
    assert told(client, "10.0.0.5", **{name: value})["url"] == "http://localhost/"


def test_an_ipv4_proxy_on_an_ipv6_socket_is_the_same(client: FlaskClient) -> None:
    assert told(client, "::ffff:10.0.0.5", X_Forwarded_For="203.0.113.9")["client"] == "203.0.113.9"


@pytest.mark.parametrize(
    "host",
    ["aim.example", "aim.example:8443", "127.0.0.1:8050", "[::1]:8050", "localhost", "a-b.example."],
)
def test_hosts_that_links_may_begin_with(client: FlaskClient, host: str) -> None:
    assert is_host(host)
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "a b",
        "a/b",
        "a@b",
        "a:b",
        "a:0",
        "a:65536",
        "a:080",
        "A.example:080",
        "x_y.example",
        "[1]",
        "a" * 256,
        "a..b",
        "-a",
        "<a>",
        "a?",
        "a#",
        "[::1",
        "ü.example",
        "a,b",
    ],
)
def test_other_hosts_are_refused(client: FlaskClient, host: str) -> None:
    assert not is_host(host)
    if host.isascii():
        assert client.get("/", headers={"Host": host}).status_code == 400
