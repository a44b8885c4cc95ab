"""Many arrays that compiled code takes as one pointer.

A tuple of forty structured arrays would be unpacked into three hundred arguments of every call, which costs
minutes of compilation and most of the running time. A `Pointed` object keeps a directory of the addresses and
shapes of its arrays; compiled code carries the directory's address and reads an array from it where it is
named. In plain Python it is an object with attributes, so the same rule runs both ways.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    NativeValue,
    infer_getattr,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
    unbox,
)
from numba.np.numpy_support import from_dtype


class Pointed:
    """Base of classes whose fields are arrays, or other `Pointed` objects.

    Subclasses give `fields`: name, and NumPy type with number of dimensions, or the class of a nested object.

    Raises
    ------
    TypeError
        If an array has another type, number of dimensions or memory order than its field.
    """

    fields: ClassVar[dict[str, tuple[np.dtype, int] | type[Pointed]]]
    address: int
    directory: np.ndarray

    def __init__(self, **values: Any) -> None:
        if set(values) != set(self.fields):
            raise TypeError(f"{type(self).__name__} takes {sorted(self.fields)}, not {sorted(values)}")
        entries: list[int] = []
        for name, field in self.fields.items():
            value = values[name]
            setattr(self, name, value)
            if isinstance(field, tuple):
                dtype, ndim = field
                if value.dtype != dtype or value.ndim != ndim or not value.flags.c_contiguous:
                    raise TypeError(f"{name} must be a contiguous array of {ndim} dimensions, type {dtype}")
                entries += [value.ctypes.data, *value.shape]
            else:
                entries.append(value.address)
        self.directory = np.array(entries, np.int64)
        self.address = self.directory.ctypes.data

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def replace(self, **changed: Any) -> Self:
        """The same object with some fields replaced."""
        return type(self)(**{name: changed.get(name, getattr(self, name)) for name in self.fields})


class PointedType(types.Type):
    """Numba's type of a `Pointed` class: a short name with a hash of its fields, not their whole description."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


register_model(PointedType)(models.OpaqueModel)
_CLASSES: dict[str, type[Pointed]] = {}
_TYPES: dict[type[Pointed], PointedType] = {}


def _describe(cls: type[Pointed]) -> str:
    """All that compiled code knows of a class: names, types and offsets of its fields."""
    return repr([
        (name, _describe(field) if isinstance(field, type) else (field[0].descr, field[0].itemsize, field[1]))
        for name, field in cls.fields.items()
    ])


def pointed[C: type[Pointed]](cls: C) -> C:
    """Class decorator: make a `Pointed` class known to compiled code."""
    name = f"{cls.__name__}_{hashlib.sha256(_describe(cls).encode()).hexdigest()[:12]}"
    _CLASSES[name] = cls
    _TYPES[cls] = PointedType(name)
    typeof_impl.register(cls)(lambda value, context: _TYPES[type(value)])
    return cls


@unbox(PointedType)
def _unbox(typ: Any, obj: Any, c: Any) -> NativeValue:
    """The directory's address."""
    number = c.pyapi.object_getattr_string(obj, "address")
    pointer = c.pyapi.long_as_voidptr(number)
    c.pyapi.decref(number)
    return NativeValue(pointer, is_error=cgutils.is_not_null(c.builder, c.pyapi.err_occurred()))


def _field_type(field: Any) -> Any:
    """Numba's type of a field."""
    if isinstance(field, tuple):
        return types.Array(from_dtype(field[0]), field[1], "C")
    return _TYPES[field]


@infer_getattr
class _Attributes(AttributeTemplate):
    """Types of the attributes of a `Pointed` object."""

    key = PointedType

    def generic_resolve(self, typ: Any, attr: str) -> Any:
        field = _CLASSES[typ.name].fields.get(attr)
        return None if field is None else _field_type(field)


@lower_getattr_generic(PointedType)
def _load(context: Any, builder: Any, typ: Any, value: Any, attr: str) -> Any:
    """Read one array, or one nested object, from the directory."""
    word = ir.IntType(64)
    base = builder.bitcast(value, word.as_pointer())
    at = 0
    for name, field in _CLASSES[typ.name].fields.items():
        if name == attr:
            break
        at += 1 + (field[1] if isinstance(field, tuple) else 0)
    field = _CLASSES[typ.name].fields[attr]

    def entry(k: int) -> Any:
        return builder.load(cgutils.gep_inbounds(builder, base, at + k))

    if not isinstance(field, tuple):
        return builder.inttoptr(entry(0), context.get_value_type(_TYPES[field]))
    kind = _field_type(field)
    array = context.make_array(kind)(context, builder)
    size = field[0].itemsize
    shape = [entry(1 + d) for d in range(field[1])]
    strides = [ir.Constant(word, size)]
    for extent in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], extent))
    count = shape[0]
    for extent in shape[1:]:
        count = builder.mul(count, extent)
    array.meminfo = cgutils.get_null_value(array.meminfo.type)
    array.parent = cgutils.get_null_value(array.parent.type)
    array.nitems = count
    array.itemsize = ir.Constant(word, size)
    array.data = builder.inttoptr(entry(0), array.data.type)
    array.shape = cgutils.pack_array(builder, shape)
    array.strides = cgutils.pack_array(builder, strides)
    return array._getvalue()
