"""What every second opinion promises, held against a real server on loopback."""

import json
import time

import pytest

from reel_pipeline.engines import open_engine
from reel_pipeline.errors import EngineUnavailable, SettingsError
from reel_pipeline.evaluation.advice.engines import openai_compatible
from reel_pipeline.evaluation.advice.engines.openai_compatible import KEY_VARIABLE
from reel_pipeline.evaluation.advice.pictures import side_by_side
from reel_pipeline.evaluation.advice.second_opinion import QUESTION, Answer
from reel_pipeline_tests.drawing import product_photo
from reel_pipeline_tests.evaluation.advisers import honest, serving

ENGINES = ["openai_compatible"]
SCHEMA = Answer.model_json_schema()
PICTURE = side_by_side(product_photo(1, "TEA")[:300, :300], product_photo(1, "TEA")[:300, :300])


@pytest.mark.parametrize("name", ENGINES)
def test_one_question_one_answer(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "secret")
    with serving(honest) as server:
        adviser = open_engine("second_opinion", name, url=server.url + "/", model="some-model")
        said = adviser.look(PICTURE, QUESTION, SCHEMA)
    assert Answer.model_validate_json(said).difference == "no"
    request = server.seen[0]
    assert request["path"] == "/v1/chat/completions"
    assert request["headers"]["Authorization"] == "Bearer secret"
    body = request["body"]
    assert body["model"] == "some-model"
    assert body["temperature"] == 0
    assert body["response_format"]["json_schema"]["schema"] == json.loads(json.dumps(SCHEMA))
    assert set(SCHEMA["required"]) == set(SCHEMA["properties"])
    assert SCHEMA["additionalProperties"] is False
    assert "secret" not in adviser.revision
    assert adviser.revision != open_engine("second_opinion", name, url=server.url, model="other-model").revision


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize(("status", "remedy"), [(401, KEY_VARIABLE), (404, "second_opinion_url"), (307, "307")])
def test_a_refusal_names_its_remedy_and_takes_the_key_nowhere_else(name: str, status: int, remedy: str) -> None:
    with serving(honest) as server:
        server.statuses.append(status)
        with pytest.raises(EngineUnavailable, match=remedy):
            open_engine("second_opinion", name, url=server.url, model="m").look(PICTURE, QUESTION, SCHEMA)
        assert len(server.seen) == 1


@pytest.mark.parametrize("name", ENGINES)
def test_a_busy_server_is_asked_again_and_a_dead_one_is_named(name: str) -> None:
    with serving(honest) as server:
        server.statuses.append(503)
        assert open_engine("second_opinion", name, url=server.url, model="m").look(PICTURE, QUESTION, SCHEMA)
        assert len(server.seen) == 2
    with pytest.raises(EngineUnavailable, match="start it"):
        open_engine("second_opinion", name, url="http://127.0.0.1:9/v1", model="m").look(PICTURE, QUESTION, SCHEMA)


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"choices": []}', b'{"choices": [{"message": {}}]}', b"\xff"]
)
def test_what_is_no_completion_is_no_answer(name: str, body: bytes) -> None:
    with serving(honest) as server:
        server.bodies.append(body)
        assert open_engine("second_opinion", name, url=server.url, model="m").look(PICTURE, QUESTION, SCHEMA) == ""


def test_settings_that_are_missing_are_named() -> None:
    with pytest.raises(SettingsError, match="openai_compatible"):
        open_engine("second_opinion", "oracle", url="http://127.0.0.1:1/v1", model="m")
    for url, model in (("", "m"), ("127.0.0.1:1", "m"), ("http://127.0.0.1:1/v1", "")):
        with pytest.raises(SettingsError, match="second_opinion_url"):
            open_engine("second_opinion", "openai_compatible", url=url, model=model)


@pytest.mark.parametrize("name", ENGINES)
def test_a_question_that_was_sent_and_not_answered_in_time_is_not_sent_again(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openai_compatible, "_TIMEOUT_S", 0.3)

    def slow(picture: bytes) -> str:
        time.sleep(0.8)
        return honest(picture)

    with serving(slow) as server:
        with pytest.raises(EngineUnavailable, match="can't be reached"):
            open_engine("second_opinion", name, url=server.url, model="m").look(PICTURE, QUESTION, SCHEMA)
        assert len(server.seen) == 1
