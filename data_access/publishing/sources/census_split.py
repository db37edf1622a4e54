"""A pull in queries that the Census API can bear: halved where it fails, by month where it holds nothing."""

from __future__ import annotations

from collections.abc import Iterator

from data_access.publishing.sources.census_client import CensusClient, TooLargeError
from data_access.publishing.sources.census_query import Query
from data_access.publishing.sources.census_rows import Record, records


class Splitter:
    """Asks for months and remembers which queries were too large, so that each size fails once.

    A failed query counts as too large if the next smaller one is answered at the first attempt; else the server was in
    trouble, and the next run of months is tried in full again.
    """

    def __init__(self, client: CensusClient, *, level: str) -> None:
        self._client = client
        self._level = level
        self._suspects: list[Query] = []
        self._too_many_months: int | None = None
        self._too_wide: set[tuple[str, ...]] = set()

    def by_month(self, months: tuple[str, ...]) -> Iterator[tuple[str, list[Record]]]:
        """Each of these consecutive months with its rows, as soon as it is whole; no rows: no data.

        A month that a longer query leaves out is asked for alone, since 204 also means a query too broad.
        """
        query = Query(level=self._level, months=months)
        if len(months) == 1:
            yield months[0], self._month(query)
            return
        answer = None if self._is_too_long(months) else self._answer(query)
        if answer is None:
            middle = len(months) // 2
            yield from self.by_month(months[:middle])
            yield from self.by_month(months[middle:])
            return
        for month in months:
            rows = answer.get(month)
            if rows:
                yield month, rows
            else:
                yield from self.by_month((month,))

    def _is_too_long(self, months: tuple[str, ...]) -> bool:
        return self._too_many_months is not None and len(months) >= self._too_many_months

    def _month(self, query: Query) -> list[Record]:
        answer = None if query.stems in self._too_wide else self._answer(query)
        if answer is not None:
            return answer.get(query.months[0], [])
        halves = query.halves()
        if halves is None:
            raise AssertionError("a single code is never too large")
        return [record for half in halves for record in self._month(half)]

    def _answer(self, query: Query) -> dict[str, list[Record]] | None:
        """Rows by month, none where there is no data; None where the query is too large."""
        try:
            table = self._client.ask(query)
        except TooLargeError:
            self._suspects.append(query)
            return None
        if self._client.attempts == 1:
            self._learn()
        self._suspects.clear()
        return {} if table is None else records(table, query)

    def _learn(self) -> None:
        for query in self._suspects:
            if len(query.months) > 1:
                self._too_many_months = min(len(query.months), self._too_many_months or len(query.months))
            else:
                self._too_wide.add(query.stems)
