"""Object storage that speaks S3, through `pyarrow.fs`: read, list and write objects under `s3://bucket/prefix`.

Credentials come from the usual AWS environment. Other servers than Amazon's: `AWS_ENDPOINT_URL`, or options as pyarrow
writes them, `s3://bucket/prefix?endpoint_override=host:port&scheme=http&region=…`. What is read is bounded in size and
in time. The library behind it keeps threads and does not survive a fork: a process that forks leaves it alone.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from data_access.errors import UserError

if TYPE_CHECKING:
    from pyarrow.fs import S3FileSystem

SCHEME = "s3://"
OPTIONS = ("endpoint_override", "region", "scheme")
CONNECT_SECONDS = 5.0
REQUEST_SECONDS = 20.0
ATTEMPTS = 2
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
_PART = re.compile(r"[\w.!()*'-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Found:
    """An object of a listing: its size in bytes, and when it was written (Unix time in nanoseconds)."""

    size: int
    written: int


def is_object_store(address: Path | str) -> bool:
    """Whether this is an address of object storage, and no directory."""
    return str(address).startswith(SCHEME)


@dataclass(frozen=True)
class ObjectStore:
    """Objects under one prefix of a bucket; keys are relative to it. Raises UserError where the storage does not do
    as asked."""

    bucket: str
    prefix: str
    options: tuple[tuple[str, str], ...] = ()

    @classmethod
    def at(cls, address: str) -> ObjectStore:
        """The storage at `s3://bucket/prefix`; raises UserError for anything else."""
        try:
            parts = urlsplit(address)
        except ValueError:  # brackets that are no IPv6 address
            parts = urlsplit("")
        options = tuple(parse_qsl(parts.query, keep_blank_values=True))
        folders = parts.path.strip("/").split("/") if parts.path.strip("/") else []
        if (
            parts.scheme != "s3"
            or not _BUCKET.fullmatch(parts.netloc)
            or parts.fragment
            or any(not _PART.fullmatch(folder) or folder in (".", "..") for folder in folders)
            or any(name not in OPTIONS or not value for name, value in options)
            or dict(options).get("scheme", "https") not in ("http", "https")
        ):
            # It is not repeated: it could hold credentials.
            raise UserError(
                f"object storage: expected s3://bucket/prefix, with options {', '.join(OPTIONS)} at most, found "
                "something else; credentials come from the environment (AWS_ACCESS_KEY_ID, …)"
            )
        return cls(parts.netloc, "/".join(folders), options)

    @cached_property
    def _files(self) -> S3FileSystem:
        from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem  # noqa: PLC0415 - costs memory

        options = self._options()
        try:
            return S3FileSystem(
                endpoint_override=options.get("endpoint_override"),
                region=options.get("region"),
                scheme="http" if options.get("scheme") == "http" else "https",
                connect_timeout=CONNECT_SECONDS,
                request_timeout=REQUEST_SECONDS,
                retry_strategy=AwsStandardS3RetryStrategy(max_attempts=ATTEMPTS),
                background_writes=False,
            )
        except (OSError, ValueError) as error:
            raise self._trouble(error) from None

    def _options(self) -> dict[str, str]:
        """The options of the address, and the endpoint of the environment where they name none."""
        options = dict(self.options)
        if endpoint := os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"):
            options.setdefault("endpoint_override", endpoint)
        return options

    def identity(self) -> str:
        """What tells this storage from others with the same bucket and prefix; holds no credentials of its own."""
        options = self._options()
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        if region:
            options.setdefault("region", region)
        return repr((str(self), sorted(options.items())))

    def _path(self, key: str) -> str:
        return "/".join(part for part in (self.bucket, self.prefix, key) if part)

    def _trouble(self, error: Exception) -> UserError:
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        return UserError(f"object storage {self}: {text}")

    def __str__(self) -> str:
        return f"s3://{self._path('')}"

    def read(self, key: str, *, most: int) -> bytes:
        """An object of at most `most` bytes; raises FileNotFoundError where there is none."""
        files = self._files
        try:
            with files.open_input_stream(self._path(key)) as stream:
                data = stream.read(most + 1)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise self._trouble(error) from None
        if len(data) > most:
            raise UserError(f"object storage {self}: {key}: expected at most {most:,} bytes, found more")
        return data

    def list(self) -> dict[str, Found]:
        """All objects, by key."""
        from pyarrow.fs import FileSelector, FileType  # noqa: PLC0415 - costs memory

        files, base = self._files, self._path("")
        try:
            found = files.get_file_info(FileSelector(base, recursive=True, allow_not_found=True))
        except OSError as error:
            raise self._trouble(error) from None
        return {
            one.path[len(base) + 1 :]: Found(one.size, one.mtime_ns or 0) for one in found if one.type == FileType.File
        }

    def write(self, key: str, data: bytes) -> None:
        """Write an object, over one that is there."""
        files = self._files
        try:
            with files.open_output_stream(self._path(key)) as stream:
                stream.write(data)
        except OSError as error:
            raise self._trouble(error) from None
