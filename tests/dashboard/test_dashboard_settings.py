"""Settings come from the environment, each with a default; bad values are told all at once."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest

from dashboard.settings import SETTINGS, Settings
from data_access.errors import UserError

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what a container listens on


def test_without_an_environment_the_defaults_of_the_table_hold() -> None:
    assert Settings.from_env({}) == Settings()
    written = {setting.name: setting.default for setting in SETTINGS}
    assert Settings.from_env(written) == Settings()


def test_every_setting_is_read() -> None:
    given = {
        "AIM_RELEASES": "/srv/releases",
        "AIM_HOST": EVERYWHERE,
        "AIM_PORT": "9000",
        "AIM_WORKERS": "4",
        "AIM_CONTACT": "aim@example.gov",
        "AIM_BASE_URL": "https://aim.example.gov/",
        "AIM_VERIFY_KEY": "/etc/aim/verify.pem",
        "AIM_CACHE": "/var/cache/aim",
        "AIM_TRUSTED_PROXIES": "10.0.0.5, 10.1.0.0/16,::1",
        "AIM_RATE": "0",
        "AIM_METRICS_PORT": "9100",
        "AIM_LOG": "text",
    }
    assert set(given) == {setting.name for setting in SETTINGS}
    assert Settings.from_env(given) == Settings(
        releases=Path("/srv/releases"),
        host=EVERYWHERE,
        port=9000,
        workers=4,
        contact="mailto:aim@example.gov",
        base_url="https://aim.example.gov",
        verify_key=Path("/etc/aim/verify.pem"),
        cache=Path("/var/cache/aim"),
        trusted_proxies=(ip_network("10.0.0.5"), ip_network("10.1.0.0/16"), ip_network("::1")),
        rate=0,
        metrics_port=9100,
        log="text",
    )


@pytest.mark.parametrize(
    ("name", "value", "works"),
    [
        ("AIM_RELEASES", "s3://bucket/public?region=us-east-2", True),
        ("AIM_RELEASES", "s3://key:secret@bucket/public", False),
        ("AIM_RELEASES", "s3://bucket/../private", False),
        ("AIM_PORT", "0", False),
        ("AIM_PORT", "1", True),
        ("AIM_PORT", "65535", True),
        ("AIM_PORT", "65536", False),
        ("AIM_PORT", "80a", False),
        ("AIM_PORT", "٣", False),
        ("AIM_WORKERS", "0", False),
        ("AIM_WORKERS", "64", True),
        ("AIM_WORKERS", "65", False),
        ("AIM_TRUSTED_PROXIES", "10.0.0.0/33", False),
        ("AIM_TRUSTED_PROXIES", "proxy.example.gov", False),
        ("AIM_RATE", "-1", False),
        ("AIM_METRICS_PORT", "65536", False),
        ("AIM_LOG", "xml", False),
        ("AIM_CONTACT", "https://example.gov/comments", True),
        ("AIM_CONTACT", "javascript:alert(1)", False),
        ("AIM_CONTACT", "nobody", False),
        ("AIM_BASE_URL", "https://aim.example.gov", True),
        ("AIM_BASE_URL", "http://127.0.0.1:8050/", True),
        ("AIM_BASE_URL", "aim.example.gov", False),
        ("AIM_BASE_URL", "https://example.gov/aim", False),
        ("AIM_BASE_URL", "https://example.gov?x=1", False),
        ("AIM_BASE_URL", "ftp://example.gov", False),
    ],
)
def test_a_value_out_of_bounds_is_refused_by_name(name: str, value: str, works: bool) -> None:
    if works:
        Settings.from_env({name: value})
        return
    with pytest.raises(UserError, match=f"{name}: expected .*, found"):
        Settings.from_env({name: value})


def test_releases_are_a_directory_or_the_address_of_object_storage() -> None:
    assert Settings.from_env({"AIM_RELEASES": "s3://bucket/public"}).releases == "s3://bucket/public"
    assert Settings.from_env({"AIM_RELEASES": "data/s3"}).releases == Path("data/s3")


def test_all_bad_values_are_told_at_once() -> None:
    with pytest.raises(UserError) as caught:
        Settings.from_env({"AIM_PORT": "x", "AIM_WORKERS": "-1"})
    assert "AIM_PORT" in str(caught.value)
    assert "AIM_WORKERS" in str(caught.value)
