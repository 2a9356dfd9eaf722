"""The check of what is public: read back from where the public reads it."""

import hashlib

from reel_pipeline.mirror.engines import Target
from reel_pipeline.records import Finding, PublishedEdition


def mirror_matches_source(edition: PublishedEdition, target: Target) -> Finding:
    """Blocking: every published file, read back from the target, has the hash that was approved."""
    missing, differing, read_bytes = [], [], 0
    for file in edition.files:
        found = target.read(file.key)
        if found is None:
            missing.append(file.name)
        elif hashlib.sha256(found[0]).hexdigest() != file.sha256:
            differing.append(file.name)
        read_bytes += len(found[0]) if found else 0
    measured = {
        "files": float(len(edition.files)),
        "files_missing": float(len(missing)),
        "files_differing": float(len(differing)),
        "bytes_read": float(read_bytes),
    }
    if missing:
        sentence = f"{missing[0]} is not at its public address; publish this product again."
    elif differing:
        sentence = f"{differing[0]} is not the file that was approved; delete it there and publish this product again."
    elif not edition.files:
        sentence = "Nothing was published; publish this product again."
    else:
        sentence = f"All {len(edition.files)} published files are byte for byte what was approved."
    return Finding(passed=not missing and not differing and bool(edition.files), sentence=sentence, measured=measured)
