"""Checks of what a user hands in: every mistake becomes one sentence that names the field."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from numbers import Real
from typing import Any, NoReturn

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from abm.engine.compiled import jit
from abm.errors import BadInput, shown

Network = NDArray[np.float64] | sp.csr_array


def _numbers(name: str, values: ArrayLike, *, copy: bool = True) -> NDArray[np.float64]:
    """Plain floats of whatever holds numbers: arrays, frames, masked arrays, nullable and object columns."""
    try:
        if isinstance(values, np.ma.MaskedArray) and np.ma.getmaskarray(values).any():
            _missing(name, np.argwhere(np.ma.getmaskarray(values))[0])
        array = np.asarray(values)
        if array.dtype.kind == "O" and array.ndim and array.size:
            return _from_objects(name, array)
        if array.dtype.kind not in "biuf" and array.size:
            raise TypeError
        with np.errstate(over="ignore"):
            return array.astype(np.float64, order="C", copy=copy)
    except (TypeError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"{name} must hold plain numbers in a regular array") from None


def _missing(name: str, place: Any) -> NoReturn:
    where = ", ".join(str(int(k)) for k in place)
    raise BadInput(f"{name}[{where}] is missing: it must be a finite number")


def _from_objects(name: str, array: NDArray[Any]) -> NDArray[np.float64]:
    """Floats of an array of Python objects, which all must be real numbers."""
    result = np.empty(array.shape)
    for place, value in np.ndenumerate(array):
        if isinstance(value, Real | Decimal):
            try:
                result[place] = float(value)
            except OverflowError:
                result[place] = np.inf
        elif value is None or value is np.ma.masked or type(value).__name__ in ("NAType", "NaTType"):
            _missing(name, place)
        else:
            raise TypeError
    return result


def _is_frame(value: Any) -> bool:
    """Whether a value is a pandas Series or DataFrame, without loading pandas."""
    return hasattr(value, "iloc") and hasattr(value, "reindex")


def _labels(name: str, index: Any) -> list[Any] | None:
    """Labels of an axis, or None where it only counts from 0."""
    labels = list(index)
    if labels == list(range(len(labels))):
        return None
    if len(set(labels)) < len(labels):
        twice = next(label for k, label in enumerate(labels) if label in labels[:k])
        raise BadInput(f"{name} has the label {shown(twice)} twice: each firm must have one of its own")
    return labels


def in_one_order(*fields: tuple[str, Any, int]) -> list[Any]:
    """Put everything that carries the labels of firms into the order of the first that does.

    Parameters
    ----------
    fields : (name, value, axes) each
        A value as the user gave it, and which of its axes are firms: 1 the last, 2 the last two.

    Returns
    -------
    list
        The values; labelled ones in the order of the first of them. What has no labels, or 0, 1, 2, ... in that
        order, is in order already; where others have these numbers in another order, they are put into order.

    Raises
    ------
    BadInput
        Two values have different labels, or one has a label twice.
    """
    framed = [(name, value, axes) for name, value, axes in fields if _is_frame(value)]
    order: list[Any] | None = None
    first = ""
    for name, value, axes in framed:
        for index in value.axes[-axes:]:
            labels = _labels(name, index)
            if labels is not None and order is None:
                order, first = labels, name
    if order is None:
        return [value for _, value, _ in fields]
    if set(order) == set(range(len(order))):
        order, first = list(range(len(order))), "the firms"
    return [_reordered(name, value, axes, order, first) if _is_frame(value) else value for name, value, axes in fields]


def _reordered(name: str, value: Any, axes: int, order: list[Any], first: str) -> Any:
    for axis in range(value.ndim)[-axes:]:
        labels = _labels(name, value.axes[axis])
        if labels is None or labels == order:
            continue
        if set(labels) != set(order):
            strange = [label for label in labels if label not in set(order)]
            missing = [label for label in order if label not in set(labels)]
            what = f"has {shown(strange[0])}, which is none" if strange else f"lacks {shown(missing[0])}, which is one"
            raise BadInput(f"{name} {what} of the labels of {first}: both must name the same firms")
        place = {label: k for k, label in enumerate(labels)}
        value = value.take([place[label] for label in order], axis=axis)
    return value


def within_floats(name: str, sums: NDArray[np.float64]) -> None:
    """Raise if a sum is beyond the largest float.

    Parameters
    ----------
    name : str
        What was added up for each firm.
    sums : (n,) float
        The sums.

    Raises
    ------
    BadInput
        One is infinite.
    """
    if not np.isfinite(sums).all():
        i = int(np.argmin(np.isfinite(sums)))
        raise BadInput(f"{name} of firm {i} must sum to less than 1.8e308: give amounts in a larger unit")


@jit
def _all_sound(entries: Any, minimum: float) -> bool:
    """Whether all numbers are finite and not below the minimum."""
    wrong = 0
    for k in range(entries.shape[0]):
        wrong += not (entries[k] >= minimum and entries[k] < np.inf)
    return wrong == 0


@jit
def _sound_rows(start: Any, column: Any, value: Any) -> bool:
    """Whether compressed rows are in order, with positive finite entries, none on the diagonal and none twice."""
    n = start.shape[0] - 1
    wrong = int(start[0] != 0 or start[n] != value.shape[0] or start[n] != column.shape[0])
    for i in range(n):
        wrong += start[i] > start[i + 1]
    if wrong:
        return False
    for i in range(n):
        before = -1
        for k in range(start[i], start[i + 1]):
            j = column[k]
            wrong += j <= before or j == i or not (value[k] > 0.0 and value[k] < np.inf)
            before = j
        wrong += before >= n
    return wrong == 0


def _check_entries(name: str, array: NDArray[np.float64], minimum: float = 0.0) -> None:
    if minimum > -np.inf and _all_sound(array.ravel(), minimum):
        return
    bad = ~(np.isfinite(array) & (array >= minimum))
    if bad.any():
        place = tuple(int(k) for k in np.argwhere(bad)[0])
        where = ", ".join(str(k) for k in place)
        floor = "" if minimum == -np.inf else f", at least {minimum:g}"
        raise BadInput(f"{name}[{where}] is {array[place]:g}: it must be a finite number{floor}")


def vector(
    name: str, values: ArrayLike | None, n: int, *, minimum: float = 0.0, default: float = 0.0
) -> NDArray[np.float64]:
    """One number for each of n firms, checked and copied.

    Parameters
    ----------
    name : str
        The field's name in messages.
    values : (n,) array or None
        None stands for `default` everywhere.
    n : int
        Number of firms.
    minimum : float
        Smallest value allowed; ``-inf`` allows any finite number.
    default : float
        What None stands for.

    Returns
    -------
    (n,) float array

    Raises
    ------
    BadInput
        Wrong shape, not a number, infinite, or below the minimum.
    """
    if values is None:
        return np.full(n, default)
    array = _numbers(name, values)
    if array.shape != (n,):
        raise BadInput(f"{name} must have {n} entries, one a firm; its shape is {array.shape}")
    _check_entries(name, array, minimum)
    return array


def table(name: str, values: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """An array of the given shape with finite entries that are not negative, checked and copied.

    Parameters
    ----------
    name : str
        The field's name in messages.
    values : array
        The entries.
    shape : tuple of int
        The shape asked for.

    Returns
    -------
    float array

    Raises
    ------
    BadInput
        Wrong shape, or an entry that is negative or not finite.
    """
    array = _numbers(name, values)
    if array.shape != shape:
        raise BadInput(f"{name} must have the shape {shape}; its shape is {array.shape}")
    _check_entries(name, array)
    return array


def _sparse(name: str, matrix: Any, what: str) -> sp.csr_array:
    """CSR without stored zeros and with repeated entries summed; finite and not negative."""
    if matrix.ndim != 2:
        raise BadInput(f"{name} must be {what}; its shape is {matrix.shape}")
    coo = matrix if matrix.format == "csr" else matrix.tocoo()
    places = (coo.indices.copy(), coo.indptr.copy()) if matrix.format == "csr" else ((coo.row, coo.col),)
    result = sp.csr_array((_numbers(name, coo.data), *places), shape=coo.shape)
    result.sum_duplicates()
    wrong = ~(np.isfinite(result.data) & (result.data >= 0.0))
    if wrong.any():
        k = int(np.flatnonzero(wrong)[0])
        i = int(np.searchsorted(result.indptr, k, side="right")) - 1
        raise BadInput(
            f"{name}[{i}, {result.indices[k]}] is {result.data[k]:g}: it must be a finite number, at least 0"
        )
    result.eliminate_zeros()
    return result


def portfolios(name: str, matrix: Any) -> Network:
    """What each of n firms holds of each of m assets, dense or sparse, with finite entries that are not negative.

    Parameters
    ----------
    name : str
        The field's name in messages.
    matrix : (n, m) array or SciPy sparse matrix
        ``matrix[i, a]`` of asset a held by firm i.

    Returns
    -------
    (n, m) float array, or CSR array without stored zeros if the input was sparse

    Raises
    ------
    BadInput
        Not a table of rows and columns, or an entry that is negative or not finite.
    """
    what = "a table with a row for each firm and a column for each asset"
    if sp.issparse(matrix):
        return _sparse(name, matrix, what)
    result = _numbers(name, matrix)
    if result.ndim != 2:
        raise BadInput(f"{name} must be {what}; its shape is {result.shape}")
    _check_entries(name, result)
    return result


def holdings_in_order(
    holdings: Any, firms: Sequence[tuple[str, Any]], assets: Sequence[tuple[str, Any]]
) -> tuple[Network, list[Any], list[Any]]:
    """Holdings as `portfolios`, and what goes with them, by the labels of firms and of assets (`in_one_order`).

    Parameters
    ----------
    holdings : (n, m) array, frame or SciPy sparse matrix
        Its rows are firms, its columns assets.
    firms, assets : sequence of (name, value)
        One-dimensional values by firm and by asset, as the user gave them.

    Returns
    -------
    (n, m) float array or CSR array, list, list

    Raises
    ------
    BadInput
        As `in_one_order` and `portfolios`.
    """
    by_asset = holdings.T if _is_frame(holdings) else holdings
    by_asset, *of_firms = in_one_order(("holdings", by_asset, 1), *((name, value, 1) for name, value in firms))
    by_firm = by_asset.T if _is_frame(by_asset) else by_asset
    by_firm, *of_assets = in_one_order(("holdings", by_firm, 1), *((name, value, 1) for name, value in assets))
    return portfolios("holdings", by_firm), of_firms, of_assets


def network(name: str, matrix: Any, *, n: int | None = None, copy: bool = True) -> Network:
    """A square matrix between firms, dense or sparse, with finite entries that are not negative.

    Parameters
    ----------
    name : str
        The field's name in messages.
    matrix : (n, n) array or SciPy sparse matrix
        ``matrix[i, j]`` between firm i and firm j.
    n : int, optional
        Number of firms if it is known already.
    copy : bool
        Whether the result must be an array of its own; without it the caller writes nothing into it.

    Returns
    -------
    (n, n) float array, or CSR array without stored zeros if the input was sparse

    Raises
    ------
    BadInput
        Not square, wrong size, negative or not finite, or an entry on the diagonal.
    """
    result: Any
    ready: Any = matrix
    if (
        not copy
        and sp.issparse(matrix)
        and ready.format == "csr"
        and ready.dtype == np.float64
        and ready.ndim == 2
        and ready.shape[0] == ready.shape[1]
        and n in (None, ready.shape[0])
        and _sound_rows(ready.indptr, ready.indices, ready.data)
    ):
        return ready if isinstance(ready, sp.csr_array) else sp.csr_array(ready)
    if sp.issparse(matrix):
        result = _sparse(name, matrix, "a square matrix")
    else:
        result = _numbers(name, matrix, copy=copy)
    if result.ndim != 2 or result.shape[0] != result.shape[1]:
        if isinstance(result, np.ndarray) and result.size == 0 and n in (None, 0):
            return np.zeros((0, 0))
        raise BadInput(f"{name} must be a square matrix; its shape is {result.shape}")
    if n is not None and result.shape[0] != n:
        raise BadInput(f"{name} must be {n} by {n}; its shape is {result.shape}")
    if isinstance(result, np.ndarray):
        _check_entries(name, result)
    diagonal = result.diagonal()
    if diagonal.any():
        i = int(np.flatnonzero(diagonal)[0])
        raise BadInput(f"{name}[{i}, {i}] is {diagonal[i]:g}: nobody owes or owns themselves, it must be 0")
    return result


def share(name: str, value: float) -> float:
    """A number from 0 to 1.

    Parameters
    ----------
    name : str
        The field's name in messages.
    value : float
        The number.

    Returns
    -------
    float

    Raises
    ------
    BadInput
        Outside 0 to 1, or no number.
    """
    number = _numbers(name, value)
    if number.ndim or not 0.0 <= float(number) <= 1.0:
        raise BadInput(f"{name} must be a number from 0 to 1; it is {value!r}")
    return float(number)
