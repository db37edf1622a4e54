"""Where months are solved: this machine's cores, or a Dask cluster; the release is the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from distributed import LocalCluster, SchedulerPlugin
from publication_inputs import Inputs, usual_month

from data_access.contracts import read_manifest
from data_access.errors import UserError
from data_access.publishing import months as months_module


def inputs_of(directory: Path) -> Inputs:
    inputs = Inputs(directory)
    inputs.write_licenses(usual_month("2025-02"), usual_month("2025-03"), day="2025-04-10")
    return inputs


def files(inputs: Inputs) -> object:
    return read_manifest(inputs.current).files


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    """A release made in this process."""
    inputs = inputs_of(tmp_path_factory.mktemp("alone"))
    inputs.publish()
    return inputs


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_dask_cluster_makes_the_same_release(alone: Inputs, tmp_path: Path) -> None:
    inputs = inputs_of(tmp_path)
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=False,
        protocol="tcp://",
        host="127.0.0.1",
        dashboard_address=None,
    ) as cluster:
        seen: list[int] = []
        cluster.scheduler.add_plugin(_Seen(seen))
        inputs.publish(dask=cluster.scheduler_address)
    assert files(inputs) == files(alone)
    assert seen, "nothing was solved on the cluster"


class _Seen(SchedulerPlugin):
    """Notes each task that the cluster finishes."""

    def __init__(self, seen: list[int]) -> None:
        self._seen = seen

    def transition(self, key: object, start: str, finish: str, *args: object, **given: object) -> None:
        if finish == "memory":
            self._seen.append(1)


def test_more_cores_make_the_same_release(alone: Inputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = inputs_of(tmp_path)
    monkeypatch.setattr(months_module, "FEW_RECORDS", 0)
    inputs.publish()
    assert files(inputs) == files(alone)


def test_a_cluster_that_is_not_there_is_told_and_nothing_is_published(tmp_path: Path) -> None:
    inputs = inputs_of(tmp_path)
    with pytest.raises(UserError, match=r"--dask: expected a Dask scheduler at tcp://127\.0\.0\.1:9, found none"):
        inputs.publish(dask="tcp://127.0.0.1:9")
    assert not (inputs.releases / "current").exists()
