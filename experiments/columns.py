"""Columns of the economy's tables as Arrow columns: readable names for rows and codes, units in the metadata."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from abm.accounts import statement
from abm.engine import tables
from abm.engine.tables import Column

# Names of the codes in a column, by table.
CODES: dict[str, dict[str, Sequence[str]]] = {
    "firms": {"kind": tables.KIND_NAMES, "status": statement.STATUS_NAMES},
    "contracts": {"kind": tables.CONTRACT_NAMES, "status": tables.CONTRACT_STATUS},
    "loans": {
        "kind": tables.LOAN_NAMES,
        "status": ("free", "pending", "live", "repaid", "defaulted"),
        "tier": ("operating", "secured", "unsecured"),
        "collateral": statement.COLLATERAL_NAMES,
    },
    "defaults": {"way": tables.WAY_NAMES, "channel": tables.CHANNEL_NAMES},
    "events": {"kind": tables.EVENT_NAMES},
}


def field_of(column: Column, kind: pa.DataType) -> pa.Field:
    """The Arrow field of a column, with its unit and meaning."""
    return pa.field(column.name, kind, metadata={"unit": column.unit, "meaning": column.meaning})


def schema_of(text: str) -> pa.Schema:
    """The Arrow schema of `name | type | unit | meaning` lines; a type is i (whole), f (number) or s (text).

    >>> schema_of("debt | f | bn USD | owed").field("debt").metadata[b"unit"]
    b'bn USD'
    """
    types = {"i": pa.int32(), "f": pa.float64(), "s": pa.string()}
    rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return pa.schema([field_of(Column(n, t, u, m), types[t]) for n, t, u, m in rows])


def plain(values: np.ndarray, kind: pa.DataType) -> pa.Array:
    """Numbers as an Arrow array of a fixed width, none missing; `pyarrow.array` would load pandas to do it."""
    whole = np.array(values, kind.to_pandas_dtype(), order="C")  # a copy: what is written does not move with an economy
    return pa.Array.from_buffers(kind, len(whole), [None, pa.py_buffer(whole)])


def flags(values: np.ndarray) -> pa.Array:
    """Truth values as an Arrow array, none missing."""
    bits = np.packbits(values, bitorder="little")
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, pa.py_buffer(bits)])


def names_of(numbers: np.ndarray, names: Sequence[str]) -> pa.Array:
    """Names of rows or codes; null for -1."""
    there = numbers >= 0
    written = [name.encode() for name in names]
    lengths = np.array([*map(len, written), 0], np.int64)  # the last one is that of -1
    ends = np.zeros(len(numbers) + 1, np.int32)
    np.cumsum(lengths[np.where(there, numbers, -1)], out=ends[1:])
    text = b"".join([written[n] for n in numbers[there].tolist()])
    missing = None if there.all() else pa.py_buffer(np.packbits(there, bitorder="little"))
    return pa.Array.from_buffers(pa.string(), len(numbers), [missing, pa.py_buffer(ends), pa.py_buffer(text)])


def type_of(column: Column, table: str) -> pa.DataType:
    """Arrow type of a column of a table."""
    if column.unit == "firm" or column.name in CODES.get(table, {}):
        return pa.string()
    if column.unit == "flag":
        return pa.bool_()
    return pa.int32() if column.type == "i8" else pa.float64()


def column_of(rows: np.ndarray, column: Column, table: str, firms: Sequence[str]) -> tuple[pa.Array, pa.Field]:
    """One column of a table of records, typed by its unit.

    Parameters
    ----------
    rows : numpy.ndarray
        Records with a field of the column's name.
    column : Column
        Which column.
    table : str
        Name of the table, for the meaning of codes.
    firms : sequence of str
        Names of the firms by row.

    Returns
    -------
    pyarrow.Array, pyarrow.Field
    """
    values = np.ascontiguousarray(rows[column.name])
    codes = CODES.get(table, {}).get(column.name)
    kind = type_of(column, table)
    if column.unit == "firm":
        array = names_of(values, firms)
    elif codes is not None:
        array = names_of(values, codes)
    elif column.unit == "flag":
        array = flags(values != 0)
    else:
        array = plain(values, kind)
    return array, field_of(column, kind)
