"""Where stored bytes lie: a folder, or an S3 bucket with a local cache in front. Named objects and locks, no meaning.

The store gives them meaning; the mirror publishes through the same two.
"""

from pathlib import Path
from typing import Protocol

from reel_pipeline.objects.folder import FolderObjects
from reel_pipeline.objects.locks import Locks


class Objects(Protocol):
    """Named bytes with conditional writes, and locks on names."""

    locks: Locks

    def read(self, key: str) -> tuple[bytes, str] | None:
        """The bytes and their entity tag, which changes with them; None when there are none."""

    def create(self, key: str, data: bytes) -> bool:
        """Write unless the key exists; False when it did."""

    def create_from_file(self, key: str, path: Path) -> bool:
        """As `create`, from a file that is left in place."""

    def replace(self, key: str, data: bytes, expected_etag: str | None) -> None:
        """Write if the tag still is what was read (None: absent), else raise `HeadConflict`."""

    def size_bytes(self, key: str) -> int | None:
        """How long the bytes are; None when there are none."""

    def list(self, prefix: str) -> list[str]:
        """All keys below `prefix`, sorted."""

    def versions(self, prefix: str) -> dict[str, str]:
        """All keys below `prefix`, each with a word that changes when its bytes are written again."""

    def delete(self, key: str) -> None:
        """Nothing happens where there are no such bytes."""

    def local_path(self, key: str) -> Path:
        """A readable file with the bytes of a key whose stem is their SHA-256.

        They are hashed the first time that this process asks; those that don't match are deleted, so that they count as
        missing from then on. Raises `BlobMissing`.
        """


def open_objects(location: str, cache: Path) -> Objects:
    """The objects at `location`: a folder, or `s3://bucket/prefix` (credentials and endpoint as boto3 finds them).

    `cache`: the folder for copies of what is read from a bucket.
    """
    if not location.startswith("s3://"):
        return FolderObjects(Path(location))
    from reel_pipeline.objects.bucket import Bucket
    from reel_pipeline.objects.s3 import S3Objects

    name, _, prefix = location.removeprefix("s3://").partition("/")
    return S3Objects(Bucket(name, prefix), cache)
