"""One product from plan to verdict by the embedded engines, in every format, with a slide and a line over two shots.

Each room has its own tests; here what they hand to each other has to fit.
"""

from functools import partial

import pytest

from reel_pipeline.clips.animate import animate_stills
from reel_pipeline.clips.checks import clip_meets_spec
from reel_pipeline.engines import Engines, open_engine
from reel_pipeline.evaluation.judge import judge
from reel_pipeline.records import (
    LANDSCAPE,
    PORTRAIT,
    SQUARE,
    VERTICAL,
    Format,
    ShotPlan,
    TransitionKind,
    Verdict,
)
from reel_pipeline.reels.assemble import assemble
from reel_pipeline.reels.checks import audio_is_the_approved_track, reel_meets_spec
from reel_pipeline.rules.flow import Flow
from reel_pipeline.shots.checks import claims_are_grounded, motions_are_safe
from reel_pipeline.shots.engines import PlanRequest
from reel_pipeline.shots.plan import plan_shots
from reel_pipeline.stills.checks import product_pixels_locked
from reel_pipeline.stills.render import render_stills
from reel_pipeline.store import Store
from reel_pipeline.voice.checks import speech_is_clean
from reel_pipeline.voice.record import record_voice
from reel_pipeline_tests.conftest import Workspace

SKU = "TEA-1"


class InFormat:
    """The embedded planner asked for another format; its second shot slides in, its third goes on with that line."""

    def __init__(self, format: Format) -> None:
        self.format, self.engine = format, open_engine("planner", "embedded")
        self.name, self.revision = f"in {format.width_px}x{format.height_px}", self.engine.revision

    def plan(self, request: PlanRequest) -> ShotPlan:
        plan: ShotPlan = self.engine.plan(request.model_copy(update={"format": self.format}))
        main = plan.editions["main"]
        first, second, third, *others = main.shots
        second = second.model_copy(update={"enters": TransitionKind.SLIDE})
        third = third.model_copy(update={"line": "", "caption": "", "claims": (), "line_goes_on": True})
        main = main.model_copy(update={"shots": (first, second, third, *others)})
        return plan.model_copy(update={"editions": {"main": main}})


@pytest.mark.parametrize("format", [VERTICAL, PORTRAIT, SQUARE, LANDSCAPE], ids=["9:16", "4:5", "1:1", "16:9"])
def test_every_check_and_the_judge_accept_an_honest_reel(made: Workspace, format: Format) -> None:
    store: Store = made.settings.open_store()
    flow, engines = Flow(made.settings, store), Engines()
    product, gallery, frames, cutout = (
        flow.record(asset, SKU) for asset in ("product", "product_gallery", "frame_classification", "product_cutout")
    )
    brand = flow.record("brand_kit", "_")
    plan = plan_shots(product, frames, cutout, brand.look, brand.words, {}, (), InFormat(format), store)
    main = plan.editions["main"]
    voice = record_voice(main, brand.voice, engines.open("voice"), store)
    stills = render_stills(main, {}, 0, gallery, cutout, brand.look, partial(engines.open, "stills"), store)
    clips = animate_stills(stills, voice, partial(engines.open, "clips"), store)
    reel = assemble(clips, voice, product, brand.look, brand.words, store)
    findings = (
        claims_are_grounded(plan, product, brand.words, {}),
        motions_are_safe(plan, frames, product.colour),
        speech_is_clean(voice, store),
        product_pixels_locked(stills, gallery, store),
        clip_meets_spec(clips, voice, store),
        reel_meets_spec(reel, voice, store),
        audio_is_the_approved_track(reel, voice, store),
    )
    assert [finding.sentence for finding in findings if not finding.passed] == []
    cut_list = reel.cut_list
    assert cut_list.format == format
    assert [(it.from_shot, it.to_shot) for it in cut_list.transitions] == [(1, 2)]
    captions = [track for track in cut_list.overlays if track.kind == "caption"]
    assert len(captions) == len(main.shots) - 1, "one caption runs over two shots"
    assert all(cut.made_by and cut.ground for cut in cut_list.cuts if cut.shot is not None)
    found = judge(reel.video, cut_list, gallery.own, engines.open("judge"), store)
    assert (found.verdict, found.faults, found.unverifiable) == (Verdict.ACCEPT, (), ())
