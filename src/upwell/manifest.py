"""What a run was and what became of every record: the content of `run.json`."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, model_validator

from upwell.config import BucketWidth, RunConfig


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InputFile(_Part):
    """One file that was read, and how."""

    name: str = Field(description="what stands before # in `source`")
    path: str
    format: str | None = Field(description="null if no source recognised it")
    sha256: str | None = Field(description="of the bytes as they are on disk; null if unreadable")
    n_bytes: NonNegativeInt
    n_records: NonNegativeInt
    n_rejects: NonNegativeInt
    notes: tuple[str, ...] = Field(description="how dates and columns were inferred")


class Counts(_Part):
    """What became of every item; they add up, or the run is not published."""

    n_records: NonNegativeInt = Field(description="items found, rejects included")
    n_papers: NonNegativeInt
    n_duplicates: NonNegativeInt
    n_rejects: NonNegativeInt
    n_dated: NonNegativeInt = Field(description="papers that count in trends")
    n_undated: NonNegativeInt = Field(description="papers without a date")
    n_too_coarse: NonNegativeInt = Field(description="papers dated more coarsely than the bucket")
    n_outside: NonNegativeInt = Field(0, description="papers dated outside the span of the trends")
    n_topics: NonNegativeInt
    n_outliers: NonNegativeInt = Field(description="papers in no topic")
    rejects_by_reason: dict[str, int]
    duplicates_by_method: dict[str, int]

    @model_validator(mode="after")
    def _add_up(self) -> "Counts":
        _equal(
            self.n_records,
            "records",
            papers=self.n_papers,
            duplicates=self.n_duplicates,
            rejects=self.n_rejects,
        )
        _equal(
            self.n_papers,
            "papers",
            dated=self.n_dated,
            undated=self.n_undated,
            too_coarse=self.n_too_coarse,
            outside=self.n_outside,
        )
        _equal(self.n_rejects, "rejects", **self.rejects_by_reason)
        _equal(self.n_duplicates, "duplicates", **self.duplicates_by_method)
        return self


class CollectionJump(_Part):
    """A sudden change of what is collected; no trend of the literature."""

    kind: str = Field(description="source or category")
    name: str
    when: date = Field(description="first day of the bucket from which its share is another")
    before: float = Field(description="share of the papers in the buckets before, 0–1")
    after: float = Field(description="share from then on, 0–1")


class TopicFit(_Part):
    """What became of the topic model: sought anew, or kept and papers placed by it."""

    action: Literal["fitted", "refitted", "kept"] = Field(
        description="fitted: from scratch; refitted: anew, topics going on where they can; kept"
    )
    reason: str = Field(description="why, in a sentence")
    fitted_in: str = Field(description="run_id of the run whose fit the topics are of")
    n_fitted: NonNegativeInt = Field(description="papers of that fit")
    n_new: NonNegativeInt = Field(description="papers that the fit before this run did not have")


class Manifest(_Part):
    """One run: what it read, with what, what came out, how long it took."""

    run_id: str
    started: datetime
    ended: datetime
    as_of: date = Field(description="day after which a date lies in the future")
    config: RunConfig
    corpus: str = Field("", description="digest of all that decides which records there are")
    n_files_read: NonNegativeInt = Field(
        0, description="files that were new or changed; the others were known from earlier runs"
    )
    files: tuple[InputFile, ...]
    counts: Counts
    bucket: BucketWidth | None = Field(description="width of a bucket; null without trends")
    span: tuple[date, date] | None = Field(description="first and last day of the trends")
    collection_jumps: tuple[CollectionJump, ...] = Field(
        (), description="where there are any, growth is measured within strata"
    )
    topic_fit: TopicFit | None = Field(None, description="null in runs of older versions")
    encoder: str = Field(description="identity of the encoder and its weights")
    random_state: int
    versions: dict[str, str] = Field(description="of Python and the packages that matter")
    stage_seconds: dict[str, float]
    measures: dict[str, float] = Field(description="quality of the topics as a whole, 0–1")
    notes: tuple[str, ...] = Field(description="what a reader should know, in sentences")


def _equal(total: int, what: str, /, **parts: int) -> None:
    """Raises if the parts do not add up to the total."""
    if total != sum(parts.values()):
        listed = " + ".join(f"{n} {name}" for name, n in parts.items())
        raise ValueError(f"{total} {what} are not {listed}: something was lost or counted twice")
