"""A person's decision about exactly one file. No Dagster here."""

import getpass

from reel_pipeline.defs.flow import Flow
from reel_pipeline.defs.guard import REVIEWS, Review
from reel_pipeline.errors import PublishRefused
from reel_pipeline.records import MAIN_EDITION, Reel


def decide(flow: Flow, partition: str, approved: bool, reason: str) -> str:
    """Bind the decision to the reel as it is now; returns its SHA-256. Raises `PublishRefused` without a reel."""
    reel: Reel | None = flow.record("reel", partition)
    if reel is None:
        raise PublishRefused(f"{partition} has no reel yet; run it first.")
    sha256 = reel.editions[MAIN_EDITION].video.sha256
    review = Review(video_sha256=sha256, approved=approved, reason=reason, reviewer=f"person:{getpass.getuser()}")
    flow.store.save_note(REVIEWS, partition, sha256, review)
    return sha256
