"""A table's content to and from HDF5; the only module that knows h5py.

Each axis of a group is a dimension scale inside that group, attached to every variable that
runs along it, because that is where xarray (and any netCDF-4 reader) looks for coordinates.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from lut.access import in_use, require_free, require_regular
from lut.digests import ATTRIBUTE as DIGESTS
from lut.digests import FIRST_VERSION, departures, digests_of
from lut.errors import TableError
from lut.heaps import require_sound_heaps
from lut.model import Axis, Content, Group, Variable
from lut.outcomes import FLAG_MEANINGS, FLAG_VALUES
from lut.schema import ROOT_ATTRIBUTES, SCHEMA
from lut.seal import Spans, require_intact, seal_of
from lut.trial import require_survivable
from lut.validation import RESERVED_ATTRIBUTES

_TEXT = h5py.string_dtype("utf-8")
# h5py reports damage with whichever of these the message of the C library was translated to.
_DAMAGE = (OSError, RuntimeError, LookupError, ValueError, TypeError, AttributeError, MemoryError)
# Bytes that a dataset in chunks may have beyond the file's: chunks are compressed, or left out.
_UNSTORED = 2**26
_DTYPES = {"real": np.float64, "count": np.int64, "outcome": np.int8}


def encode(content: Content) -> bytes:
    """Return the file image of a content that conforms to the schema, with digests and seal.

    The image depends on the content alone (no times, no addresses of this process), so equal
    contents give equal bytes.
    """
    # Built in memory: a disk that is full can then only fail in one plain write.
    with h5py.File("table", "w", driver="core", backing_store=False) as file:
        for name in ROOT_ATTRIBUTES:
            file.attrs[name] = (
                json.dumps(content.provenance, sort_keys=True, allow_nan=False)
                if name == "provenance"
                else getattr(content, name)
            )
        for name in SCHEMA:
            if name in content.groups:
                _encode_group(file.create_group(name), name, content.groups[name])
        # Taken of what was put in as it comes out again, which is what a reader compares.
        written, _ = _decode_file(file)
        file.attrs[DIGESTS] = json.dumps(digests_of(written), sort_keys=True)
        file.flush()
        spans = {name: _spans(file[name]) for name in file}
        image = bytes(file.id.get_file_image())
    return image + seal_of(image, spans)


def _spans(group: Any) -> Spans:
    """Where in the file the numbers of a group are: offset and size [B]."""
    places = [(item.id.get_offset(), item.id.get_storage_size()) for item in group.values()]
    return [place for place in places if place[0] is not None and place[1]]


def _encode_group(target: Any, name: str, group: Group) -> None:
    spec = SCHEMA[name]
    for attribute in sorted(group.attributes):
        target.attrs[attribute] = group.attributes[attribute]
    scales = {}
    for dim, axis_spec in spec.axes.items():
        axis = group.axes[dim]
        dtype = _TEXT if axis_spec.kind == "text" else _DTYPES[axis_spec.kind]
        values = list(axis.values) if isinstance(axis.values, tuple) else axis.values
        scales[dim] = target.create_dataset(dim, data=values, dtype=dtype, track_times=False)
        scales[dim].make_scale(dim)
        _encode_attributes(scales[dim], axis.units, axis.long_name, {})
    for key, variable_spec in spec.variables.items():
        if key not in group.variables:
            continue
        variable = group.variables[key]
        attributes = dict(variable.attributes)
        if variable_spec.kind == "outcome":
            attributes["flag_values"] = np.array(FLAG_VALUES, dtype=np.int8)
            attributes["flag_meanings"] = FLAG_MEANINGS
        dataset = target.create_dataset(
            key, data=variable.values, dtype=_DTYPES[variable_spec.kind], track_times=False
        )
        for position, dim in enumerate(variable.dims):
            dataset.dims[position].label = dim
            dataset.dims[position].attach_scale(scales[dim])
        _encode_attributes(dataset, variable.units, variable.long_name, attributes)


def _encode_attributes(
    target: Any, units: str, long_name: str, attributes: Mapping[str, Any]
) -> None:
    target.attrs["units"] = units
    target.attrs["long_name"] = long_name
    for name in sorted(attributes):
        target.attrs[name] = attributes[name]


@dataclass(frozen=True)
class Decoded:
    """What a file holds, and what is amiss in it: `found` no table has, `changed` since written.

    `verified` tells whether there are digests that all of it agrees with.
    """

    content: Content
    found: list[str]
    changed: list[str]
    verified: bool


def decode(path: Path) -> Decoded:
    """Read a table file whole, after its bytes were held against its seal where it has one.

    Any schema version is read, and unknown groups and variables are read like known ones. The
    file is not locked, which file systems without locks refuse.

    Raises:
        TableError: there is no file at `path`, it is not a table, it is damaged, or another
            program has it open for writing.
    """
    require_regular(path)
    require_free(path)
    try:
        sealed = require_intact(path)
        if not h5py.is_hdf5(path):
            raise TableError(
                f"{path} is not an HDF5 file; give a table made by `mramcim characterize`"
            )
        if not sealed:
            require_sound_heaps(path)
            require_survivable(path)
    except TableError:
        raise
    except _DAMAGE as error:
        raise _damaged(path, error) from error
    return read(path)


def read(path: Path) -> Decoded:
    """As `decode`, of a file that libhdf5 survives."""
    try:
        with _opened(path) as file:
            if "schema_version" not in file.attrs:
                raise TableError(
                    f"{path} is an HDF5 file but not a table of mramcim (it has no attribute "
                    "'schema_version'); give a table made by `mramcim characterize`"
                )
            content, found = _decode_file(file)
            return _compared(content, found, _attributes(file).get(DIGESTS))
    except TableError:
        raise
    except _DAMAGE as error:
        raise _damaged(path, error) from error


def _opened(path: Path) -> Any:
    try:
        return h5py.File(path, "r", locking=False)
    except OSError as error:
        if "locking flag values" not in str(error):
            raise
        # This process reads it already, with locks: libhdf5 wants all its readers to do the same.
        return h5py.File(path, "r")


def _damaged(path: Path, error: Exception) -> TableError:
    # The text of a KeyError is the representation of its message.
    message = error.args[0] if isinstance(error, KeyError) and error.args else error
    reason = " ".join(str(message).split())
    if "already open for" in reason or "unable to lock" in reason:
        return in_use(path)
    return TableError(
        f"{path} is truncated or damaged ({reason}); make it again or take another copy"
    )


def _compared(content: Content, found: list[str], digests: Any) -> Decoded:
    """A content and what its digests say of it."""
    if isinstance(digests, str):
        changed = departures(digests, content)
        return Decoded(content, found, changed, not changed)
    version = content.schema_version
    if digests is not None or (version.isdecimal() and int(version) >= FIRST_VERSION):
        return Decoded(content, found, [f"its root has no text attribute '{DIGESTS}'"], False)
    return Decoded(content, found, [], False)


def _decode_file(file: Any) -> tuple[Content, list[str]]:
    found: list[str] = []
    groups = {}
    for name in _in_order(file, tuple(SCHEMA)):
        link = file.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink) or not isinstance(file[name], h5py.Group):
            found.append(f"'{name}' at the root is not a group")
            continue
        groups[name] = _decode_group(name, file[name], found)
    root = _attributes(file)
    for name in ROOT_ATTRIBUTES:
        if not isinstance(root.get(name), str):
            found.append(f"the root has no text attribute '{name}'")
    provenance: Any = {}
    try:
        provenance = json.loads(root.get("provenance", "{}"))
    except (TypeError, ValueError, RecursionError):
        found.append("the attribute 'provenance' is not JSON")
    if not isinstance(provenance, dict):
        found.append("the attribute 'provenance' is not a JSON object")
        provenance = {}
    texts = {name: str(root.get(name, "")) for name in ROOT_ATTRIBUTES if name != "provenance"}
    return Content(provenance=provenance, groups=groups, **texts), found


def _decode_group(name: str, source: Any, found: list[str]) -> Group:
    spec = SCHEMA.get(name)
    known = (*spec.axes, *spec.variables) if spec else ()
    axes: dict[str, Axis] = {}
    scales: dict[Any, str] = {}
    others: dict[str, tuple[Any, dict[str, Any]]] = {}
    for key in _in_order(source, known):
        link = source.get(key, getlink=True)
        dataset = source[key] if isinstance(link, h5py.HardLink) else None
        if not isinstance(dataset, h5py.Dataset) or dataset.shape is None:
            found.append(f"'{name}/{key}' is not a dataset of values")
            continue
        attributes = _attributes(dataset)
        if attributes.get("CLASS") == "DIMENSION_SCALE":
            axes[key] = Axis(_values(dataset), *_labels(attributes))
            scales[dataset.id] = key
        else:
            others[key] = dataset, attributes
    variables: dict[str, Variable] = {}
    for key, (dataset, attributes) in others.items():
        dims = _dims(dataset, scales)
        if dims is None:
            found.append(f"'{name}/{key}' has a dimension without a scale in its group")
            continue
        own = {k: value for k, value in attributes.items() if k not in RESERVED_ATTRIBUTES}
        variables[key] = Variable(_values(dataset), dims, *_labels(attributes), own)
    return Group(axes, variables, _attributes(source))


def _values(dataset: Any) -> Any:
    # A damaged shape may claim terabytes, which would be fetched before anything failed. The
    # size is worked out here because that of h5py wraps around.
    size = math.prod(dataset.shape) * dataset.dtype.itemsize
    unstored = 0 if dataset.chunks is None else _UNSTORED
    if size > dataset.file.id.get_filesize() + unstored:
        raise OSError(f"{dataset.name} claims to be larger than the file")
    text = h5py.check_string_dtype(dataset.dtype) is not None
    return dataset.asstr()[()] if text else dataset[()]


def _labels(attributes: Mapping[str, Any]) -> tuple[str, str]:
    return str(attributes.get("units", "")), str(attributes.get("long_name", ""))


def _dims(dataset: Any, scales: Mapping[Any, str]) -> tuple[str, ...] | None:
    """Return the name of the scale of each dimension, None if one has none among `scales`."""
    if dataset.ndim == 0:
        return ()
    if "DIMENSION_LIST" not in dataset.attrs:
        return None
    # Objects are compared by identity: asking HDF5 for the name of each took most of the time
    # of opening a table.
    names = [
        scales.get(h5py.h5r.dereference(references[0], dataset.id)) if len(references) else None
        for references in dataset.attrs["DIMENSION_LIST"]
    ]
    found = tuple(name for name in names if name is not None)
    return found if len(found) == len(names) else None


def _in_order(source: Any, known: tuple[str, ...]) -> list[str]:
    names = list(source)
    return [name for name in known if name in names] + [name for name in names if name not in known]


def _attributes(source: Any) -> dict[str, Any]:
    """Return attributes as plain Python values; those of the dimension machinery are skipped."""
    names = list(source.attrs)
    for name in names:
        # h5py gives a name that is not UTF-8 as bytes.
        if not isinstance(name, str):
            raise OSError(f"{source.name} has an attribute with the name {name!r}, not a text")
    return {
        name: _plain(source.attrs[name])
        for name in names
        if name not in {"DIMENSION_LIST", "DIMENSION_LABELS", "REFERENCE_LIST", "NAME"}
    }


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | np.bytes_):
        return value.decode("utf-8")
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    return value
