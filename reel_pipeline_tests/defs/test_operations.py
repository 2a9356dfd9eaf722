"""What people do day after day: products go, photos change, platforms and people say no, somebody has to be told."""

import csv
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from reel_pipeline.cli import main
from reel_pipeline.commands.run import run_catalog
from reel_pipeline.definitions import defs
from reel_pipeline.defs.in_process import QUIET, open_instance
from reel_pipeline.defs.partitions import SKUS
from reel_pipeline.defs.planner import plan
from reel_pipeline.defs.reconcile import withdraw_untrue
from reel_pipeline.defs.reviews import decide
from reel_pipeline.defs.sensors.alerts import alert_about, alerts
from reel_pipeline.records import Verdict
from reel_pipeline.rules.flow import Flow
from reel_pipeline.rules.work import work
from reel_pipeline_tests.conftest import Workspace
from reel_pipeline_tests.defs.test_automation import sync
from reel_pipeline_tests.rules.test_staleness import CHANGES, edit_product, setting


def drop(made: Workspace, sku: str) -> None:
    path = made.source / "catalog.json"
    products = [entry for entry in json.loads(path.read_text())["products"] if entry["sku"] != sku]
    path.write_text(json.dumps({"products": products}))


def public(made: Workspace) -> set[str]:
    """Which products are public: the first word of their folders."""
    root = Path(made.reload().publish_location)
    files = (path.relative_to(root) for path in root.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {path.parts[0].split("-")[0] for path in files}


def partitions(made: Workspace) -> set[str]:
    return set(open_instance(made.settings).get_dynamic_partitions(SKUS.name or ""))


# --- products that go ----------------------------------------------------------------------------------------------


def test_a_great_loss_retires_nothing_and_asks_until_a_person_accepts_it(made: Workspace) -> None:
    drop(made, "BOX-2")
    for _ in range(3):
        flow = sync(made)
    assert partitions(made) == {"TEA-1", "BOX-2", "BAD-3"}
    finding = flow.finding("crawl_is_complete", "")
    assert finding is not None
    assert not finding.passed
    assert "accept_losses" in finding.sentence
    assert withdraw_untrue(flow, open_instance(made.settings)) == {}
    done = run_catalog(made.reload(), only_stale=True, skus=["BAD-3"], accept_losses=True)
    assert done.withdrawn == {"BOX-2": "The product is no longer in the shop."}
    assert partitions(made) == {"TEA-1", "BAD-3"}
    assert public(made) == {"tea"}


def test_a_product_whose_item_broke_stays_a_partition_and_public(made: Workspace) -> None:
    edit_product(made, 1, title={"en": "no text"})
    before = public(made)
    for _ in range(3):
        flow = sync(made)
    finding = flow.finding("crawl_is_complete", "")
    assert finding is not None
    assert "count as present; the first is BOX-2" in finding.sentence
    assert partitions(made) == {"TEA-1", "BOX-2", "BAD-3"}
    assert withdraw_untrue(flow, open_instance(made.settings)) == {}
    assert public(made) == before


def test_a_retired_product_that_comes_back_is_published_again_from_what_was_made(made: Workspace) -> None:
    catalog = (made.source / "catalog.json").read_text()
    drop(made, "BOX-2")
    run_catalog(made.reload(), only_stale=True, skus=["BAD-3"], accept_losses=True)
    (made.source / "catalog.json").write_text(catalog)
    again = run_catalog(made.reload(), only_stale=True, skus=["BOX-2"]).products[0]
    assert again.report.state == "published"
    assert again.computed <= 1
    assert public(made) == {"tea", "box"}


# --- what is public and no longer true ------------------------------------------------------------------------------


def test_nothing_true_is_withdrawn(made: Workspace) -> None:
    edit_product(made, price="77.00", tags=["new"])
    assert withdraw_untrue(sync(made), open_instance(made.settings)) == {}


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"title": "Rooibos tea"}, "Rooibos tea"),
        ({"description": "Something else."}, "What it says no longer holds"),
    ],
)
def test_a_fact_that_no_longer_holds_takes_the_reel_down(made: Workspace, fields: dict[str, Any], why: str) -> None:
    edit_product(made, **fields)
    flow, instance = sync(made), open_instance(made.settings)
    withdrawn = withdraw_untrue(flow, instance)
    assert withdrawn.keys() == {"TEA-1"}
    assert why in withdrawn["TEA-1"] or "no longer holds" in withdrawn["TEA-1"]
    assert withdraw_untrue(flow, instance) == {}
    assert public(made) == {"box"}
    alert = alert_about(flow, "TEA-1", died=False)
    assert alert is not None
    assert alert.kind == "withdrawn"
    made_again = run_catalog(made.reload(), only_stale=True, skus=["TEA-1"]).products[0]
    assert made_again.report.state == "published"
    assert public(made) == {"box", "tea"}


