"""The formats that are known, in the order in which they are asked. A new one is a line here."""

from upwell.sources.abstract_listing import AbstractListing
from upwell.sources.csv_table import CsvTable
from upwell.sources.huggingface import DailyPapers
from upwell.sources.item import Format
from upwell.sources.json_document import JsonDocument
from upwell.sources.json_lines import JsonLines
from upwell.sources.parquet import Parquet

FORMATS: tuple[Format, ...] = (
    Parquet(),
    AbstractListing(),
    JsonLines(),
    JsonDocument(),
    DailyPapers(),
    CsvTable(),
)
