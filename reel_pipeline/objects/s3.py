"""Objects in a bucket, with copies of what was read by path in a local folder."""

import contextlib
import hashlib
from pathlib import Path

from reel_pipeline.errors import BlobMissing
from reel_pipeline.objects.bucket import Bucket
from reel_pipeline.objects.folder import FolderObjects
from reel_pipeline.objects.lease import LEASE_S, BucketLocks
from reel_pipeline.objects.locks import Locks


class S3Objects:
    """`local_path` keeps copies in `cache`, verified by the hash in their name.

    `lease_s`: for how many seconds a killed run's locks still count as held.
    """

    def __init__(self, bucket: Bucket, cache: Path, lease_s: float = LEASE_S) -> None:
        self.bucket = bucket
        self.locks: Locks = BucketLocks(bucket, lease_s)
        self._cache = FolderObjects(cache)

    def read(self, key: str) -> tuple[bytes, str] | None:
        found = self.bucket.get(key)
        return (found.data, found.tag) if found else None

    def create(self, key: str, data: bytes) -> bool:
        return self.bucket.put(key, data, only_if=None) is not None

    def create_from_file(self, key: str, path: Path) -> bool:
        with path.open("rb") as body:
            return self.bucket.put(key, body, only_if=None) is not None

    def replace(self, key: str, data: bytes, expected_etag: str | None) -> None:
        self.bucket.swap(key, data, expected_etag)

    def size_bytes(self, key: str) -> int | None:
        return self.bucket.size_bytes(key)

    def list(self, prefix: str) -> list[str]:
        return self.bucket.list(prefix)

    def versions(self, prefix: str) -> dict[str, str]:
        return self.bucket.versions(prefix)

    def delete(self, key: str) -> None:
        self.bucket.delete(key)

    def local_path(self, key: str) -> Path:
        with contextlib.suppress(BlobMissing):
            return self._cache.local_path(key)
        found = self.bucket.get(key)
        if found is None:
            raise BlobMissing(f"{key} is gone from bucket {self.bucket.name}; run this SKU again to make it anew")
        if hashlib.sha256(found.data).hexdigest() != Path(key).stem:
            self.bucket.delete(key)
            raise BlobMissing(
                f"{key} in bucket {self.bucket.name} was damaged and has been deleted; run this SKU again"
            )
        self._cache.create(key, found.data)
        return self._cache.local_path(key)
