"""Every assumption says that it is one, or where it comes from."""

import re
from importlib.resources import files

import pytest

from app.simulation.chance import weighted
from app.simulation.parameters import parameters, read_parameters
from tests.simulation.worlds import questionnaires

TEXT = (files("app.simulation") / "parameters.yaml").read_text("utf-8")


def test_every_value_is_labelled() -> None:
    values = [line for line in TEXT.splitlines() if re.match(r"\s+\S+:", line)]
    assert len(values) > 90
    assert [line for line in values if not re.search(r"# (supuesto|fuente: )", line)] == []


def test_weights_belong_to_variables_and_codes_of_a_questionnaire() -> None:
    codes: dict[str, set[object]] = {}
    for questionnaire in questionnaires().values():
        for leaf in questionnaire.variables.values():
            for name in (leaf.name, leaf.item):
                codes.setdefault(name, set()).update(choice.code for choice in leaf.choices)
    for name, weights in parameters().answers.items():
        variable = name.partition("@")[0]
        assert variable in codes
        assert not codes[variable] or codes[variable].issuperset(weights.codes), name


def test_an_unknown_parameter_is_refused() -> None:
    with pytest.raises(ValueError, match="surprise"):
        read_parameters(TEXT + "\nsurprise: 1\n")


def test_weights_must_leave_something_to_draw() -> None:
    with pytest.raises(ValueError, match="nothing to draw"):
        weighted({1: 0.0})
