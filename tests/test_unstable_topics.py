"""What is said of a topic that hardly comes back is never without a doubt."""

import made_up
import polars as pl

from upwell.tables import TRENDS
from upwell.trends import doubt_unstable
from upwell.wording import caveats, sentence


def stability(*values: float) -> pl.DataFrame:
    return pl.DataFrame(
        {"topic_id": range(len(values)), "stability": values},
        schema={"topic_id": pl.Int32, "stability": pl.Float32},
    )


def trends(*verdicts: str) -> pl.DataFrame:
    """A topic a verdict, robust so far, and a theme that bears the name of a topic's id."""
    row = made_up.trend_tables()[0].filter(verdict="rising").row(0, named=True)
    row |= {"robust": True, "sensitive_to": []}
    rows = [
        row | {"kind": "topic", "subject": str(i), "name": f"topic {i}", "verdict": verdict}
        for i, verdict in enumerate(verdicts)
    ]
    theme = row | {"kind": "theme", "subject": "0", "name": "a theme"}
    return TRENDS.conform(pl.DataFrame([*rows, theme], schema=TRENDS.schema))


def test_an_unstable_topic_never_rises_without_a_warning():
    given = trends("rising", "rising", "insufficient_evidence")
    found = doubt_unstable(given, stability(0.49, 0.5, 0.2))
    topics = found.trends.filter(kind="topic")
    assert topics["robust"].to_list() == [False, True, False]
    assert topics["sensitive_to"].to_list() == [["unstable_topic"], [], ["unstable_topic"]]
    assert topics["verdict"].to_list() == given.filter(kind="topic")["verdict"].to_list()
    assert found.trends.filter(kind="theme").equals(given.filter(kind="theme"))
    (note,) = found.notes
    assert note.endswith("when the papers are clustered anew (stability below 0.5): topic 0.")


def test_the_warning_is_in_the_sentence():
    given = trends("rising").with_columns(sensitive_to=pl.lit(["one_bucket"]))
    row = doubt_unstable(given, stability(0.1)).trends.filter(kind="topic").row(0, named=True)
    assert row["sensitive_to"] == ["one_bucket", "unstable_topic"]
    words = (
        "the sign changes with one bucket left out, and the topic hardly comes back when the "
        "papers are clustered anew"
    )
    assert f"With caution: {words}." in sentence(row)
    assert caveats(row).startswith(words.removeprefix("the "))


def test_stable_topics_and_no_topics_change_nothing():
    given = trends("rising")
    for topics in (stability(0.9), stability()):
        found = doubt_unstable(given, topics)
        assert found.trends.equals(given)
        assert found.notes == ()
