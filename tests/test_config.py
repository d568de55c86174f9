"""The knobs refuse what makes no sense, in words."""

import pytest
from pydantic import ValidationError

from upwell.config import RunConfig, Theme


def theme(name: str) -> Theme:
    return Theme(name=name, phrases=("a phrase",))


def test_two_themes_of_one_name() -> None:
    with pytest.raises(ValidationError, match="two themes are named 'label noise'; rename one"):
        RunConfig(themes=(theme("label noise"), theme("other"), theme("label noise")))
    with pytest.raises(ValidationError, match="two themes are named 'x'"):
        RunConfig().with_themes((theme("x"), theme("x")))


def test_a_theme_needs_a_phrase_with_words() -> None:
    with pytest.raises(ValidationError, match="phrases"):
        Theme(name="empty", phrases=())
    with pytest.raises(ValidationError, match="phrases"):
        Theme(name="blank", phrases=("  ",))


def test_unknown_knobs_are_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        RunConfig.model_validate({"topcs": {}})


def test_the_configuration_survives_json() -> None:
    config = RunConfig().with_themes((theme("a"),))
    assert RunConfig.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize("part", RunConfig.model_fields)
def test_every_knob_says_what_it_does(part: str) -> None:
    model = type(getattr(RunConfig(), part))
    for name, field in getattr(model, "model_fields", {}).items():
        assert field.description, f"{part}.{name} has no description for the form in the UI"
