"""nginx with the project's configuration as an ordinary process on loopback, and a server behind it that counts."""

from __future__ import annotations

import datetime as dt
import http.client
import http.server
import ipaddress
import json
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from dashboard.serve import ROOT
from tests.loopback import free_port
from tests.operation.servers import wait_until

CONFIGURATION = ROOT / "deploy" / "nginx.conf"
HOST = "aim.example.gov"


def certificate(folder: Path) -> Path:
    """A directory with a key and a certificate for `HOST`, good for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = dt.datetime.now(dt.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(HOST), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir()
    (folder / "fullchain.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "privkey.pem").write_bytes(secret)
    return folder


@dataclass
class Answer:
    """What nginx answered."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def cache(self) -> str:
        """What became of it in the cache."""
        return self.headers.get("X-Cache-Status", "")


@dataclass
class Nginx:
    """A running nginx."""

    port: int
    plain_port: int
    folder: Path
    process: subprocess.Popen[bytes]

    def context(self) -> ssl.SSLContext:
        """Trust in its certificate."""
        return ssl.create_default_context(cafile=str(self.folder / "certificates" / "fullchain.pem"))

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        timeout: float = 30,
    ) -> Answer:
        """One request over TLS."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context(), timeout=timeout)
        try:
            connection.request(method, path, body=body, headers={"Host": HOST, **(headers or {})})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def log(self) -> str:
        """Its access log, and what else it wrote."""
        return (self.folder / "nginx.log").read_text()


@contextmanager
def nginx(folder: Path, servers: list[int]) -> Iterator[Nginx]:
    """nginx before the servers on those ports; what the configuration takes from a container is changed, no more."""
    program = subprocess.run(
        [str(ROOT / "tests" / "operation" / "nginx.sh")], capture_output=True, text=True, check=False
    )
    if program.returncode:
        pytest.fail(program.stderr)
    certificate(folder / "certificates")
    port, plain_port = free_port(), free_port()
    first, last = servers[0], servers[-1]
    changes = {
        "/tmp/": f"{folder}/",  # noqa: S108
        "listen 8443 ssl": f"listen 127.0.0.1:{port} ssl",
        "listen 8080 ": f"listen 127.0.0.1:{plain_port} ",
        "server monitor-a:8050": f"server 127.0.0.1:{first}",
        "server monitor-b:8050": f"server 127.0.0.1:{last}",
        "/certificates/": f"{folder}/certificates/",
        "worker_processes auto;": "worker_processes 1;\nuser root;" if _is_root() else "worker_processes 1;",
        # What became of a request in the cache is for tests to see.
        "proxy_cache monitor;": "proxy_cache monitor; add_header X-Cache-Status $upstream_cache_status always;",
    }
    text = CONFIGURATION.read_text()
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    configuration = folder / "nginx.conf"
    configuration.write_text(text)
    with (folder / "nginx.log").open("wb") as sink:
        process = subprocess.Popen(
            [program.stdout.strip(), "-p", str(folder), "-c", str(configuration), "-g", "daemon off;"],
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    running = Nginx(port, plain_port, folder, process)
    try:
        wait_until(lambda: _listens(running), "nginx")
        yield running
    finally:
        process.terminate()
        process.wait(timeout=30)


def _is_root() -> bool:
    import os

    return os.geteuid() == 0


def _listens(running: Nginx) -> bool:
    if running.process.poll() is not None:
        pytest.fail(f"nginx did not start:\n{running.log()}")
    connection = http.client.HTTPConnection("127.0.0.1", running.plain_port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == 308
    except OSError:
        return False
    finally:
        connection.close()


@dataclass
class Asked:
    """A request that reached the server behind nginx."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Stub:
    """A server behind nginx: it answers as its paths tell, and keeps what was asked."""

    port: int = 0
    asked: list[Asked] = field(default_factory=list)

    def of(self, path: str) -> list[Asked]:
        """Requests of a path."""
        return [one for one in self.asked if one.path.split("?")[0] == path]


@contextmanager
def stub(*, lacks: str = "") -> Iterator[Stub]:
    """`/fresh` may be kept for a minute, `/short` for a second, `/slow` takes a while, all else may not be kept;
    `lacks` is a path that is not there."""
    kept = Stub()

    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = 30

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            told = {name.lower(): value for name, value in self.headers.items()}
            kept.asked.append(Asked(self.command, self.path, told, self.rfile.read(length)))
            path = self.path.split("?")[0]
            if path == "/slow":
                time.sleep(0.4)
            if path == lacks:
                self.send_response(404)
                self._end(path, b"")
                return
            if self.headers.get("If-None-Match") == '"tag"':
                self.send_response(304)
                self._end(path, b"")
                return
            self.send_response(200)
            self._end(path, json.dumps({"path": self.path, "form": told.get("accept-encoding", "")}).encode())

        do_POST = do_GET  # noqa: N815

        def _end(self, path: str, body: bytes) -> None:
            seconds = {"/fresh": 60, "/slow": 60, "/short": 1}.get(path)
            self.send_header("Cache-Control", "no-cache" if seconds is None else f"public, max-age={seconds}")
            self.send_header("Vary", "Accept-Encoding")
            self.send_header("ETag", '"tag"')
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    class Quiet(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            pass

    with Quiet(("127.0.0.1", 0), Handler) as server:
        kept.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield kept
        finally:
            server.shutdown()
            thread.join()
