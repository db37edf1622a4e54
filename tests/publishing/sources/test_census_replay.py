"""Pulls of the real figures, through the replay of the API beside the checkout, published and asked for again."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fake_census import QUICK

from data_access.publishing.publish import publish
from data_access.publishing.sources.census import pull_imports
from data_access.serving.statistics import open_statistics


@contextmanager
def replay(shared: Path, *arguments: str) -> Iterator[str]:
    command = [sys.executable, str(shared / "tools" / "census_replay.py"), "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        try:
            yield line.split(" on ")[1].split("/data/")[0]
        finally:
            server.terminate()


CASES = {
    ("ca-mx", "HS10", "2025-01", "latest"): {
        "product=7601&country=CAN&measure=value&from=2025-03&to=2025-03": [802_593_181],
        "product=76&country=CAN&country=MEX&by=country&measure=value&freq=year&from=2025-01&to=2025-12": [
            9_286_801_500,
            1_765_347_329,
        ],
        "product=76&country=CAN&from=2025-03&to=2025-03": ["not_reported"],
        "product=7602000065&country=CAN&country=MEX&measure=value&from=2026-01&to=2026-02": [
            "not_applicable",
            105_884_091,
        ],
        "product=scrap&measure=value&from=2026-01&to=2026-02": [232_621_260, 235_470_364],
    },
    ("2024", "HS10", "2024-01", "2024-12"): {
        "product=76&measure=value&freq=year&from=2024-01&to=2024-12": [26_518_229_856],
        "product=76&measure=value&freq=year&from=2024-01&to=2024-12&basis=general": [27_445_346_667],
        "product=7601&country=CAN&measure=value&freq=year&from=2024-01&to=2024-12": [7_751_105_424],
    },
    ("canada-kg", "HS6", "2018-01", "2018-06"): {
        "product=760110&country=CAN&measure=value&from=2018-03&to=2018-03": [448_620_926],
        "product=760110&country=CAN&from=2018-03&to=2018-03": [197_578.579],
    },
    ("hs2", "HS2", "2024-01", "2024-12"): {
        "product=76&measure=value&freq=year&from=2024-01&to=2024-12&basis=general": [27_470_683_602],
        "product=76&country=CAN&measure=value&freq=year&from=2024-01&to=2024-12&basis=general": [11_372_273_818],
        "product=aim&measure=value&freq=year&from=2024-01&to=2024-12&basis=general": ["not_reported"],
    },
}
FAULTS = ["--fault", "500:2", "--fault", "cut:1", "--fault", "html:1"]


@pytest.mark.parametrize(
    ("case", "arguments"),
    [*((case, []) for case in CASES), (("2024", "HS10", "2024-01", "2024-12"), FAULTS)],
    ids=lambda value: "-".join(value[:2]) if isinstance(value, tuple) else " ".join(value),
)
def test_real_figures_come_through_to_the_digit(
    shared: Path, tmp_path: Path, case: tuple[str, str, str, str], arguments: list[str]
) -> None:
    dataset, level, start, end = case
    with replay(shared, "--dataset", dataset, *arguments) as url:
        pull_imports(
            out=tmp_path / "public",
            start=start,
            end=end,
            key="k",
            base_url=url,
            level=level,
            progress=False,
            pace=QUICK if arguments else None,
        )
    publish(
        public=tmp_path / "public",
        out=tmp_path / "releases",
        licenses=None,
        policy=None,
        state=None,
        decisions=None,
        as_of=None,
        progress=False,
    )
    statistics = open_statistics(tmp_path / "releases")
    for query, expected in CASES[case].items():
        cells = statistics.series(statistics.parse(f"{query}&series=public")).cells
        found = [cell.status if cell.value is None else cell.value for cell in cells]
        assert found == expected, query
