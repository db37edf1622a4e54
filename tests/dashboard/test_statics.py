"""Scripts, style sheets and images: addresses that change with the content, copies compressed once, nothing else."""

from __future__ import annotations

import gzip
import logging
import os
import re
import shutil
import subprocess
from pathlib import Path

import brotli
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dashboard import statics as module
from dashboard.statics import ASSETS, BUILT, Statics, add_statics, compress, installed

PAGES = (
    "/",
    "/explore",
    "/smelt-cast",
    "/surges",
    "/compare",
    "/data",
    "/about",
    "/api",
    "/nope",
    "/embed?view=overview",
)
LOADED = re.compile(r'<(?:script|link|use|img)\b[^>]*\b(?:src|href)="(/[^"#]*\.(?:js|css|svg)[^"#]*)')


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    """Assets of the project without what set-up makes of them."""
    return Path(shutil.copytree(ASSETS, tmp_path / "assets", ignore=shutil.ignore_patterns(BUILT)))


def client_of(statics: Statics) -> FlaskClient:
    server = Flask("statics", static_folder=None)
    add_statics(server, statics)
    return server.test_client()


def plain(answer: TestResponse) -> bytes:
    coding = answer.headers.get("Content-Encoding")
    data: bytes = answer.data
    return brotli.decompress(data) if coding == "br" else gzip.decompress(data) if coding == "gzip" else data


def test_an_address_changes_with_the_content_and_with_nothing_else(assets: Path) -> None:
    before = Statics(assets)
    os.utime(assets / "layout.css", (0, 0))
    assert Statics(assets).url("layout.css") == before.url("layout.css")
    with (assets / "layout.css").open("a") as file:
        file.write("\n")
    after = Statics(assets)
    changed = {name for name in before.files if before.url(name) != after.url(name)}
    assert changed == {"layout.css", "site.css"}
    client = client_of(after)
    assert client.get(after.url("layout.css")).status_code == 200
    assert client.get(before.url("layout.css")).status_code == 404


def test_what_is_served_is_what_was_read_at_the_start(assets: Path) -> None:
    statics = Statics(assets)
    body = (assets / "layout.css").read_bytes()
    (assets / "layout.css").write_text("other")
    assert client_of(statics).get(statics.url("layout.css")).data == body


@pytest.mark.parametrize("path", PAGES)
def test_all_that_a_page_loads_is_there_for_good_and_compressed(client: FlaskClient, path: str) -> None:
    addresses = set(LOADED.findall(client.get(path).text))
    assert len(addresses) >= 3
    for address in addresses:
        answer = client.get(address, headers={"Accept-Encoding": "gzip, deflate, br, zstd"})
        assert address.startswith("/static/")
        assert (answer.status_code, answer.headers["Content-Encoding"]) == (200, "br")
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert plain(answer) == client.get(address).data


def test_a_page_of_charts_loads_three_scripts_and_one_style_sheet(client: FlaskClient) -> None:
    names = [address.split("/", 3)[3] for address in LOADED.findall(client.get("/").text)]
    scripts = [name for name in names if name.endswith(".js") and name != "start.js"]
    assert scripts == ["dash.js", "site.js", "plotly.js"]
    assert [name for name in names if name.endswith(".css")] == ["site.css"]


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", None),
        ("identity", None),
        ("br", "br"),
        ("gzip", "gzip"),
        ("gzip, br", "br"),
        ("GZIP", "gzip"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("br;q=0", None),
        ("br;q=0, gzip", "gzip"),
        ("*", "br"),
        ("br;q=0, *", "gzip"),
        ("*;q=0", None),
        ("identity, br;q=0.5", None),
        ("deflate, zstd", None),
        ("br;q=much", None),
    ],
)
def test_the_client_says_how_a_file_is_compressed(client: FlaskClient, accepted: str, coding: str | None) -> None:
    address = installed().url("layout.css")
    answer = client.get(address, headers={"Accept-Encoding": accepted})
    assert answer.headers.get("Content-Encoding") == coding
    assert plain(answer) == (ASSETS / "layout.css").read_bytes()
    assert "Accept-Encoding" in answer.headers["Vary"]


def test_each_coding_has_a_tag_of_its_own_and_is_asked_for_again_by_it(client: FlaskClient) -> None:
    address = installed().url("layout.css")
    tags = set()
    for coding in ("br", "gzip", "identity"):
        first = client.get(address, headers={"Accept-Encoding": coding})
        given = {"Accept-Encoding": coding, "If-None-Match": first.headers["ETag"]}
        again = client.get(address, headers=given)
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
        assert "immutable" in again.headers["Cache-Control"]
        tags.add(first.headers["ETag"])
    assert len(tags) == 3


def test_a_head_has_the_headers_of_the_file_and_no_body(client: FlaskClient) -> None:
    address = installed().url("world.svg")
    full = client.get(address, headers={"Accept-Encoding": "br"})
    head = client.head(address, headers={"Accept-Encoding": "br"})
    assert (head.status_code, head.data) == (200, b"")
    for name in ("Content-Length", "Content-Encoding", "Content-Type", "ETag", "Vary"):
        assert head.headers[name] == full.headers[name]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("monitor.js", "text/javascript; charset=utf-8"),
        ("layout.css", "text/css; charset=utf-8"),
        ("world.svg", "image/svg+xml; charset=utf-8"),
        ("dash/react.js", "text/javascript; charset=utf-8"),
    ],
)
def test_a_file_says_what_it_is(client: FlaskClient, name: str, kind: str) -> None:
    answer = client.get(installed().url(name))
    assert (answer.headers["Content-Type"], answer.headers["X-Content-Type-Options"]) == (kind, "nosniff")


