"""Answers made anew each time are compressed as the client takes them, and found unchanged by their ETag."""

from __future__ import annotations

import gzip
from pathlib import Path

import brotli
import pytest
from flask import Flask, Response, send_file
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dashboard.compression import LEAST, add_compression, compressed

TEXTS = (
    "/",
    "/explore?product=foil",
    "/about",
    "/nope",
    "/embed?view=overview",
    "/api/v1/series",
    "/api/v1/series?format=csv",
    "/api/v1/openapi.json",
    "/feeds/releases.atom",
    "/data.json",
    "/changelog",
)
TAGGED = ("/api/v1/series", "/api/v1/openapi.json", "/feeds/releases.atom", "/data.json", "/embed?view=overview")


def asked(client: FlaskClient, path: str, coding: str, **headers: str) -> TestResponse:
    return client.get(path, headers={"Accept-Encoding": coding, **headers})


@pytest.mark.parametrize("path", TEXTS)
def test_pages_and_figures_are_compressed_as_asked(client: FlaskClient, path: str) -> None:
    whole = client.get(path)
    assert "Content-Encoding" not in whole.headers
    assert "Accept-Encoding" in whole.headers["Vary"]
    if len(whole.data) < LEAST:
        assert "Content-Encoding" not in asked(client, path, "br").headers
        return
    for coding, undo in (("br", brotli.decompress), ("gzip", gzip.decompress)):
        answer = asked(client, path, coding)
        assert answer.status_code == whole.status_code
        assert answer.headers["Content-Encoding"] == coding
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert len(answer.data) == int(answer.headers["Content-Length"]) < len(whole.data)
        text = undo(answer.data)
        assert text == whole.data


@pytest.mark.parametrize("path", TAGGED)
@pytest.mark.parametrize("coding", ["br", "gzip"])
def test_a_compressed_answer_has_a_weak_tag_and_is_found_unchanged(
    client: FlaskClient, path: str, coding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, first = client.get(path), asked(client, path, coding)
    assert not whole.headers["ETag"].startswith("W/")
    if first.headers.get("Content-Encoding"):
        assert first.headers["ETag"] == f"W/{whole.headers['ETag']}"
    monkeypatch.setattr("dashboard.compression.encoded", lambda *_, **__: pytest.fail("compressed for nothing"))
    again = asked(client, path, coding, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert "Accept-Encoding" in again.headers["Vary"]
    assert "Content-Encoding" not in again.headers


def test_a_head_has_the_headers_of_the_compressed_answer(client: FlaskClient) -> None:
    full = asked(client, "/api/v1/meta", "br")
    head = client.head("/api/v1/meta", headers={"Accept-Encoding": "br"})
    assert head.data == b""
    for name in ("Content-Length", "Content-Encoding", "ETag", "Vary"):
        assert head.headers[name] == full.headers[name]


@pytest.mark.parametrize("path", ["/api/v1/series?format=xlsx", "/api/v1/series?format=parquet", "/healthz"])
def test_workbooks_tables_and_short_answers_stay_as_they_are(client: FlaskClient, path: str) -> None:
    answer = asked(client, path, "br, gzip")
    assert "Content-Encoding" not in answer.headers
    assert not answer.headers.get("ETag", "").startswith("W/")


def test_what_is_encoded_or_streamed_already_is_passed_on(tmp_path: Path) -> None:
    server = Flask("compression", static_folder=None)
    add_compression(server)
    kept = brotli.compress(b"figures " * 1000)
    (tmp_path / "file.txt").write_text("figures " * 1000)

    @server.get("/kept")
    def answer() -> Response:
        return Response(kept, content_type="application/json", headers={"Content-Encoding": "br"})

    @server.get("/file")
    def file() -> Response:
        return send_file(tmp_path / "file.txt")

    @server.get("/none")
    def none() -> tuple[str, int]:
        return "", 204

    client = server.test_client()
    assert asked(client, "/kept", "br, gzip").data == kept
    with asked(client, "/file", "br, gzip") as whole:
        assert whole.data == (tmp_path / "file.txt").read_bytes()
        assert "Content-Encoding" not in whole.headers
    assert asked(client, "/none", "br").status_code == 204


def test_a_body_is_compressed_where_that_saves_something() -> None:
    long, short = b"figures " * 1000, b"figures"
    body, coding = compressed(long, "br, gzip")
    assert (brotli.decompress(body), coding) == (long, "br")
    assert compressed(long, "") == (long, None)
    assert compressed(short, "br") == (short, None)
    assert compressed(long, "gzip") == compressed(long, "gzip")
