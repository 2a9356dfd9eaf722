"""Every engine by room and name: where it is, its revision, its options, what it needs. The only list of them.

An engine is one way to do a room's work, such as `warp` for clips. A new one takes its own file, with a class that its
room's protocol describes, and one row here. Nothing heavy is imported until an engine is opened.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from inspect import signature
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from reel_pipeline.errors import SettingsError
from reel_pipeline.records import Rung, canonical_json

ROOMS = {
    "classifier": "frame classifier",
    "cutout": "cutout engine",
    "planner": "planner",
    "voice": "voice",
    "stills": "still engine",
    "clips": "clip engine",
    "judge": "judge",
    "second_opinion": "second opinion",
}
"""What an engine is for, by its name in the settings, and what it is called in a sentence."""


@dataclass(frozen=True)
class Need:
    """Something outside this package. `kind`: `package` (an import name) or `key` (an environment variable)."""

    kind: str
    name: str

    def missing(self) -> str:
        """What to do where it is not there; '' where it is."""
        if self.kind == "package":
            return "" if find_spec(self.name) else f"install {self.name}: make setup"
        return "" if os.environ.get(self.name) else f"set {self.name} in the environment"


@dataclass(frozen=True)
class Engine:
    """One row. `where`: `module:Class`. `options`: `module:Model`, a pydantic model of what `[engines.NAME]` may hold.

    `revision` changes when the same inputs give other results: remembered calls are made again, and assets are stale.
    `parts`: what else of `PARTS` its results hang on. `rungs`: of stills and clips, which takes it can make.
    """

    where: str
    revision: str
    parts: tuple[str, ...] = ()
    options: str = ""
    needs: tuple[Need, ...] = ()
    rungs: tuple[Rung, ...] = ()


ENGINES: dict[tuple[str, str], Engine] = {
    ("classifier", "embedded"): Engine("reel_pipeline.frames.engines.embedded:EmbeddedClassifier", "3"),
    ("cutout", "matting"): Engine(
        "reel_pipeline.frames.engines.matting:MattingCutout", "3", needs=(Need("package", "pymatting"),)
    ),
    ("planner", "embedded"): Engine("reel_pipeline.shots.engines.embedded:EmbeddedPlanner", "10"),
    ("voice", "espeak_ng"): Engine(
        "reel_pipeline.voice.engines.espeak_ng:EspeakVoice", "2", needs=(Need("package", "espeakng_loader"),)
    ),
    ("voice", "captions_only"): Engine("reel_pipeline.voice.engines.captions_only:CaptionsOnly", "1"),
    ("voice", "file"): Engine("reel_pipeline.voice.engines.file:RecordedVoice", "1"),
    ("stills", "layered"): Engine(
        "reel_pipeline.stills.engines.layered:Layered", "6", rungs=(Rung.STILL_MOTION, Rung.PARALLAX)
    ),
    ("clips", "warp"): Engine(
        "reel_pipeline.clips.engines.warp:Warp", "3", rungs=(Rung.STILL_MOTION, Rung.PARALLAX, Rung.COMPOSITE)
    ),
    ("judge", "classical"): Engine(
        "reel_pipeline.evaluation.engines.classical:ClassicalJudge",
        "14",
        parts=("thresholds", "ocr"),
        needs=(Need("package", "rapidocr"),),
    ),
    ("second_opinion", "openai_compatible"): Engine(
        "reel_pipeline.evaluation.advice.engines.openai_compatible:OpenAICompatible", "1"
    ),
}

PARTS = {
    "photo": "1",
    "ocr": "pp-ocrv6-small/1",
    "measures": "4",
    "geometry": "2",
    "mixing": "1",
    "assembly": "3",
    "second_opinion": "1+c6c2a17959ee",
    "thresholds": "2da11c18a659",
}
"""The revision of every other part whose results are remembered, written down so that the planner need not import them.
A test compares them, and looks for one that is missing here or keys no asset."""


def find(room: str, name: str) -> Engine:
    """The row of an engine; raises `SettingsError` for a name that no engine of this room has."""
    if row := ENGINES.get((room, name)):
        return row
    known = ", ".join(sorted(known for of, known in ENGINES if of == room))
    raise SettingsError(f"There is no {ROOMS[room]} called {name!r}; choose one of: {known}.")


def find_for_rung(room: str, name: str, rung: Rung) -> Engine:
    """The row of an engine that makes takes of a rung; raises `SettingsError` for one that doesn't."""
    if rung in (row := find(room, name)).rungs:
        return row
    able = ", ".join(sorted(known for (of, known), row in ENGINES.items() if of == room and rung in row.rungs))
    instead = f"choose one of: {able}" if able else "no other does either, so no such take can be made"
    raise SettingsError(f"The {ROOMS[room]} {name!r} doesn't make {rung}; {instead}.")


