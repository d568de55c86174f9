"""Reading: files of many formats to records and rejects.

A new format is a module with a class that keeps `item.Format`, a line in `registry.FORMATS` and a
test.
"""

from upwell.sources.files import InputError, InputFile, find_files
from upwell.sources.reading import FileReport, Reading, read_files

__all__ = ["FileReport", "InputError", "InputFile", "Reading", "find_files", "read_files"]
