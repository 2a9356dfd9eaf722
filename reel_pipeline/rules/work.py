"""What a run of one product should make now, and why.

Stale is not the same as worth making: nothing is made below a blocking check that said no, and nothing is published
that nobody released.
"""

from reel_pipeline.errors import ReelError
from reel_pipeline.records import BrandKit
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.guard import is_released
from reel_pipeline.rules.reads import entry_in
from reel_pipeline.rules.staleness import stale_assets
from reel_pipeline.rules.table import CHECKS, SKU_ASSETS, upstream_of
from reel_pipeline.store import UNPARTITIONED

Work = dict[str, str]
"""Asset name -> why a run should make it, in flow order."""
EVERYTHING: Work = dict.fromkeys(SKU_ASSETS, "asked for, whether stale or not")
UNCHECKED = "a check has not looked at this version"
REFUSED = "what was published is not what was approved"


def work(flow: Flow, partition: str) -> Work:
    """What a run should make of one product; empty when there is nothing, or only a person or the shop can go on."""
    stale = stale_assets(flow, partition)
    todo: Work = {}
    blocked: set[str] = set()
    for name in SKU_ASSETS[:-1]:
        if blocked & upstream_of(name):
            blocked.add(name)
        elif name in stale:
            todo[name] = stale[name]
        else:
            found = [flow.finding(c.name, partition) for c in CHECKS.values() if c.asset == name and c.blocking]
            if None in found:
                todo[name] = UNCHECKED
            elif not all(finding.passed for finding in found if finding):
                blocked.add(name)
    if why := _why_publish(flow, partition, stale):
        behind = upstream_of("mirrored_asset")
        if not (behind & blocked) if behind & todo.keys() else is_released(flow, partition):
            todo["mirrored_asset"] = why
    return todo


def _why_publish(flow: Flow, partition: str, stale: dict[str, str]) -> str | None:
    if "mirrored_asset" in stale:
        return stale["mirrored_asset"]
    finding = flow.finding("mirror_matches_source", partition)
    if finding is None:
        return UNCHECKED
    return None if finding.passed else REFUSED


def unspeakable(flow: Flow, partition: str) -> str:
    """Why a run need not begin: the voice can't read the product's name, which its first line is. '' where it can."""
    entry = entry_in(flow.record("catalog_snapshot", UNPARTITIONED), partition)
    brand: BrandKit = flow.record("brand_kit", UNPARTITIONED) or BrandKit()
    try:
        first = flow.settings.overrides(partition).get("opening.line", entry.title if entry else "")
        voice = flow.settings.engines.open("voice", recordings=flow.settings.recordings(partition))
    except ReelError:
        return ""  # its run says what is wrong with these, of this product alone
    return str(voice.cannot_say([first], brand.voice.language))
