"""Several Arrow tables as the bytes of one file: what travels from a worker, and what a finished batch is kept as."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.ipc


def pack(tables: Mapping[str, pa.Table]) -> bytes:
    """Tables as the bytes of one Arrow file: a stream a row, by name."""
    streams = []
    for table in tables.values():
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table.combine_chunks())
        streams.append(sink.getvalue().to_pybytes())
    whole = pa.table({"name": pa.array(list(tables), pa.string()), "stream": pa.array(streams, pa.binary())})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, whole.schema) as writer:
        writer.write_table(whole)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def unpack(content: bytes) -> dict[str, pa.Table]:
    """The tables of `pack`.

    Raises
    ------
    pyarrow.ArrowInvalid
        If the bytes are cut short.
    """
    whole = pa.ipc.open_file(pa.BufferReader(content)).read_all()
    return {
        name: pa.ipc.open_stream(stream).read_all()
        for name, stream in zip(whole["name"].to_pylist(), whole["stream"].to_pylist(), strict=True)
    }
