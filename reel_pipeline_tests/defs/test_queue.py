"""Retakes in a real queue: webserver, daemon and code server, runs longer than a tick, and decisions meanwhile."""

from pathlib import Path

import pytest

from reel_pipeline_tests.bench.retakes import TABLE, as_table, through_the_daemon
from reel_pipeline_tests.bench.scripted import SCRIPT


@pytest.mark.slow
@pytest.mark.servers
def test_each_rejected_reel_of_twenty_products_is_made_again_exactly_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = through_the_daemon(tmp_path, monkeypatch)
    assert len(found) == 20
    assert {row.sku: row.attempts for row in found} == {sku: len(verdicts) for sku, verdicts in SCRIPT.items()}
    assert all(row.retake_runs == row.attempts - 1 for row in found)
    assert {row.voices for row in found} == {1}
    assert as_table(found) == TABLE.read_text()
