"""One S3 bucket below a prefix: whole reads, conditional writes, errors in words. The store and the mirror share it.

Servers differ, and what they differ in is settled here (seen with Ceph 16; AWS as it documents itself):
- `If-Match` goes without quotes: Ceph compares it with the bare tag and never matches a quoted one; AWS takes both.
- A condition that does not hold is 412, and 404 on AWS when the object is gone. AWS's 409 means 'try again'.
- Ceph ignores a condition on a delete, so nothing here rests on one.
- A put whose answer got lost is sent again by boto3 and then loses against itself: then equal bytes are no conflict.
- Some don't know conditions (501) or pass over them. Heads, leases and published files rest on them, so the first write
  of a process tries them on a key of its own, and refuses such a server in words.
- Some refuse checksums, as a header or as a trailer: boto3's settings for that
  (AWS_REQUEST_CHECKSUM_CALCULATION=when_required, AWS_RESPONSE_CHECKSUM_VALIDATION=when_required) are kept to.
"""

import contextlib
import time
import uuid
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from reel_pipeline.errors import EngineUnavailable, HeadConflict

LOST_RACE = frozenset({"PreconditionFailed", "NoSuchKey", "412"})
TRY_AGAIN = frozenset({"ConditionalRequestConflict", "409"})
ABSENT = frozenset({"NoSuchKey", "NotFound", "404"})
"""Error codes of servers: a condition did not hold; ask the same again; there is no such object."""
NOT_UNDERSTOOD = frozenset({400, 405, 501})
"""HTTP statuses of a server that does not know a part of the request."""
WRONG_TAG = "0" * 32
"""An entity tag that no object has."""
TRIES = 6
"""How often one request is sent. A put that is told to try again waits 0.1, 0.2, ... 1.6 s in between: 3.1 s in all."""
_tried: set[tuple[str, str, str]] = set()
"""(endpoint, bucket, prefix) of those whose conditions this process has seen hold."""


@dataclass(frozen=True)
class Found:
    """`age_s`: since it was written, both ends told by the server's own clock."""

    data: bytes
    tag: str
    age_s: float


