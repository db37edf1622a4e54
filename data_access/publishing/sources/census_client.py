"""HTTP to the Census API: one polite request at a time, every trouble it is known for, and the key never told."""

from __future__ import annotations

import datetime as dt
import email.utils
import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import requests
import stamina
import urllib3
from stamina.instrumentation import get_on_retry_hooks, set_on_retry_hooks

from data_access.errors import UserError
from data_access.publishing.sources.census_query import API_PATH, Query

HOST: Final = "https://api.census.gov"
SIGN_UP: Final = "https://api.census.gov/data/key_signup.html"
KEY_ERROR: Final = "X-DataWebAPI-KeyError"
USER_AGENT: Final = "aim-monitor (monitor of U.S. aluminum imports)"
SHOWN: Final = 200
"""Characters of an answer that an error message quotes at most."""

Table = list[list[str | None]]
"""An answer: the header, then rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How patient a pull is; times in seconds.

    A query that may be too large is given up after `attempts_if_large`, to be asked in halves. Waits double from
    `first_wait` up to `longest_wait`, with up to `jitter` added; a server that asks for more than `longest_retry_after`
    is not waited for.
    """

    attempts: int = 7
    attempts_if_large: int = 3
    first_wait: float = 1.0
    longest_wait: float = 60.0
    jitter: float = 0.5
    longest_retry_after: float = 300.0
    connect_timeout: float = 15.0
    read_timeout: float = 120.0


class TooLargeError(Exception):
    """A query that keeps failing and can be halved."""


class _PassingError(Exception):
    """What may pass if asked again; `size` where a query that is too large could look like this."""

    def __init__(self, found: str, *, size: bool = False, retry_after: float | None = None) -> None:
        super().__init__(found)
        self.found = found
        self.size = size
        self.retry_after = retry_after


