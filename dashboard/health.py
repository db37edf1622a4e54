"""Is the server alive, and does it have a release? For load balancers, containers and monitoring."""

from __future__ import annotations

from flask import Flask, Response, jsonify, request

from dashboard.logs import RELEASE
from data_access.serving.statistics import Statistics

ALIVE, READY = "/healthz", "/readyz"
HEALTH, WATCH = "aim-health", "aim-watch"
"""Names under which the server's extensions hold the functions that tell the state of its release, and that have the
process look for the next one by itself."""


def add_health(server: Flask, statistics: Statistics) -> None:
    """Add /healthz, which asks nothing but the process, and /readyz, which asks for a release.

    Also each request's environ is told the release in use, for the access log.
    """
    server.extensions[HEALTH] = statistics.health
    server.extensions[WATCH] = statistics.watch

    @server.get(ALIVE)
    def alive() -> Response:
        return Response("ok\n", content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})

    @server.get(READY)
    def ready() -> Response:
        """200 with a release, also with an older one than there should be (`problem` tells); 503 without."""
        health = statistics.health()
        is_ready = health.release is not None
        answer = jsonify(
            status="ready" if is_ready else "not ready",
            release=health.release,
            published=health.published,
            problem=health.problem,
        )
        answer.status_code = 200 if is_ready else 503
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @server.after_request
    def tell_release(response: Response) -> Response:
        if request.path != ALIVE:
            request.environ[RELEASE] = statistics.info().id
        return response
