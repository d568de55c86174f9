"""Reading: files of many formats to records and rejects.

A new format is a module with a class that keeps `item.Format`, a line in `registry.FORMATS` and a
test.
"""

from upwell.sources.assemble import Sink
from upwell.sources.files import InputError, InputFile, find_files, name_files
from upwell.sources.reading import VERSION, FileReport, Reading, digest, read_files, stream_files

__all__ = [
    "VERSION",
    "FileReport",
    "InputError",
    "InputFile",
    "Reading",
    "Sink",
    "digest",
    "find_files",
    "name_files",
    "read_files",
    "stream_files",
]
