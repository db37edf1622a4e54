"""Entry point: `gunicorn app:server` in production, `python app.py` for a quick look."""

from __future__ import annotations

from dashboard import logs
from dashboard.factory import create_app
from dashboard.settings import Settings

settings = Settings.from_env()
logs.configure(settings.log)
app = create_app(settings)
server = app.server

if __name__ == "__main__":
    app.run(host=settings.host, port=settings.port, debug=False)
