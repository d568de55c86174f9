"""The formats that are known, in the order in which they are asked. A new one is a line here."""

from upwell.sources.abstract_listing import AbstractListing
from upwell.sources.acl_anthology import AclAnthology
from upwell.sources.arxiv_atom import ArxivAtom
from upwell.sources.arxiv_rss import ArxivRss
from upwell.sources.arxiv_snapshot import ArxivSnapshot
from upwell.sources.bibtex import Bibtex
from upwell.sources.conference_list import ConferenceList
from upwell.sources.csl_json import CslJson
from upwell.sources.csv_table import CsvTable
from upwell.sources.huggingface import DailyPapers
from upwell.sources.huggingface_dump import HuggingFaceDump
from upwell.sources.item import Format
from upwell.sources.json_document import JsonDocument
from upwell.sources.json_lines import JsonLines
from upwell.sources.medline import Medline
from upwell.sources.no_papers import NoPapers
from upwell.sources.oai_pmh import OaiPmh
from upwell.sources.openalex import OpenAlex
from upwell.sources.openreview import OpenReview
from upwell.sources.parquet import Parquet
from upwell.sources.ris import Ris
from upwell.sources.semantic_scholar import SemanticScholar
from upwell.sources.web_of_science import WebOfScience

FORMATS: tuple[Format, ...] = (
    Parquet(),
    NoPapers(),
    ArxivAtom(),
    ArxivRss(),
    OaiPmh(),
    AclAnthology(),
    ArxivSnapshot(),
    OpenAlex(),
    SemanticScholar(),
    HuggingFaceDump(),
    OpenReview(),
    ConferenceList(),
    AbstractListing(),
    CslJson(),
    JsonLines(),
    JsonDocument(),
    Ris(),
    Medline(),
    WebOfScience(),
    Bibtex(),
    DailyPapers(),
    CsvTable(),
)
