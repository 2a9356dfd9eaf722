"""The records of a workspace and how they are reused: load one, make or reuse one, find or reuse a check's answer.

The store is the truth, and who asks (a run of Dagster, a command, a page) makes no difference.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from reel_pipeline.costs import Cost
from reel_pipeline.errors import ReelError, SettingsError
from reel_pipeline.mirror.engines import Target, open_target
from reel_pipeline.records import AssetRecord, CheckResult, Finding, Record, Sha256, blobs_in
from reel_pipeline.rules.attempts import Attempts, current_attempts
from reel_pipeline.rules.table import ASSETS, CHECKS, Asset
from reel_pipeline.settings import Settings
from reel_pipeline.store import UNPARTITIONED, Head, Store

A = TypeVar("A", bound=AssetRecord)
FAILURES = "failures"
"""Notes by partition and the name of an asset or a check."""


class Failure(Record):
    """Why an asset could not be made from exactly these inputs, or a check not be answered about exactly these records.

    `inputs_fingerprint`: of a check, its subject's hash. `sentence`: the reason.
    """

    inputs_fingerprint: Sha256
    sentence: str


@dataclass(frozen=True)
class Made(Generic[A]):
    """An asset's record, whether it was there already, what it was made from (`Asset.depends`), and what that cost."""

    record: A
    is_reused: bool
    inputs_fingerprint: str
    depends: dict[str, str]
    cost: Cost