class Bucket:
    """Keys are below `prefix`. Raises `EngineUnavailable` when the bucket can't be reached or used."""

    def __init__(self, name: str, prefix: str) -> None:
        self.name = name
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        # A gateway that restarts is waited for; one that is gone is reported within about a minute.
        patient = cast(Any, Config)(connect_timeout=5, retries={"mode": "standard", "max_attempts": TRIES})
        # boto3's shared session is not thread-safe, and keeps the credentials that it found first.
        self._client: Any = cast(Any, boto3).Session().client("s3", config=patient)
        config = self._client.meta.config
        when_required = config.request_checksum_calculation == "when_required"
        self._on_put: dict[str, str] = {} if when_required else {"ChecksumAlgorithm": "SHA256"}
        when_required = config.response_checksum_validation == "when_required"
        self._on_get: dict[str, str] = {} if when_required else {"ChecksumMode": "ENABLED"}

    @property
    def address(self) -> str:
        return f"s3://{self.name}/{self._prefix}"

    def get(self, key: str) -> Found | None:
        """The whole object; None when there is none."""
        try:
            answer = self._client.get_object(Bucket=self.name, Key=self._prefix + key, **self._on_get)
            data = answer["Body"].read()
        except (BotoCoreError, ClientError) as error:
            if _code(error) in ABSENT:
                return None
            raise self._unavailable(error) from error
        now = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
        server_time_s = parsedate_to_datetime(now).timestamp() if now else time.time()
        return Found(data, answer["ETag"], server_time_s - answer["LastModified"].timestamp())

    def put(self, key: str, body: bytes | BinaryIO, only_if: str | None, **headers: str) -> str | None:
        """Write if the tag still is `only_if` (None: absent). Returns the new tag, None if it did not hold.

        The checksum makes S3 refuse bytes that were damaged on the way. Raises `EngineUnavailable` before anything is
        written to a server that does not keep to conditions.
        """
        self._try_conditions()
        return self._put(key, body, **_condition(only_if), **headers)

    def _put(self, key: str, body: bytes | BinaryIO, **headers: str) -> str | None:
        for attempt in range(TRIES):
            if not isinstance(body, bytes):
                body.seek(0)
            try:
                answer = self._client.put_object(
                    Bucket=self.name,
                    Key=self._prefix + key,
                    Body=body,
                    **self._on_put,
                    **headers,
                )
            except (BotoCoreError, ClientError) as error:
                if _code(error) in LOST_RACE:
                    return self._own_tag(key, body) if _sent_again(error) else None
                if _code(error) not in TRY_AGAIN or attempt == TRIES - 1:
                    raise self._unavailable(error) from error
                time.sleep(0.1 * 2**attempt)
            else:
                return str(answer["ETag"])
        raise AssertionError("unreachable")

    def _try_conditions(self) -> None:
        """See once per process that a key is created only once, and replaced only by who names its tag."""
        place = (self._client.meta.endpoint_url, self.name, self._prefix)
        if place in _tried:
            return
        key = f".conditions-{uuid.uuid4().hex}"
        try:
            tag = self._put(key, b"1", **_condition(None))
            refused = (self._put(key, b"2", **_condition(wrong)) is None for wrong in (None, WRONG_TAG))
            keeps = bool(tag and all(refused) and self._put(key, b"3", **_condition(tag)))
        except EngineUnavailable as error:
            if not _is_not_understood(error.__cause__) or self._put(key, b"4") is None:
                raise
            keeps = False
        finally:
            with contextlib.suppress(EngineUnavailable):
                self.delete(key)
        if not keeps:
            raise EngineUnavailable(
                f"The server of bucket {self.name} ({self._client.meta.endpoint_url}) has no conditional writes "
                "(If-None-Match, If-Match), without which two runs overwrite each other; use one that has them, such "
                "as AWS S3, Ceph or MinIO, or a folder."
            )
        _tried.add(place)

    def swap(self, key: str, data: bytes, expected_tag: str | None, **headers: str) -> str:
        """Write if the tag still is what was read (None: absent), else raise `HeadConflict`. Returns the new tag."""
        tag = self.put(key, data, expected_tag, **headers)
        if tag is None:
            raise HeadConflict(f"{key} was changed by another run meanwhile; run this SKU again.")
        return tag

    def _own_tag(self, key: str, body: bytes | BinaryIO) -> str | None:
        """The tag of what an earlier try of this put has written, if it did."""
        found = self.get(key)
        return found.tag if found and isinstance(body, bytes) and found.data == body else None

    def size_bytes(self, key: str) -> int | None:
        """How long the object is; None when there is none."""
        try:
            return int(self._client.head_object(Bucket=self.name, Key=self._prefix + key)["ContentLength"])
        except (BotoCoreError, ClientError) as error:
            if _code(error) in ABSENT:
                return None
            raise self._unavailable(error) from error

    def list(self, prefix: str) -> list[str]:
        """All keys below `prefix`, sorted."""
        return sorted(self.versions(prefix))

    def versions(self, prefix: str) -> dict[str, str]:
        """All keys below `prefix`, each with its tag."""
        try:
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=self._prefix + prefix
            )
            found = (item for page in pages for item in page.get("Contents", ()))
            return {item["Key"][len(self._prefix) :]: item.get("ETag", "") for item in found}
        except (BotoCoreError, ClientError) as error:
            raise self._unavailable(error) from error

    def delete(self, key: str) -> None:
        """Nothing happens where there is no such object."""
        try:
            self._client.delete_object(Bucket=self.name, Key=self._prefix + key)
        except (BotoCoreError, ClientError) as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> EngineUnavailable:
        checksums = (
            " A server that knows no checksums needs AWS_REQUEST_CHECKSUM_CALCULATION=when_required and "
            "AWS_RESPONSE_CHECKSUM_VALIDATION=when_required."
            if self._on_put and _is_not_understood(error)
            else ""
        )
        return EngineUnavailable(
            f"Bucket {self.name} can't be used ({error}); check its name, AWS_ENDPOINT_URL, region and credentials."
            f"{checksums}"
        )


def _code(error: Exception) -> str:
    """S3's name for an error; empty when it never got that far."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def _condition(only_if: str | None) -> dict[str, str]:
    """The header for 'if the tag still is this one' (None: if there is nothing yet)."""
    return {"IfMatch": only_if.strip('"')} if only_if else {"IfNoneMatch": "*"}


def _is_not_understood(error: BaseException | None) -> bool:
    """The server knows a part of the request not at all; it did not merely refuse or fail."""
    return isinstance(error, ClientError) and error.response["ResponseMetadata"]["HTTPStatusCode"] in NOT_UNDERSTOOD


def _sent_again(error: Exception) -> bool:
    return isinstance(error, ClientError) and error.response["ResponseMetadata"].get("RetryAttempts", 0) > 0
