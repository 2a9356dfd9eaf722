"""Approved files -> public files with checksums, and their withdrawal. Who may be published is decided by the caller.

    <slug>-<sha16>/latest.json                     which reel of each edition is current; changes
    <slug>-<sha16>/<edition>/<sha12>/manifest.json what was published and the verdict that released it; may change
    <slug>-<sha16>/<edition>/<sha12>/reel.mp4      and poster.jpg, captions.srt, captions.vtt; never change

`sha12` is over the names and hashes of all files, not the reel alone: a new poster beside the same reel gets a new
place instead of other bytes under an address that browsers were told to keep for ever.

Files first, manifest next, `latest.json` last: whoever starts from `latest.json` never meets a half-published reel.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

from reel_pipeline.errors import SettingsError
from reel_pipeline.mirror.engines import CONTENT_TYPES, IMMUTABLE, REVALIDATED, Target
from reel_pipeline.records import Blob, PublishedFile, canonical_json
from reel_pipeline.store import Store, partition_path

REEL_NAME = "reel.mp4"
MANIFEST_NAME = "manifest.json"
LATEST_NAME = "latest.json"
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")


def publish(
    files: Mapping[str, Blob],
    sku: str,
    edition: str,
    target: Target,
    store: Store,
    *,
    title: str = "",
    verdict_sha256: str = "",
) -> tuple[PublishedFile, ...]:
    """Make one reel public and current; an earlier reel of the same edition is withdrawn once the new one stands.

    `files` maps public names to blobs and holds `reel.mp4`; `verdict_sha256` is the digest of the verdict that released
    it. Done again, it changes nothing. Raises `StoreError` where the target holds other bytes, `HeadConflict` when two
    runs publish the same product at once, `EngineUnavailable` when the target can't be reached.
    """
    _check_names(files, edition)
    contents = hashlib.sha256(canonical_json({name: blob.sha256 for name, blob in files.items()})).hexdigest()
    folder = f"{partition_path(sku)}/{edition}/{contents[:12]}"
    published = []
    for name, blob in sorted(files.items()):
        target.write_once(f"{folder}/{name}", store.path(blob), CONTENT_TYPES[Path(name).suffix], IMMUTABLE)
        published.append(_published(target, folder, name, blob.sha256, blob.size_bytes))
    manifest = canonical_json(
        {
            "sku": sku,
            "title": title,
            "edition": edition,
            "verdict_sha256": verdict_sha256,
            "files": {file.name: {"sha256": file.sha256, "size_bytes": file.size_bytes} for file in published},
        }
    )
    _swap(target, f"{folder}/{MANIFEST_NAME}", manifest, target.read(f"{folder}/{MANIFEST_NAME}"))
    published.append(_published(target, folder, MANIFEST_NAME, hashlib.sha256(manifest).hexdigest(), len(manifest)))
    _point_to(target, sku, edition, {"folder": folder, "title": title, "reel_sha256": files[REEL_NAME].sha256})
    _delete_all_but(target, f"{partition_path(sku)}/{edition}/", f"{folder}/")
    return tuple(published)


def withdraw(sku: str, target: Target, edition: str | None = None) -> tuple[str, ...]:
    """Take one edition, or all of a product's, off the target; returns the keys that were deleted.

    `latest.json` goes first, so that nothing points at a file that is going away. Done again, it deletes nothing.
    """
    root = partition_path(sku)
    if edition is None:
        target.delete(f"{root}/{LATEST_NAME}")
        return _delete_all_but(target, f"{root}/")
    _point_to(target, sku, edition, None)
    return _delete_all_but(target, f"{root}/{edition}/")


def public_reels(sku: str, target: Target) -> dict[str, str]:
    """Edition -> the SHA-256 of the reel that is public of a product now, as the target says: one small read."""
    found = target.read(f"{partition_path(sku)}/{LATEST_NAME}")
    return {name: entry["reel_sha256"] for name, entry in _editions(found[0]).items()} if found else {}


def _check_names(files: Mapping[str, Blob], edition: str) -> None:
    if REEL_NAME not in files:
        raise SettingsError(f"Nothing to publish: {REEL_NAME} is not among {', '.join(sorted(files)) or 'no files'}.")
    for name in (edition, *files):
        if not _PLAIN_NAME.fullmatch(name):
            raise SettingsError(f"{name!r} can't be part of a public address; use letters, digits, '-', '_' and '.'.")
    for name in files:
        if Path(name).suffix not in CONTENT_TYPES or name in (MANIFEST_NAME, LATEST_NAME):
            raise SettingsError(f"{name} can't be published; expected one of {', '.join(sorted(CONTENT_TYPES))}.")


def _published(target: Target, folder: str, name: str, sha256: str, size_bytes: int) -> PublishedFile:
    key = f"{folder}/{name}"
    url = f"{target.public_url.rstrip('/')}/{key}" if target.public_url else key
    return PublishedFile(name=name, key=key, url=url, sha256=sha256, size_bytes=size_bytes)


def _point_to(target: Target, sku: str, edition: str, entry: dict[str, str] | None) -> None:
    """Set or drop one edition in `latest.json`, by compare-and-swap."""
    key = f"{partition_path(sku)}/{LATEST_NAME}"
    found = target.read(key)
    before = _editions(found[0]) if found else {}
    after = {name: value for name, value in before.items() if name != edition} | ({edition: entry} if entry else {})
    if after:
        _swap(target, key, canonical_json({"sku": sku, "editions": after}), found)
    else:
        target.delete(key)


def _swap(target: Target, key: str, data: bytes, found: tuple[bytes, str] | None) -> None:
    if found is None or found[0] != data:
        target.replace(key, data, CONTENT_TYPES[".json"], REVALIDATED, found[1] if found else None)


def _editions(data: bytes) -> dict[str, dict[str, str]]:
    """The editions of a `latest.json`; what can't be read of it counts as absent and is written anew."""
    try:
        editions = json.loads(data)["editions"]
        return {
            name: entry
            for name, entry in editions.items()
            if isinstance(entry["folder"], str) and isinstance(entry["reel_sha256"], str)
        }
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}


def _delete_all_but(target: Target, prefix: str, kept_prefix: str | None = None) -> tuple[str, ...]:
    keys = [key for key in target.list(prefix) if kept_prefix is None or not key.startswith(kept_prefix)]
    for key in keys:
        target.delete(key)
    return tuple(keys)
