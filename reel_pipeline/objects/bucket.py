"""One S3 bucket below a prefix: whole reads, conditional writes, errors in words. The store and the mirror share it.

Servers differ, and what they differ in is settled here (seen with Ceph 16; AWS as it documents itself):
- `If-Match` goes without quotes: Ceph compares it with the bare tag and never matches a quoted one; AWS takes both.
- A condition that does not hold is 412, and 404 on AWS when the object is gone. AWS's 409 means 'try again'.
- Ceph ignores a condition on a delete, so nothing here rests on one.
- A put whose answer got lost is sent again by boto3 and then loses against itself: then equal bytes are no conflict.
"""

import time
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
TRIES = 6


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

    @property
    def address(self) -> str:
        return f"s3://{self.name}/{self._prefix}"

    def get(self, key: str) -> Found | None:
        try:
            answer = self._client.get_object(Bucket=self.name, Key=self._prefix + key, ChecksumMode="ENABLED")
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

        The checksum makes S3 refuse bytes that were damaged on the way.
        """
        condition = {"IfMatch": only_if.strip('"')} if only_if else {"IfNoneMatch": "*"}
        for attempt in range(TRIES):
            if not isinstance(body, bytes):
                body.seek(0)
            try:
                answer = self._client.put_object(
                    Bucket=self.name,
                    Key=self._prefix + key,
                    Body=body,
                    ChecksumAlgorithm="SHA256",
                    **condition,
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
        try:
            return int(self._client.head_object(Bucket=self.name, Key=self._prefix + key)["ContentLength"])
        except (BotoCoreError, ClientError) as error:
            if _code(error) in ABSENT:
                return None
            raise self._unavailable(error) from error

    def list(self, prefix: str) -> list[str]:
        """All keys below `prefix`, sorted."""
        try:
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=self._prefix + prefix
            )
            return sorted(item["Key"][len(self._prefix) :] for page in pages for item in page.get("Contents", ()))
        except (BotoCoreError, ClientError) as error:
            raise self._unavailable(error) from error

    def delete(self, key: str) -> None:
        try:
            self._client.delete_object(Bucket=self.name, Key=self._prefix + key)
        except (BotoCoreError, ClientError) as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> EngineUnavailable:
        return EngineUnavailable(
            f"Bucket {self.name} can't be used ({error}); check its name, AWS_ENDPOINT_URL, region and credentials."
        )


def _code(error: Exception) -> str:
    """S3's name for an error; empty when it never got that far."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def _sent_again(error: Exception) -> bool:
    return isinstance(error, ClientError) and error.response["ResponseMetadata"].get("RetryAttempts", 0) > 0
