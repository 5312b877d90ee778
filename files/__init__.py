"""Files that people bring and files that are left behind: each format read in one place.

Whatever a parser or the system says of a bad file becomes one sentence that names the file; what
is written is there whole or not at all.
"""

from files.errors import FileError, naming, short, shown_path
from files.formats import read_csv, read_json, read_npy, read_npz, read_toml
from files.memory import bounded_memory
from files.plain import json_text
from files.reading import digest, is_regular, read_bytes, read_text
from files.sections import Section, is_number, is_one_of
from files.typed import typed
from files.writing import clean, leftovers, partial_path, replace_file, replace_text

__all__ = [
    "FileError",
    "Section",
    "bounded_memory",
    "clean",
    "digest",
    "is_number",
    "is_one_of",
    "is_regular",
    "json_text",
    "leftovers",
    "naming",
    "partial_path",
    "read_bytes",
    "read_csv",
    "read_json",
    "read_npy",
    "read_npz",
    "read_text",
    "read_toml",
    "replace_file",
    "replace_text",
    "short",
    "shown_path",
    "typed",
]