def test_a_photo_that_the_shop_took_away_takes_the_reel_down_once_the_gallery_was_read(made: Workspace) -> None:
    catalog = json.loads((made.source / "catalog.json").read_text())
    edit_product(made, images=catalog["products"][0]["images"][1:])
    flow, instance = sync(made), open_instance(made.settings)
    assert withdraw_untrue(flow, instance) == {}
    gallery = defs.resolve_job_def("make_reels").execute_in_process(
        instance=instance, partition_key="TEA-1", run_config=QUIET, asset_selection=[dg.AssetKey("product_gallery")]
    )
    assert gallery.success
    assert "photos that it shows" in withdraw_untrue(flow, instance)["TEA-1"]


def test_what_is_sold_out_is_withdrawn_only_where_the_settings_say_so_and_comes_back(made: Workspace) -> None:
    edit_product(made, in_stock=False)
    assert withdraw_untrue(sync(made), open_instance(made.settings)) == {}
    setting("withdraw_out_of_stock = true\n")(made)
    flow, instance = sync(made), open_instance(made.settings)
    assert withdraw_untrue(flow, instance) == {"TEA-1": "The product is out of stock."}
    assert work(flow, "TEA-1") == {}
    edit_product(made, in_stock=True)
    flow = sync(made)
    assert tuple(plan(instance, flow, ["TEA-1"])["TEA-1"]) == ("mirrored_asset",)
    run_catalog(made.reload(), only_stale=True, skus=["TEA-1"])
    assert public(made) == {"box", "tea"}


# --- the planner ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["nothing", "price", "photo", "tag", "voice engine", "override", "CDN version"])
def test_the_plan_in_bulk_is_the_work_of_each_product(made: Workspace, change: str) -> None:
    instance = open_instance(made.settings)
    flow = sync(made)
    skus = ["TEA-1", "BOX-2", "BAD-3"]
    assert plan(instance, flow, skus) == {}  # remembers that nothing is to do
    CHANGES[change][0](made)
    flow = sync(made)
    expected = {sku: todo for sku in skus if (todo := work(flow, sku))}
    assert plan(instance, flow, skus) == expected
    assert plan(instance, flow, skus) == expected


def test_a_record_that_was_deleted_is_planned_again(made: Workspace) -> None:
    instance, flow = open_instance(made.settings), sync(made)
    assert plan(instance, flow, ["BOX-2"]) == {}
    root = Path(flow.settings.workspace) / "store" / "heads" / "video_clip"
    for path in root.glob("box-2-*.json"):
        path.unlink()
    assert "video_clip" in plan(instance, flow, ["BOX-2"])["BOX-2"]


# --- people and platforms -------------------------------------------------------------------------------------------


def test_a_platforms_rejection_withdraws_the_reel_and_makes_the_shot_again(made: Workspace) -> None:
    flow, instance = Flow(made.settings, made.settings.open_store()), open_instance(made.settings)
    before = flow.record("reel", "TEA-1").editions["main"]
    stills = {still.shot: still for still in flow.record("rendered_still", "TEA-1").editions["main"].stills}
    voice = flow.record("voiceover", "TEA-1")
    shot = next(s.number for s in flow.record("shot_plan", "TEA-1").editions["main"].shots if len(s.takes) > 1)
    rejections = made.source.parent / "rejected.csv"
    rejections.write_text(f"sku,platform,reason,shots\nTEA-1,Meta,Text is cut off,{shot}\nNO-9,Meta,gone,\n")
    assert main(["review", "import", str(rejections)]) == 1
    assert public(made) == {"box"}
    finding = flow.finding("retry_budget", "TEA-1")
    assert finding is not None
    assert finding.measured["next_attempt"] == 1
    history = instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(dg.AssetKey("evaluation_score"), "retry_budget"), limit=1
    )
    assert history[0].partition == "TEA-1"
    run_catalog(made.reload(), only_stale=True, skus=["TEA-1"])
    after = {still.shot: still for still in flow.record("rendered_still", "TEA-1").editions["main"].stills}
    assert {number for number in after if after[number] != stills[number]} == {shot}
    assert flow.record("reel", "TEA-1").editions["main"].video != before.video
    assert flow.record("voiceover", "TEA-1") == voice
    assert flow.attempts("TEA-1").history[0].faults == ("rejected by Meta",)


