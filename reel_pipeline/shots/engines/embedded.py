"""The embedded planner: tables and rules, no model. Same facts and labels, same plan."""

from reel_pipeline.records import MAIN_EDITION, Motion, PlanEdition, Role, Shot, ShotPlan
from reel_pipeline.shots import script, suitability, views
from reel_pipeline.shots.engines import PlanRequest
from reel_pipeline.shots.restricted_words import COSMETICS
from reel_pipeline.shots.wording import spoken_chars, spoken_words

REEL_BUDGET_S = 17.0
"""Spoken shots together: 20 s less an end card of 3 s."""
MIN_SHOTS = 2


class EmbeddedPlanner:
    name: str
    revision: str

    def plan(self, request: PlanRequest) -> ShotPlan:
        """See `Planner`. Photos are chosen first, then as many lines as there are framings and time for."""
        facts, words = request.facts, request.words
        chosen = views.choose_views(request.frames, request.prefer, request.format)
        lines = script.write_script(facts, words, len(chosen))
        lines = _within_time(lines)
        chosen = chosen[: len(lines)]
        lines = _with_overrides(lines, [role for role, _ in chosen], request)
        materials = suitability.materials_of(facts, request.frames)
        kind = suitability.kind_of(facts, request.frames)
        rung = suitability.highest_rung(materials, request.frames, request.cutouts)
        shots: list[Shot] = []
        shown: list[tuple[views.View, Motion]] = []
        for number, ((role, view), line) in enumerate(zip(chosen, lines, strict=True), start=1):
            takes = views.takes_for(role, view, request.frames, shown, request.prefer, request.format)
            shown.append((view, takes[0].motion))
            shots.append(
                Shot(
                    number=number,
                    role=role,
                    takes=takes,
                    line=line.text,
                    caption=line.text,
                    claims=line.claims,
                )
            )
        edition = PlanEdition(
            shots=tuple(shots),
            closing_line=_closing_line(request),
            format=request.format,
            materials=materials,
            advice=suitability.advice_for(materials, rung),
        )
        return ShotPlan(
            editions={MAIN_EDITION: edition},
            person_must_approve=suitability.person_must_approve(kind),
            artwork_may_release=kind == COSMETICS,
        )


def _within_time(lines: list[script.Line]) -> list[script.Line]:
    """As many lines as the reel has time for, from the first; each lasts 2 to 4 s with its breath."""
    kept: list[script.Line] = []
    total_s = 0.0
    for line in lines:
        total_s += min(4.0, max(2.0, 0.5 + max(spoken_words(line.text) / 2.5, spoken_chars(line.text) / 15)))
        if len(kept) >= MIN_SHOTS and total_s > REEL_BUDGET_S:
            break
        kept.append(line)
    return kept


def _with_overrides(lines: list[script.Line], roles: list[Role], request: PlanRequest) -> list[script.Line]:
    replaced = list(lines)
    for role in dict.fromkeys(roles):
        key = f"{role.value}.line"
        if key in request.overrides:
            replaced[roles.index(role)] = script.own_line(key, request.overrides[key], request.words)
    return replaced


def _closing_line(request: PlanRequest) -> str:
    own = request.overrides.get("closing_line")
    if own is None:
        return script.closing_line(request.facts, request.words)
    return script.closing_line(request.facts, request.words.model_copy(update={"call_to_action": own}))
