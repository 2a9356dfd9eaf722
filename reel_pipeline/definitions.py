"""The flow at a glance: every asset in order, its checks beside it. The only `Definitions` of the project.

brand_kit                                                    the brand's look, voice and words
catalog_snapshot       crawl_is_complete                     every product as found
  product                                                    facts
  product_gallery      gallery_is_usable*                    photos
    frame_classification  has_a_product_view*                what each photo shows
    product_cutout     cutout_is_trustworthy                 product without background
      shot_plan        claims_are_grounded* motions_are_safe*   shots and words
        voiceover      speech_is_clean*                      the only clock
        rendered_still product_pixels_locked*                keyframes
          video_clip   clip_meets_spec*                      moving shots
            reel       reel_meets_spec* audio_is_the_approved_track*
              evaluation_score  product_is_faithful* motion_is_plausible* retry_budget
                mirrored_asset  mirror_matches_source*       what the public sees
judgement_table                                              verdicts beside what people say, all products
  evaluator_calibration                                      a candidate version of the judge's gates
                                                             * = blocking
"""

import warnings

import dagster as dg

# In the pinned Dagster partitioned checks are a preview and links to code a beta: each use would warn in every run.
warnings.filterwarnings("ignore", category=dg.PreviewWarning)
warnings.filterwarnings("ignore", category=dg.BetaWarning)

from reel_pipeline.defs import jobs, schedules  # noqa: E402
from reel_pipeline.defs.assets import (  # noqa: E402
    brand_kit,
    catalog_snapshot,
    evaluation_score,
    evaluator_calibration,
    frame_classification,
    judgement_table,
    mirrored_asset,
    product,
    product_cutout,
    product_gallery,
    reel,
    rendered_still,
    shot_plan,
    video_clip,
    voiceover,
)
from reel_pipeline.defs.resources import FlowResource, RecordIO  # noqa: E402
from reel_pipeline.defs.sensors import alerts, gallery_changed, retake_rejected  # noqa: E402

FLOW_IN_ORDER = (
    brand_kit,
    catalog_snapshot,
    product,
    product_gallery,
    frame_classification,
    product_cutout,
    shot_plan,
    voiceover,
    rendered_still,
    video_clip,
    reel,
    evaluation_score,
    mirrored_asset,
    judgement_table,
    evaluator_calibration,
)

_flow = FlowResource()

defs = dg.Definitions(
    assets=dg.with_source_code_references(
        [asset for module in FLOW_IN_ORDER for asset in dg.load_assets_from_modules([module])]
    ),
    asset_checks=[check for module in FLOW_IN_ORDER for check in dg.load_asset_checks_from_modules([module])],
    jobs=[
        jobs.sync_catalog,
        jobs.make_reels,
        jobs.retake,
        jobs.publish,
        jobs.collection_backfill,
        jobs.review,
        jobs.reconcile,
        jobs.learn,
    ],
    sensors=[retake_rejected.retake_rejected, gallery_changed.gallery_changed, alerts.alerts],
    schedules=[schedules.hourly_sync, schedules.new_skus, schedules.reconcile_often],
    resources={"flow": _flow, "io_manager": RecordIO(flow=_flow)},
    executor=dg.in_process_executor,
)
