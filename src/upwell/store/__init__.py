"""The only writer: runs, and what is kept between them."""

from upwell.store.assemble import take_out
from upwell.store.checksums import faults as run_faults
from upwell.store.collect import Collected, collect, peek, read_once
from upwell.store.disk import StoreError, add, first_line, replace
from upwell.store.removals import is_named
from upwell.store.runs import (
    TableFile,
    Workspace,
    add_to_run,
    hold,
    last_lineage,
    last_topic_model,
    open_run,
    publish,
)
from upwell.store.upkeep import Rebuilt, n_named, prune, rebuild, take_papers_out, verify
from upwell.store.vectors import keep_vectors, read_vectors

__all__ = [
    "Collected",
    "Rebuilt",
    "StoreError",
    "TableFile",
    "Workspace",
    "add",
    "add_to_run",
    "collect",
    "first_line",
    "hold",
    "is_named",
    "keep_vectors",
    "last_lineage",
    "last_topic_model",
    "n_named",
    "open_run",
    "peek",
    "prune",
    "publish",
    "read_once",
    "read_vectors",
    "rebuild",
    "replace",
    "run_faults",
    "take_out",
    "take_papers_out",
    "verify",
]
