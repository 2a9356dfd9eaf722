"""Ways to plan the shots of one product. An engine sees facts and labels, never pixels, price or stock."""

from typing import Protocol

from reel_pipeline.records import VERTICAL, BrandLook, BrandWords, Cutout, Format, Frame, Preferences, Record, ShotPlan


class Facts(Record):
    """The fields of a product that a reel may speak of; everything else about it is kept from the planner."""

    title: str
    description: str
    product_type: str
    vendor: str
    colour: str
    tags: tuple[str, ...]
    collections: tuple[str, ...] = ()


class PlanRequest(Record):
    """`frames` are those of the right variant, duplicates left out, in shop order. `overrides` is already validated.

    `prefer`: the motions and kinds of photo that people accept more often, best first. Between choices that are equally
    honest and varied, these come before the others.
    """

    facts: Facts
    frames: tuple[Frame, ...]
    cutouts: tuple[Cutout, ...]
    look: BrandLook
    words: BrandWords
    overrides: dict[str, str]
    prefer: Preferences
    format: Format = VERTICAL


class Planner(Protocol):
    name: str
    revision: str

    def plan(self, request: PlanRequest) -> ShotPlan:
        """Raises `PlanError` when there is nothing honest to show or say."""
