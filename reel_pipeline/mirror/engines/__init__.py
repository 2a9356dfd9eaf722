"""Where published files go: one `Target` per kind of place, and `open_target`, which imports the chosen one late."""

from pathlib import Path
from typing import Protocol

from reel_pipeline.errors import SettingsError

IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATED = "no-cache"
"""How long browsers keep a file: for a year without asking, or only with asking each time whether it has changed."""
CONTENT_TYPES = {
    ".mp4": "video/mp4",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".srt": "application/x-subrip",
    ".vtt": "text/vtt; charset=utf-8",
    ".json": "application/json",
}


class Target(Protocol):
    """A place for published files. Keys are relative paths of plain characters; a write shows whole or not at all.

    `public_url`: the address below which its keys can be reached; '' where there is none.
    """

    name: str
    revision: str
    public_url: str

    def write_once(self, key: str, path: Path, content_type: str, cache_control: str) -> None:
        """Publish a file under a key that never changes. Done already with the same bytes: nothing happens; with other
        bytes: raises `StoreError`. Read back and compared before it returns."""

    def read(self, key: str) -> tuple[bytes, str] | None:
        """The bytes as the target gives them now, and their version tag; None when there are none."""

    def replace(self, key: str, data: bytes, content_type: str, cache_control: str, expected_tag: str | None) -> None:
        """Write if the tag still is what was read (None: absent), else raise `HeadConflict`."""

    def delete(self, key: str) -> None:
        """Nothing happens where there is no such file."""

    def list(self, prefix: str) -> list[str]:
        """All keys below `prefix`, sorted."""


def open_target(location: str, public_url: str = "") -> Target:
    """The target at `location`: a folder, or `s3://bucket/prefix` (credentials and endpoint as boto3 finds them).

    Raises `SettingsError` for any other form.
    """
    kind, separator, rest = location.partition("://")
    if not separator:
        from reel_pipeline.mirror.engines.folder import FolderTarget

        return FolderTarget(Path(location), public_url)
    if kind == "s3":
        from reel_pipeline.mirror.engines.s3 import S3Target

        bucket, _, prefix = rest.partition("/")
        if not bucket:
            raise SettingsError(f"{location} names no bucket; write s3://bucket/prefix.")
        return S3Target(bucket, prefix.strip("/"), public_url)
    raise SettingsError(f"Can't publish to {location}; name a folder or s3://bucket/prefix.")