@pytest.mark.parametrize(
    "rest",
    [
        "../app.py",
        "../../app.py",
        "%2e%2e/app.py",
        "..%2f..%2fapp.py",
        "built/plotly.js",
        "/etc/passwd",
        "layout.css/",
        "dash/../layout.css",
        "dash/%2e%2e/layout.css",
        "layout.css%00",
        "",
    ],
)
def test_nothing_but_the_listed_names_is_served(client: FlaskClient, rest: str) -> None:
    fingerprint = installed().files["layout.css"].fingerprint
    for address in (f"/static/{fingerprint}/{rest}", f"/static/{rest}", f"/static//{rest}"):
        answer = client.get(address, follow_redirects=True)
        assert answer.status_code == 404, address
        assert "immutable" not in answer.headers["Cache-Control"]


def test_an_address_of_another_files_fingerprint_does_not_exist(client: FlaskClient) -> None:
    fingerprint = installed().files["tokens.css"].fingerprint
    assert client.get(f"/static/{fingerprint}/layout.css").status_code == 404
    assert client.get("/static/000000000000/layout.css").status_code == 404


def test_joined_files_hold_their_parts_in_order() -> None:
    files = installed().files
    for name, parts in module.JOINED.items():
        places = [files[name].body.index(files[part].body) for part in parts]
        assert places == sorted(places)


# -- what set-up makes ------------------------------------------------------------------------------------------------


def test_copies_are_made_once_smaller_than_on_the_fly_and_used(assets: Path) -> None:
    on_the_fly = len(Statics(assets).files["layout.css"].encoded("br"))
    (assets / BUILT).mkdir()
    (assets / BUILT / "plotly.js").write_text("window.Plotly = {};")  # the full one takes long to compress
    written = compress(Statics(assets))
    assert len(written) == 2 * len(Statics(assets).files)
    file = Statics(assets).files["layout.css"]
    assert len(file.encoded("br")) < on_the_fly
    assert file.encoded("br") == file.copy("br").read_bytes()
    assert compress(Statics(assets)) == []
    with (assets / "layout.css").open("a") as changed:
        changed.write("\n")
    renewed = {path.suffix for path in compress(Statics(assets))}
    assert renewed == {".br", ".gz"}
    assert not file.copy("br").exists()


@pytest.mark.parametrize("broken", [b"", b"\x0b\x02", brotli.compress(b"body{}")])
def test_a_broken_copy_is_not_used(assets: Path, broken: bytes) -> None:
    (assets / BUILT).mkdir()
    file = Statics(assets).files["tokens.css"]
    file.copy("br").write_bytes(broken)
    file.copy("gzip").write_bytes(gzip.compress(file.body)[:-9])
    assert brotli.decompress(file.encoded("br")) == file.body
    assert gzip.decompress(file.encoded("gzip")) == file.body


def test_without_the_bundle_the_full_plotly_is_served_and_the_log_says_so(
    assets: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        full = Statics(assets)
        body = client_of(full).get(full.url("plotly.js")).data
    assert b"choropleth" in body
    assert "full bundle" in caplog.text
    caplog.clear()
    (assets / BUILT).mkdir()
    (assets / BUILT / "plotly.js").write_text("window.Plotly = {};")
    bundled = Statics(assets)
    assert client_of(bundled).get(bundled.url("plotly.js")).text == "window.Plotly = {};"
    assert bundled.url("plotly.js") != full.url("plotly.js")
    assert not caplog.records


def test_a_dash_without_a_script_is_an_error_that_names_it(assets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module.DASH, "dash/react.js", "deps/preact@")
    with pytest.raises(FileNotFoundError, match=r"dash/react\.js: the installed Dash has no script"):
        Statics(assets)


def test_the_bundle_draws_all_kinds_of_traces_and_is_much_smaller() -> None:
    built = ASSETS / BUILT / "plotly.js"
    if not built.is_file():
        pytest.skip("set-up could not build it, and said so")
    assert built.stat().st_size < 1_000_000
    text = built.read_text()
    assert all(f'name:"{kind}"' in text for kind in ("scatter", "bar", "heatmap"))
    assert 'name:"choropleth"' not in text


def test_setup_goes_on_and_says_so_where_npm_is_missing_or_fails(tmp_path: Path) -> None:
    root = ASSETS.parent
    shutil.copy(root / "Makefile", tmp_path)
    shutil.copytree(root / "dashboard" / "bundle", tmp_path / "dashboard" / "bundle")
    (tmp_path / "assets").mkdir()
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / "tools").mkdir()
    for tool in ("sh", "rm", "mkdir", "cp", "mv", "touch", "make"):
        (tmp_path / "tools" / tool).symlink_to(shutil.which(tool) or tool)

    def make() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["make", "--old-file=.venv/installed", ".venv/bundled"],
            cwd=tmp_path,
            env={"PATH": str(tmp_path / "tools")},
            capture_output=True,
            text=True,
            check=False,
        )

    (tmp_path / ".venv" / "installed").touch()
    missing = make()
    assert (missing.returncode, "npm is missing" in missing.stderr) == (0, True)
    (tmp_path / "tools" / "npm").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "tools" / "npm").chmod(0o755)
    failing = make()
    assert (failing.returncode, "npm could not build" in failing.stderr) == (0, True)
    assert not (tmp_path / "assets" / BUILT / "plotly.js").exists()
    assert not (tmp_path / ".venv" / "bundled").exists()
