"""How the form in the UI shows the parameters of a flow."""

from pydantic import Field


def titled(title: str) -> object:
    """How the form heads a parameter; Prefect overwrites a plain title by its name."""
    return Field(json_schema_extra={"title": title})
