"""Trains the static encoder on files.

python -m upwell.train_encoder TEACHER.parquet FOLDER --texts MORE.parquet JSON_LINES_FOLDER
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from upwell.encode import load_encoder
from upwell.encode.fit import Recipe, TrainingError, fit_static, join_text, write_static

TEACHER = "sentence-transformers:sentence-transformers/all-MiniLM-L6-v2"


def read_papers(path: Path) -> pl.DataFrame:
    """Papers to train on, from Parquet (such as a run's `papers.parquet`) or JSON lines.

    Parameters
    ----------
    path : a file, or a folder of `*.jsonl`; has `abstract` or `summary`, and may have `title` and
        `vector` (the teacher's).

    Returns
    -------
    One row per record with an abstract: `title` str?, `abstract` str, and `vector` if it is there.

    Raises
    ------
    TrainingError
        There is no such file, or it has no abstracts.
    """
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    if not files or not files[0].exists():
        raise TrainingError(f"there is no {path}, or no *.jsonl in it")
    if files[0].suffix == ".parquet":
        frame = pl.read_parquet(files[0])
    else:
        frame = pl.concat([_read_lines(file) for file in files])
    if "abstract" not in frame.columns:
        raise TrainingError(f"{path} has no column abstract; there are {', '.join(frame.columns)}")
    if "title" not in frame.columns:
        frame = frame.with_columns(title=pl.lit(None, pl.String))
    spaced = pl.col("title", "abstract").str.replace_all(r"\s+", " ").str.strip_chars()
    columns = [name for name in ("title", "abstract", "vector") if name in frame.columns]
    return frame.select(columns).with_columns(spaced).filter(pl.col("abstract").str.len_chars() > 0)


def _read_lines(file: Path) -> pl.DataFrame:
    """Title and abstract of each line of JSON."""
    records = [json.loads(line) for line in file.read_text().splitlines() if line.strip()]
    rows = [(r.get("title"), r.get("abstract") or r.get("summary")) for r in records]
    schema = {"title": pl.String, "abstract": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _without(papers: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Papers whose title is not among the others'; capitals and punctuation do not matter."""
    key = (
        (pl.col("title").fill_null(pl.col("abstract").str.slice(0, 80)).str.to_lowercase())
        .str.replace_all(r"[^a-z0-9]+", " ")
        .str.strip_chars()
    )
    named = papers.with_columns(key=key).unique("key", keep="first", maintain_order=True)
    return named.join(others.select(key=key), on="key", how="anti", maintain_order="left").drop(
        "key"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Trains an encoder on files and writes it; see `python -m upwell.train_encoder --help`."""
    parser = argparse.ArgumentParser(prog="python -m upwell.train_encoder", description=__doc__)
    parser.add_argument("data", type=Path, help="Parquet: title, abstract and, if known, vector")
    parser.add_argument("folder", type=Path, help="where the model is written")
    parser.add_argument("--texts", type=Path, nargs="*", default=[], help="more papers")
    parser.add_argument("--leave-out", type=Path, help="Parquet: titles never to train on")
    parser.add_argument("--teacher", default=TEACHER, help="encoder, where data has no vectors")
    for name, default in vars(Recipe()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    options = parser.parse_args(arguments)
    recipe = Recipe(**{name: getattr(options, name) for name in vars(Recipe())})
    schema = {"title": pl.String, "abstract": pl.String}
    left_out = read_papers(options.leave_out) if options.leave_out else pl.DataFrame(schema=schema)
    papers = _without(read_papers(options.data), left_out)
    more = pl.concat([pl.DataFrame(schema=schema), *(read_papers(path) for path in options.texts)])
    more = _without(more, pl.concat([left_out.select([*schema]), papers.select([*schema])]))
    if "vector" in papers.columns:
        vectors = np.array(papers["vector"].to_list(), dtype=np.float32)
    else:
        vectors = load_encoder(options.teacher).encode(join_text(papers))
    model = fit_static(papers, vectors, more=more, recipe=recipe, progress=_tell)
    write_static(model, options.folder)


def _tell(line: str) -> None:
    """Progress, beside the output."""
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    main()
