"""Publishes into a folder that a web server (such as `reel-pipeline serve`) shows."""

from pathlib import Path

from reel_pipeline.errors import StoreError
from reel_pipeline.objects.folder import FolderObjects


class FolderTarget:
    """Files appear whole under their names; types and caching are up to the server, which goes by the suffix."""

    name = "folder"
    revision = "1"

    def __init__(self, root: Path, public_url: str) -> None:
        self.public_url = public_url
        self._objects = FolderObjects(root)

    def write_once(self, key: str, path: Path, content_type: str, cache_control: str) -> None:
        self._objects.create_from_file(key, path)
        found = self._objects.read(key)
        if found is None or found[0] != path.read_bytes():
            raise StoreError(f"{key} in the published folder holds other bytes; delete that file and publish again.")

    def read(self, key: str) -> tuple[bytes, str] | None:
        return self._objects.read(key)

    def replace(self, key: str, data: bytes, content_type: str, cache_control: str, expected_tag: str | None) -> None:
        self._objects.replace(key, data, expected_tag)

    def delete(self, key: str) -> None:
        self._objects.delete(key)

    def list(self, prefix: str) -> list[str]:
        return self._objects.list(prefix)
