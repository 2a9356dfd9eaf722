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
from collections.abc import Callable, Mapping
from pathlib import Path

from reel_pipeline.errors import PublishRefused, SettingsError
from reel_pipeline.mirror.engines import CONTENT_TYPES, IMMUTABLE, REVALIDATED, Target
from reel_pipeline.records import Blob, PublishedFile, canonical_json
from reel_pipeline.store import Store, partition_path

REEL_NAME = "reel.mp4"
MANIFEST_NAME = "manifest.json"
LATEST_NAME = "latest.json"
_OUR_KEY = re.compile(r"[^/]+/(latest\.json|[^/]+/[0-9a-f]{12}/[^/]+)")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")


def planned(
    files: Mapping[str, Blob], sku: str, edition: str, target: Target, *, title: str = "", verdict_sha256: str = ""
) -> tuple[PublishedFile, ...]:
    """What `publish` would make public, its manifest last: known before any of it is.

    Raises `SettingsError` for names that can't be part of an address, or where `reel.mp4` is not among them.
    """
    _check_names(files, edition)
    folder = _folder(files, sku, edition)
    manifest = _manifest(files, sku, edition, title, verdict_sha256)
    return (
        *(_published(target, folder, name, blob.sha256, blob.size_bytes) for name, blob in sorted(files.items())),
        _published(target, folder, MANIFEST_NAME, hashlib.sha256(manifest).hexdigest(), len(manifest)),
    )


def publish(
    files: Mapping[str, Blob],
    sku: str,
    edition: str,
    target: Target,
    store: Store,
    *,
    title: str = "",
    verdict_sha256: str = "",
    confirm: Callable[[], object] = lambda: None,
) -> tuple[PublishedFile, ...]:
    """Make one reel public and current; an earlier reel of the same edition is withdrawn once the new one stands.

    `files` maps public names to blobs and holds `reel.mp4`; `verdict_sha256` is the digest of the verdict that released
    it. `confirm` is asked once more when all is in place and nothing points at it yet: if it raises `PublishRefused`,
    the files are taken away again and what was public stays. Done again, it changes nothing. Raises `StoreError` where
    the target holds other bytes, `HeadConflict` when two runs publish the same product at once, `EngineUnavailable`
    when the target can't be reached.
    """
    published = planned(files, sku, edition, target, title=title, verdict_sha256=verdict_sha256)
    folder = _folder(files, sku, edition)
    for name, blob in sorted(files.items()):
        target.write_once(f"{folder}/{name}", store.path(blob), CONTENT_TYPES[Path(name).suffix], IMMUTABLE)
    manifest = _manifest(files, sku, edition, title, verdict_sha256)
    _swap(target, f"{folder}/{MANIFEST_NAME}", manifest, target.read(f"{folder}/{MANIFEST_NAME}"))
    entry = {"folder": folder, "title": title, "reel_sha256": files[REEL_NAME].sha256}
    try:
        _point_to(target, sku, edition, entry, confirm)
    except PublishRefused:
        if folder not in {entry["folder"] for entry in current(partition_path(sku), target).values()}:
            _delete(target, f"{folder}/")
        raise
    _delete(target, f"{partition_path(sku)}/{edition}/", but=f"{folder}/")
    return published


def withdraw(sku: str, target: Target, edition: str | None = None) -> tuple[str, ...]:
    """Take one edition, or all of a product's, off the target; returns the keys that were deleted.

    `latest.json` goes first, so that nothing points at a file that is going away. Done again, it deletes nothing.
    """
    if edition is None:
        return clear(partition_path(sku), target)
    _point_to(target, sku, edition, None)
    return _delete(target, f"{partition_path(sku)}/{edition}/")


def clear(place: str, target: Target) -> tuple[str, ...]:
    """Take everything that was published off a place: the `partition_path` of a SKU."""
    target.delete(f"{place}/{LATEST_NAME}")
    return _delete(target, f"{place}/")


def is_publication(key: str) -> bool:
    """Whether a key is one that publishing writes; whatever else lies at a target is not ours."""
    return bool(_OUR_KEY.fullmatch(key))


def current(place: str, target: Target) -> dict[str, dict[str, str]]:
    """Edition -> `folder` and `reel_sha256` of what is current at a place, as the target says: one small read."""
    found = target.read(f"{place}/{LATEST_NAME}")
    return _editions(found[0]) if found else {}


def public_reels(sku: str, target: Target) -> dict[str, str]:
    """Edition -> the SHA-256 of the reel that is public of a product now, as the target says: one small read."""
    return {name: entry["reel_sha256"] for name, entry in current(partition_path(sku), target).items()}


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


def _folder(files: Mapping[str, Blob], sku: str, edition: str) -> str:
    contents = hashlib.sha256(canonical_json({name: blob.sha256 for name, blob in files.items()})).hexdigest()
    return f"{partition_path(sku)}/{edition}/{contents[:12]}"


def _manifest(files: Mapping[str, Blob], sku: str, edition: str, title: str, verdict_sha256: str) -> bytes:
    return canonical_json(
        {
            "sku": sku,
            "title": title,
            "edition": edition,
            "verdict_sha256": verdict_sha256,
            "files": {name: {"sha256": blob.sha256, "size_bytes": blob.size_bytes} for name, blob in files.items()},
        }
    )


def _point_to(
    target: Target,
    sku: str,
    edition: str,
    entry: dict[str, str] | None,
    confirm: Callable[[], object] = lambda: None,
) -> None:
    """Set or drop one edition in `latest.json`, by compare-and-swap.

    `confirm` comes between its read and its write: whoever changes `latest.json` after that wins.
    """
    key = f"{partition_path(sku)}/{LATEST_NAME}"
    found = target.read(key)
    confirm()
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
            if isinstance(entry["folder"], str) and _SHA256.fullmatch(entry["reel_sha256"])
        }
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}


def _delete(target: Target, prefix: str, but: str | None = None) -> tuple[str, ...]:
    """Delete what publishing wrote below `prefix`, except below `but`; other people's files stay."""
    keys = [key for key in target.list(prefix) if is_publication(key) and not (but and key.startswith(but))]
    for key in keys:
        target.delete(key)
    return tuple(keys)