def read_options(room: str, name: str, written: Mapping[str, Any]) -> BaseModel | None:
    """What a user wrote in `[engines.NAME]`; None for an engine without options. Raises `SettingsError`."""
    row = find(room, name)
    if not row.options:
        if written:
            raise SettingsError(f"[engines.{name}] is not read: this {ROOMS[room]} has no options.")
        return None
    model: type[BaseModel] = _load(row.options)
    try:
        return model.model_validate(dict(written))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(["engines", name, *(str(part) for part in first["loc"])])
        raise SettingsError(f"{where}: {first['msg']}") from error


def revision_of(room: str, name: str, options: BaseModel | None = None) -> str:
    """What keys an engine's remembered calls and its asset's staleness: its own revision, parts and changed options."""
    row = find(room, name)
    revision = "+".join([row.revision, *(PARTS[part] for part in row.parts)])
    chosen = options.model_dump(mode="json", exclude_defaults=True) if options else {}
    return f"{revision}+{hashlib.sha256(canonical_json(chosen)).hexdigest()[:12]}" if chosen else revision


def open_engine(room: str, name: str, options: BaseModel | None = None, **given: Any) -> Any:
    """The engine itself, with `name` and `revision`. `given`: what a class of this room may ask for.

    Raises `SettingsError` for an unknown name or wrong options, `EngineUnavailable` where it can't run here.
    """
    row = find(room, name)
    options = options or read_options(room, name, {})
    made = _load(row.where)
    asked = signature(made).parameters
    engine = made(**{key: value for key, value in {**given, "options": options}.items() if key in asked})
    engine.name = name
    if not hasattr(engine, "revision"):  # one that asks somebody else says by itself whom
        engine.revision = revision_of(room, name, options)
    return engine


def _load(where: str) -> Any:
    module, _, name = where.partition(":")
    return getattr(import_module(module), name)


class RungEngines(BaseModel):
    """Who makes the takes of one rung; None: whoever makes the others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stills: str | None = None
    clips: str | None = None


class Engines(BaseModel):
    """Which engine does each room's work, and the options in `[engines.NAME]`. The defaults need no weights or key.

    `rungs`: `[engines.rungs.RUNG]` names others for the takes of a rung.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    classifier: str = "embedded"
    cutout: str = "matting"
    planner: str = "embedded"
    voice: str = "espeak_ng"
    stills: str = "layered"
    clips: str = "warp"
    judge: str = "classical"
    second_opinion: str = "openai_compatible"
    rungs: dict[Rung, RungEngines] = {}
    options: dict[str, dict[str, Any]] = {}

    @model_validator(mode="before")
    @classmethod
    def _tables_are_options(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        tables = {name: value for name, value in values.items() if isinstance(value, dict) and name != "rungs"}
        return {**{name: value for name, value in values.items() if name not in tables}, "options": tables}

    @model_validator(mode="after")
    def _are_known(self) -> Self:
        """Every name and every option, also of an engine that is not chosen now."""
        try:
            for room in ROOMS:
                find(room, getattr(self, room))
            for room in RungEngines.model_fields:
                find_for_rung(room, self.chosen(room, Rung.STILL_MOTION), Rung.STILL_MOTION)  # every plan ends on it
                for rung, makers in self.rungs.items():
                    if name := getattr(makers, room):
                        find_for_rung(room, name, rung)
            for name, written in self.options.items():
                rooms = [room for room, known in ENGINES if known == name]
                if not rooms:
                    raise SettingsError(f"[engines.{name}]: there is no engine of this name.")
                for room in rooms:
                    read_options(room, name, written)
        except SettingsError as error:
            raise ValueError(str(error)) from None
        return self

    def chosen(self, room: str, rung: Rung | None = None) -> str:
        """The name of the engine that does a room's work, and for stills and clips, that of a rung."""
        of_rung = getattr(self.rungs.get(rung), room, None) if rung else None
        return str(of_rung or getattr(self, room))

    def rungs_of(self, room: str, name: str) -> tuple[Rung, ...]:
        """The rungs whose takes this engine makes here."""
        able = find(room, name).rungs
        return tuple(rung for rung in Rung if rung in able and self.chosen(room, rung) == name)

    def open(self, room: str, rung: Rung | None = None, **given: Any) -> Any:
        """The engine chosen for a room, as `open_engine` has it; raises `SettingsError` if it doesn't make the rung."""
        name = self.chosen(room, rung)
        if rung:
            find_for_rung(room, name, rung)
        return open_engine(room, name, self._options(room, name), **given)

    def revision(self, room: str) -> str:
        """The revision of the engine chosen for a room, with its options, then of those chosen for single rungs."""
        default = self.chosen(room)
        others = ((rung, self.chosen(room, rung)) for rung in Rung)
        special = [f"{rung}={name}/{self._revision(room, name)}" for rung, name in others if name != default]
        return "+".join([self._revision(room, default), *special])

    def _revision(self, room: str, name: str) -> str:
        return revision_of(room, name, self._options(room, name))

    def _options(self, room: str, name: str) -> BaseModel | None:
        return read_options(room, name, self.options.get(name, {}))