def test_a_person_who_takes_a_rejection_back_has_the_reel_published_by_the_next_run(made: Workspace) -> None:
    flow, instance = Flow(made.settings, made.settings.open_store()), open_instance(made.settings)
    decide(flow, instance, "BOX-2", False, "Looks dull.")
    assert public(made) == {"tea"}
    assert work(flow, "BOX-2") == {}
    decide(flow, instance, "BOX-2", True, "On second thought.")
    assert tuple(work(flow, "BOX-2")) == ("mirrored_asset",)
    run_catalog(made.reload(), only_stale=True, skus=["BOX-2"])
    assert public(made) == {"tea", "box"}


def test_status_names_one_action_for_every_product_in_a_csv_too(made: Workspace, tmp_path: Path) -> None:
    path = made.source / "catalog.json"
    catalog = json.loads(path.read_text())
    path.write_text(json.dumps({"products": [*catalog["products"], {"title": "No SKU"}]}))
    flow = sync(made)
    decide(flow, open_instance(made.settings), "BOX-2", False, "Looks dull.")
    assert main(["status", "--csv", str(tmp_path / "status.csv")]) == 0
    with (tmp_path / "status.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["sku"]: row for row in csv.DictReader(file)}
    assert rows.keys() == {"TEA-1", "BOX-2", "BAD-3", "product 4"}
    assert (rows["TEA-1"]["state"], rows["TEA-1"]["action"]) == ("published", "")
    assert rows["BOX-2"]["state"] == "rejected"
    assert "upload another" in rows["BAD-3"]["action"]
    assert all(row["action"] for sku, row in rows.items() if sku != "TEA-1")


# --- alerts ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[dict[str, str]], list[int]]]:
    """A real server on loopback: its address, what it was told, and the answers it still has to give (else 200)."""
    told: list[dict[str, str]] = []
    answers: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = answers.pop() if answers else 200
            if status == 200:
                told.append(json.loads(body))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", told, answers
    server.shutdown()
    thread.join()
    server.server_close()


def test_alerts_tell_once_what_needs_a_person_and_try_again_when_nobody_listens(
    made: Workspace, webhook: tuple[str, list[dict[str, str]], list[int]]
) -> None:
    url, told, answers = webhook
    setting(f'alerts_url = "{url}"\n')(made)
    flow, instance = sync(made), open_instance(made.settings)

    def tick(cursor: str | None) -> str | None:
        result = alerts(dg.build_sensor_context(instance=instance, cursor=cursor, resources={"flow": flow}))
        assert isinstance(result, dg.SensorResult)
        return result.cursor

    cursor = tick(None)
    assert told == []
    run_catalog(made.reload(), skus=["TEA-1", "BAD-3"])
    answers.append(503)
    with pytest.raises(Exception, match="did not take an alert"):
        tick(cursor)
    after = tick(cursor)
    assert [(alert["sku"], alert["kind"]) for alert in told] == [("BAD-3", "error")]
    assert "upload another" in told[0]["text"]
    assert "BAD-3" in told[0]["link"]
    run_catalog(made.reload(), skus=["BAD-3"])
    after = tick(after)
    assert len(told) == 1
    decide(flow, instance, "BOX-2", False, "Looks dull.")
    tick(after)
    assert (told[-1]["sku"], told[-1]["kind"]) == ("BOX-2", "withdrawn")
    assert Verdict.ACCEPT in {judged.verdict for judged in flow.record("evaluation_score", "BOX-2").editions.values()}
