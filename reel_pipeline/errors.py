"""Every error this package raises on purpose, one tree.

    ReelError
    ├── SettingsError        reel_pipeline.toml or the command line asks for something impossible
    ├── EngineUnavailable    an engine was chosen and can't run: names the command or key that is missing
    ├── StoreError
    │   ├── BlobMissing      a record points at bytes that are gone
    │   └── HeadConflict     another writer moved a head first
    ├── CatalogError         a source, or one entry of it, can't be read
    │   └── SourceUnavailable  it could be read another time: the shop is down, slow, or asks to wait
    ├── PhotoError           one picture is unusable
    ├── PlanError            no honest shot plan exists for this product
    ├── VoiceError           a line can't be spoken or a recording can't be used
    ├── RenderError          a still, clip or reel can't be made from its inputs
    │   └── ParallaxRefused  product and background of this photo can't honestly be moved apart
    ├── EvaluationError      a video or reference can't be judged
    └── PublishRefused       something is not verified, so it is not published

A message says what was expected, what came, and what to do about it, in one sentence that a marketer understands.
"""


class ReelError(Exception):
    """Base of every error above."""


class SettingsError(ReelError, ValueError):
    pass


class EngineUnavailable(ReelError):
    pass


class StoreError(ReelError):
    pass


class BlobMissing(StoreError):
    pass


class HeadConflict(StoreError):
    pass


class CatalogError(ReelError, ValueError):
    pass


class SourceUnavailable(CatalogError):
    pass


class PhotoError(ReelError, ValueError):
    pass


class PlanError(ReelError):
    pass


class VoiceError(ReelError):
    pass


class RenderError(ReelError):
    pass


class ParallaxRefused(RenderError):
    pass


class EvaluationError(ReelError, ValueError):
    pass


class PublishRefused(ReelError):
    pass
