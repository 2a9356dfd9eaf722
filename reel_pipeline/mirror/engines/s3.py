"""Publishes into an S3 bucket: conditional puts with a SHA-256 checksum, then read back and compared."""

from pathlib import Path
from typing import Any, cast

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from reel_pipeline.errors import EngineUnavailable, HeadConflict, StoreError

LOST_RACE = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "409", "412"})
"""Answers to a conditional put whose condition did not hold; NoSuchKey: If-Match on what is gone."""
ABSENT = frozenset({"NoSuchKey", "NotFound", "404"})


class S3Target:
    """Objects below `prefix` of a bucket. Raises `EngineUnavailable` when the bucket can't be reached or written."""

    name = "s3"
    revision = "1"

    def __init__(self, bucket: str, prefix: str, public_url: str) -> None:
        self.public_url = public_url
        self._bucket, self._prefix = bucket, f"{prefix}/" if prefix else ""
        self._client: Any = cast(Any, boto3).client("s3")

    def write_once(self, key: str, path: Path, content_type: str, cache_control: str) -> None:
        data = path.read_bytes()
        self._put(key, data, content_type, cache_control, IfNoneMatch="*")
        found = self.read(key)
        if found is None or found[0] != data:
            raise StoreError(f"{key} in bucket {self._bucket} holds other bytes; delete it there and publish again.")

    def read(self, key: str) -> tuple[bytes, str] | None:
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key, ChecksumMode="ENABLED")
            return answer["Body"].read(), answer["ETag"]
        except ClientError as error:
            if _code(error) in ABSENT:
                return None
            raise self._unavailable(error) from error
        except BotoCoreError as error:
            raise self._unavailable(error) from error

    def replace(self, key: str, data: bytes, content_type: str, cache_control: str, expected_tag: str | None) -> None:
        condition = {"IfMatch": expected_tag} if expected_tag else {"IfNoneMatch": "*"}
        if not self._put(key, data, content_type, cache_control, **condition):
            raise HeadConflict(f"{key} was changed by another run meanwhile; run this SKU again.")

    def delete(self, key: str) -> None:
        try:
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + key)
        except (BotoCoreError, ClientError) as error:
            raise self._unavailable(error) from error

    def list(self, prefix: str) -> list[str]:
        try:
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix + prefix
            )
            return sorted(item["Key"][len(self._prefix) :] for page in pages for item in page.get("Contents", ()))
        except (BotoCoreError, ClientError) as error:
            raise self._unavailable(error) from error

    def _put(self, key: str, data: bytes, content_type: str, cache_control: str, **condition: str) -> bool:
        """False when the condition did not hold. The checksum makes S3 refuse bytes that were damaged on the way."""
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=self._prefix + key,
                Body=data,
                ContentType=content_type,
                CacheControl=cache_control,
                ChecksumAlgorithm="SHA256",
                **condition,
            )
        except ClientError as error:
            if _code(error) in LOST_RACE:
                return False
            raise self._unavailable(error) from error
        except BotoCoreError as error:
            raise self._unavailable(error) from error
        return True

    def _unavailable(self, error: Exception) -> EngineUnavailable:
        return EngineUnavailable(
            f"Bucket {self._bucket} can't be used ({error}); check its name, AWS_ENDPOINT_URL, region and credentials."
        )


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