class CensusClient:
    """Asks the API; `told` gets a line for the reader at each wait, and '' when it is over.

    Raises UserError where there is no key for the Census Bureau's own server, before anything is asked.
    """

    def __init__(self, *, key: str | None, base_url: str | None, pace: Pace) -> None:
        self.host = checked_host(base_url)
        self.attempts = 0
        self._key = (key or "").strip()
        if not self._key and self.host == HOST:
            raise self._no_key()
        self._pace = pace
        self.told: Callable[[str], None] = lambda line: None
        self._session = requests.Session()
        self._session.headers["User-Agent"] = USER_AGENT

    def __enter__(self) -> CensusClient:
        return self

    def __exit__(self, *exc: object) -> None:
        self._session.close()

    def ask(self, query: Query) -> Table | None:
        """The answer to a query, header first, or None where the server holds no rows (204).

        `attempts` then tells how many requests it took. Raises TooLargeError for a query to be asked in halves, and
        UserError for what asking again does not mend: the key, a variable, a server that stays in trouble.
        """
        self.attempts = 0
        try:
            with self._reported_waits():
                return self._patiently(query)
        except _PassingError as trouble:
            if trouble.size and query.halves():
                raise TooLargeError from None
            raise self._given_up(query, trouble) from None
        finally:
            self.told("")

    def _given_up(self, query: Query, trouble: _PassingError) -> UserError:
        times = "once" if self.attempts == 1 else f"{self.attempts} times"
        when = "later" if not trouble.retry_after else f"in {math.ceil(trouble.retry_after / 60)} minutes"
        return UserError(f"{self.host}: expected {query}, found {trouble.found} (asked {times}); try again {when}")

    def _patiently(self, query: Query) -> Table | None:
        pace = self._pace
        for attempt in stamina.retry_context(
            on=lambda error: self._wait(error, query),
            attempts=pace.attempts,
            timeout=None,
            wait_initial=pace.first_wait,
            wait_max=pace.longest_wait,
            wait_jitter=pace.jitter,
        ):
            with attempt:
                self.attempts += 1
                return self._once(query)
        raise AssertionError("a retry context ends with an answer or an error")

    def _wait(self, error: Exception, query: Query) -> bool | float:
        """Whether to ask again, or the seconds after which to."""
        if not isinstance(error, _PassingError):
            return False
        if error.retry_after is not None:
            if error.retry_after > self._pace.longest_retry_after:
                return False
            return error.retry_after
        return not (error.size and self.attempts >= self._pace.attempts_if_large and query.halves())

    @contextmanager
    def _reported_waits(self) -> Iterator[None]:
        """Waits are told to the reader; stamina would log them, where no log is set up, to standard error."""
        before = get_on_retry_hooks()

        def tell(details: Any) -> None:
            self.told(f"{details.caused_by}; asking again in {details.wait_for:.0f} s")

        set_on_retry_hooks([tell])
        try:
            yield
        finally:
            set_on_retry_hooks(before)

    def _once(self, query: Query) -> Table | None:
        pace = self._pace
        parameters = query.parameters() + ([("key", self._key)] if self._key else [])
        try:
            # A redirect leads to an HTML page about the key, which itself answers 200: it is never followed.
            response = self._session.get(
                self.host + API_PATH,
                params=parameters,
                timeout=(pace.connect_timeout, pace.read_timeout),
                allow_redirects=False,
            )
        # Their texts hold the address, and with it the key: they are not passed on.
        except requests.exceptions.ConnectTimeout:
            raise _PassingError(f"no connection within {pace.connect_timeout:g} s") from None
        except requests.exceptions.Timeout:
            raise _PassingError(f"no answer within {pace.read_timeout:g} s", size=True) from None
        except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
            raise _PassingError("an answer cut off half-way", size=True) from None
        except requests.exceptions.SSLError:
            raise UserError(
                f"{self.host}: expected a certificate that can be verified, found none; check the address"
            ) from None
        except requests.exceptions.ConnectionError as error:
            raise _lost(error) from None
        except requests.exceptions.RequestException as error:
            raise UserError(f"{self.host}: the request failed ({type(error).__name__}); check --base-url") from None
        return self._judged(response)

    def _judged(self, response: requests.Response) -> Table | None:
        status = response.status_code
        if status == requests.codes.no_content:
            return None
        if status == requests.codes.ok:
            return _table(response)
        if response.is_redirect or KEY_ERROR in response.headers:
            raise self._redirected(response)
        found = f"HTTP {status}"
        if status in (429, 503):
            raise _PassingError(found, retry_after=_retry_after(response))
        if status >= 500:
            raise _PassingError(found, size=True)
        if status in (401, 403):
            raise UserError(f"{self.host}: {found}; check the key (--key or CENSUS_API_KEY)")
        raise UserError(f"{self.host}: the API refused the query with {found}: {self._quoted(response)}")

    def _redirected(self, response: requests.Response) -> UserError:
        about = response.headers.get(KEY_ERROR, "") + response.headers.get("Location", "")
        if "key" not in about:
            return UserError(f"{self.host}: expected the API, found a redirect; check --base-url")
        if self._key:
            return UserError(
                f"{self.host}: the key was refused; check --key or CENSUS_API_KEY, or ask for a new one: {SIGN_UP}"
            )
        return self._no_key()

    def _no_key(self) -> UserError:
        return UserError(
            f"{self.host}: expected a key of the Census API, found none; "
            f"give --key or set CENSUS_API_KEY (a key is free: {SIGN_UP})"
        )

    def _quoted(self, response: requests.Response) -> str:
        text = " ".join(response.text.split())[:SHOWN]
        return text.replace(self._key, "…") if self._key else text


def checked_host(base_url: str | None) -> str:
    """Scheme and host of the API; raises UserError where `base_url` is anything else."""
    if base_url is None:
        return HOST
    url = base_url.rstrip("/").removesuffix(API_PATH)
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path or parts.query or "@" in parts.netloc:
        raise UserError(
            "--base-url: expected scheme and host such as http://127.0.0.1:8765 (the API's path is added), "
            "found something else",
            exit_code=2,
        )
    return url


def _lost(error: requests.exceptions.ConnectionError) -> _PassingError:
    """A connection that was never made says nothing about the query; one that was lost may."""
    cause = error.args[0] if error.args else None
    if isinstance(cause, urllib3.exceptions.MaxRetryError):
        return _PassingError("no connection")
    return _PassingError("a connection lost before the answer was whole", size=True)


def _table(response: requests.Response) -> Table:
    kind = response.headers.get("Content-Type", "no content type").split(";")[0].strip()
    if "json" not in kind.lower():
        raise _PassingError(f"a page of {kind} in place of JSON")
    try:
        table = json.loads(response.content)
    except ValueError:
        raise _PassingError("an answer that is not JSON, or cut off", size=True) from None
    if not _is_table(table):
        raise _PassingError("JSON that is not an array of arrays of strings")
    return table  # type: ignore[no-any-return]


def _is_table(table: Any) -> bool:
    return (
        isinstance(table, list)
        and bool(table)
        and all(isinstance(row, list) and all(x is None or isinstance(x, str) for x in row) for row in table)
    )


def _retry_after(response: requests.Response) -> float | None:
    """Seconds that the server asks to wait: a number, or a date (RFC 9110, 10.2.3)."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return max(0.0, (moment - dt.datetime.now(dt.UTC)).total_seconds())