class Flow:
    """The records of one workspace and the rules by which they are reused.

    `assets_done`: how many assets were made and how many reused through this object.
    """

    def __init__(self, settings: Settings, store: Store, *, force: bool = False) -> None:
        self.settings = settings
        self.store = store
        self.force = force
        self.assets_done: Counter[str] = Counter()
        self._shared: dict[str, tuple[str, AssetRecord]] = {}
        self._opened: list[Target] = []

    @property
    def target(self) -> Target:
        """Where reels are published."""
        if not self._opened:
            self._opened.append(open_target(self.settings.publish_location, self.settings.public_url))
        return self._opened[0]

    def record(self, asset: str, partition: str) -> Any:
        """The current record of an asset, None when there is none that can be read."""
        row = ASSETS[asset]
        if row.partitioned:
            return self.store.load(asset, partition, row.record)
        # A snapshot lists the whole catalogue and every SKU asks for it: read and parse one version once.
        head = self.store.head(asset, UNPARTITIONED)
        if head is None:
            return None
        if self._shared.get(asset, ("",))[0] != head.record.sha256:
            record = self.store.load(asset, UNPARTITIONED, row.record)
            if record is None:
                return None
            self._shared[asset] = (head.record.sha256, record)
        return self._shared[asset][1]

    def records(self, assets: tuple[str, ...], partition: str) -> dict[str, Any]:
        """Asset -> its current record, None where there is none that can be read."""
        return {asset: self.record(asset, partition) for asset in assets}

    def head(self, asset: str, partition: str) -> Head | None:
        """The current head of an asset, which says what its record was made from; None when there is none."""
        return self.store.head(asset, partition if ASSETS[asset].partitioned else UNPARTITIONED)

    def depends(self, asset: str, inputs: Mapping[str, Any], partition: str) -> dict[str, str]:
        """The digests of all that a fresh record of this asset depends on now, by kind (`Asset.depends`).

        Raises `SettingsError` where the product's overrides can't be read.
        """
        row = ASSETS[asset]
        base = row.depends(inputs, self.settings, partition)
        if asset == "rendered_still":
            chosen = current_attempts(self.store, partition, row.fingerprint(base)).chosen(asset)
        else:
            chosen = self.attempts(partition).chosen(asset) if asset == "reel" else None
        return row.depends(inputs, self.settings, partition, chosen) if chosen else base

    def attempts(self, partition: str) -> Attempts:
        """Which take of each shot is in use for the present inputs of the stills."""
        row = ASSETS["rendered_still"]
        inputs = self.records(row.upstream, partition)
        if None in inputs.values():
            return Attempts(inputs_fingerprint="0" * 64)
        base = row.depends(inputs, self.settings, partition)
        return current_attempts(self.store, partition, row.fingerprint(base))

    def make(
        self,
        asset: str,
        partition: str,
        inputs: Mapping[str, AssetRecord],
        produce: Callable[[], A],
        provenance: Callable[[], Mapping[str, Any]] = dict,
    ) -> Made[A]:
        """The asset's record: the current one when nothing that it reads has changed, else what `produce` returns.

        Raises what `produce` raises, after noting it, and `HeadConflict` when this run lost its lock.
        """
        row = ASSETS[asset]
        depends = self.depends(asset, inputs, partition)
        fingerprint = row.fingerprint(depends)
        record: Any = None if self.force or row.external else self._reusable(row, partition, fingerprint)
        is_reused, spent = record is not None, self.store.spent
        if record is None:
            before = self.store.head(asset, partition)
            record = self._produced(row, partition, fingerprint, produce)
            is_reused = row.external and before is not None and before.record.sha256 == record.digest()
            upstream = {name: value.digest() for name, value in inputs.items()}
            kept = {**provenance(), "cost": self.store.spent.since(spent).as_json()}
            self.store.save(asset, partition, record, fingerprint, upstream, kept, depends)
        self.assets_done["reused" if is_reused else "made"] += 1
        return Made(record, is_reused, fingerprint, depends, self.store.spent.since(spent))

    def _produced(self, row: Asset, partition: str, fingerprint: str, produce: Callable[[], A]) -> A:
        """What `produce` returns; an error is noted, so that the product's state can name it later."""
        try:
            record = produce()
        except Exception as error:
            self._note_failure(partition, row.name, fingerprint, error)
            raise
        self.store.delete_note(FAILURES, partition, row.name)
        return record

    def _note_failure(self, partition: str, name: str, fingerprint: str, error: Exception) -> None:
        """Of an asset or a check, by what it was made from or looked at."""
        is_expected = isinstance(error, ReelError)
        sentence = str(error) if is_expected else unexpected(name, type(error).__name__, str(error), "its run")
        failure = Failure(inputs_fingerprint=fingerprint, sentence=sentence)
        self.store.save_note(FAILURES, partition, name, failure)

    def failure(self, asset: str, partition: str) -> str | None:
        """Why this asset could not be made from its present inputs, or a check of it not be answered, if tried."""
        row = ASSETS[asset]
        known = self.store.load_note(FAILURES, partition, asset, Failure)
        inputs = self.records(row.upstream, partition) if known else {}
        if known and None not in inputs.values():
            try:
                fingerprint = row.fingerprint(self.depends(asset, inputs, partition))
            except SettingsError as error:
                return str(error)
            if known.inputs_fingerprint == fingerprint:
                return known.sentence
        unanswered = (c for c in CHECKS.values() if c.asset == asset and self.finding(c.name, partition) is None)
        for check in unanswered:
            known = self.store.load_note(FAILURES, partition, check.name, Failure)
            records = self.records(check.reads, partition) if known else {}
            if known and None not in records.values() and known.inputs_fingerprint == check.subject(records):
                return known.sentence
        return None

    def _reusable(self, row: Asset, partition: str, fingerprint: str) -> AssetRecord | None:
        head = self.store.head(row.name, partition)
        if head is None or head.inputs_fingerprint != fingerprint:
            return None
        record = self.store.load(row.name, partition, row.record)
        return record if record is not None and all(self.store.has(blob) for blob in blobs_in(record)) else None

    def answer(
        self, check: str, partition: str, inputs: Mapping[str, AssetRecord], find: Callable[[], Finding]
    ) -> tuple[Finding, bool]:
        """The check's answer about exactly these records and whether it was known; where not, `find` measures it now.

        Raises what `find` raises, after noting it.
        """
        row = CHECKS[check]
        subject = row.subject(inputs)
        known = None if self.force or row.external else self.store.load_check(row.asset, row.name, partition, subject)
        if known:
            return known.finding, True
        try:
            finding = find()
        except Exception as error:
            self._note_failure(partition, check, subject, error)
            raise
        result = CheckResult(asset=row.asset, check=row.name, subject_sha256=subject, finding=finding)
        self.store.save_check(partition, result)
        return finding, False

    def finding(self, check: str, partition: str) -> Finding | None:
        """What a check found about the current records; None when it has not looked at exactly these."""
        row = CHECKS[check]
        records = self.records(row.reads, partition)
        if None in records.values():
            return None
        where = partition if ASSETS[row.asset].partitioned else UNPARTITIONED
        known = self.store.load_check(row.asset, row.name, where, row.subject(records))
        return known.finding if known else None


class FrozenFlow(Flow):
    """The flow at one moment: every head and record is read once. For one product's report or plan, across no write."""

    def __init__(self, flow: Flow) -> None:
        super().__init__(flow.settings, flow.store, force=flow.force)
        self._shared, self._opened = flow._shared, flow._opened
        self.record = cache(super().record)  # type: ignore[method-assign]
        self.head = cache(super().head)  # type: ignore[method-assign]


def unexpected(where: str, kind: str, message: str, run: str) -> str:
    """A sentence about an exception that nobody foresaw."""
    said = " ".join(message.split())
    return (
        f"{where} failed unexpectedly ({kind}{': ' if said else ''}{said}); {run} in the Dagster UI tells it in full."
    )


def worst(findings: Iterable[Finding]) -> Finding:
    """The first finding that failed, else the last one: one answer for all editions of a record."""
    last = Finding(passed=False, sentence="There is no edition to look at; run this product again.")
    for last in findings:
        if not last.passed:
            break
    return last
