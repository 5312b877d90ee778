"""Files that people bring and files that are left behind: each format read in one place.

Whatever a parser or the system says of a bad file becomes one sentence that names the file; what
is written is there whole or not at all.
"""

from files.errors import FileError, short
from files.formats import read_json, read_npy, read_toml
from files.plain import json_text
from files.reading import read_bytes, read_text
from files.writing import clean, leftovers, partial_path, replace_file, replace_text

__all__ = [
    "FileError",
    "clean",
    "json_text",
    "leftovers",
    "partial_path",
    "read_bytes",
    "read_json",
    "read_npy",
    "read_text",
    "read_toml",
    "replace_file",
    "replace_text",
    "short",
]
