"""Publishes into an S3 bucket: conditional puts with a SHA-256 checksum, then read back and compared."""

from pathlib import Path

from reel_pipeline.errors import StoreError
from reel_pipeline.objects.bucket import Bucket


class S3Target:
    """Objects below `prefix` of a bucket. Raises `EngineUnavailable` when the bucket can't be reached or written."""

    name = "s3"
    revision = "1"

    def __init__(self, bucket: str, prefix: str, public_url: str) -> None:
        self.public_url = public_url
        self._bucket = Bucket(bucket, prefix)

    def write_once(self, key: str, path: Path, content_type: str, cache_control: str) -> None:
        data = path.read_bytes()
        self._bucket.put(key, data, None, ContentType=content_type, CacheControl=cache_control)
        found = self._bucket.get(key)
        if found is None or found.data != data:
            raise StoreError(
                f"{key} in bucket {self._bucket.name} holds other bytes; delete it there and publish again."
            )

    def read(self, key: str) -> tuple[bytes, str] | None:
        found = self._bucket.get(key)
        return (found.data, found.tag) if found else None

    def replace(self, key: str, data: bytes, content_type: str, cache_control: str, expected_tag: str | None) -> None:
        self._bucket.swap(key, data, expected_tag, ContentType=content_type, CacheControl=cache_control)

    def delete(self, key: str) -> None:
        self._bucket.delete(key)

    def list(self, prefix: str) -> list[str]:
        return self._bucket.list(prefix)
