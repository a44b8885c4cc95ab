"""Several Arrow tables as the bytes of one file: what travels from a worker, and what finished runs are kept as.

The bytes end with their own hash, and say by which code they were made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.ipc

HASH_BYTES = 32
CODE = b"code"


class Spoiled(ValueError):  # noqa: N818 - reads as what it is
    """Packed bytes are not those that were packed."""


def pack(tables: Mapping[str, pa.Table], code: str = "") -> bytes:
    """Tables as the bytes of one file: an Arrow table with a stream a row, by name, and the SHA-256 of it.

    Parameters
    ----------
    tables : mapping
        By name.
    code : str
        Hash of the code that made them.
    """
    streams = []
    for table in tables.values():
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table.combine_chunks())
        streams.append(sink.getvalue().to_pybytes())
    whole = pa.table({"name": pa.array(list(tables), pa.string()), "stream": pa.array(streams, pa.binary())})
    whole = whole.replace_schema_metadata({CODE: code.encode()})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, whole.schema) as writer:
        writer.write_table(whole)
    content: bytes = sink.getvalue().to_pybytes()
    return content + hashlib.sha256(content).digest()


def unpack(content: bytes, code: str | None = None) -> dict[str, pa.Table]:
    """The tables of `pack`.

    Parameters
    ----------
    content : bytes
        What `pack` gave.
    code : str, optional
        Hash of the only code that may have made them.

    Raises
    ------
    Spoiled
        If a byte of it has changed, it is cut short, or other code made it.
    """
    body = content[:-HASH_BYTES]
    if hashlib.sha256(body).digest() != content[-HASH_BYTES:]:
        raise Spoiled("other bytes than were packed")
    whole = pa.ipc.open_file(pa.BufferReader(body)).read_all()
    if code is not None and (whole.schema.metadata or {}).get(CODE) != code.encode():
        raise Spoiled("made by other code")
    return {
        name: pa.ipc.open_stream(stream).read_all()
        for name, stream in zip(whole["name"].to_pylist(), whole["stream"].to_pylist(), strict=True)
    }
