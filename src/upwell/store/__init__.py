"""The only writer: runs, and what is kept between them."""

from upwell.store.disk import StoreError
from upwell.store.runs import (
    TableFile,
    Workspace,
    add_to_run,
    last_lineage,
    open_run,
    publish,
)
from upwell.store.vectors import keep_vectors, read_vectors

__all__ = [
    "StoreError",
    "TableFile",
    "Workspace",
    "add_to_run",
    "keep_vectors",
    "last_lineage",
    "open_run",
    "publish",
    "read_vectors",
]
