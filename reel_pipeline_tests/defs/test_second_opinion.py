"""A second opinion in a real workspace: off without a budget, bounded by it, and all it can do is end an accept."""

import pytest

from reel_pipeline.commands.run import run_catalog
from reel_pipeline.records import Verdict
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.report import State
from reel_pipeline.rules.staleness import stale_assets
from reel_pipeline_tests.conftest import Workspace, new_workspace, use
from reel_pipeline_tests.evaluation.advisers import HABITS, serving

PARTITION = "BOX-2"


def asking(made: Workspace, monkeypatch: pytest.MonkeyPatch, url: str, budget: int, when: str = "always") -> Flow:
    extra = f'second_opinion = "{when}"\nsecond_opinion_budget = {budget}\n'
    extra += f'second_opinion_url = "{url}"\nsecond_opinion_model = "some-model"\n'
    workspace = new_workspace(made.settings.workspace, made.source, extra)
    use(workspace, monkeypatch)
    return Flow(workspace.settings, workspace.settings.open_store())


def test_without_a_budget_nothing_is_asked_and_nothing_stale(made: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    for budget, when in ((0, "always"), (20, "off")):
        assert stale_assets(asking(made, monkeypatch, "http://127.0.0.1:9/v1", budget, when), PARTITION) == {}


def test_an_honest_adviser_is_asked_within_its_budget_and_once(
    made: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(HABITS["honest"]) as server:
        flow = asking(made, monkeypatch, server.url, budget=5)
        assert next(iter(stale_assets(flow, PARTITION))) == "evaluation_score"
        for force in (False, False):
            done = run_catalog(flow.settings, skus=[PARTITION], force=force).products[0]
            assert done.report.state is State.PUBLISHED
        assert len(server.seen) == 4, "two canaries and one shot in both orders fit into five"


def test_an_adviser_that_fails_its_test_leaves_the_reel_to_a_person(
    made: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(HABITS["says no to everything"]) as server:
        flow = asking(made, monkeypatch, server.url, budget=20)
        done = run_catalog(flow.settings, skus=[PARTITION]).products[0]
    assert done.report.state is State.WAITING
    assert flow.record("evaluation_score", PARTITION).editions["main"].verdict is Verdict.ABSTAIN


def test_one_that_is_not_there_or_has_too_small_a_budget_fails_with_its_remedy(
    made: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for budget, remedy in ((20, "start it"), (2, "at least 4")):
        flow = asking(made, monkeypatch, "http://127.0.0.1:9/v1", budget)
        done = run_catalog(flow.settings, skus=[PARTITION]).products[0]
        assert done.report.state is State.FAILED
        assert remedy in done.report.reasons[0]
