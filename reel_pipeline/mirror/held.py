"""A target that only the holder of a product's lock writes to."""

from collections.abc import Callable
from pathlib import Path

from reel_pipeline.mirror.engines import Target


class HeldTarget:
    """Asks `verify` before every write and deletion: it raises once the lock is lost, and nothing more is written."""

    def __init__(self, target: Target, verify: Callable[[], None]) -> None:
        self.name, self.revision, self.public_url = target.name, target.revision, target.public_url
        self.read, self.list = target.read, target.list
        self._target, self._verify = target, verify

    def write_once(self, key: str, path: Path, content_type: str, cache_control: str) -> None:
        self._verify()
        self._target.write_once(key, path, content_type, cache_control)

    def replace(self, key: str, data: bytes, content_type: str, cache_control: str, expected_tag: str | None) -> None:
        self._verify()
        self._target.replace(key, data, content_type, cache_control, expected_tag)

    def delete(self, key: str) -> None:
        self._verify()
        self._target.delete(key)
