"""Checks of what a user hands in: every mistake becomes one sentence that names the field."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from abm.errors import BadInput

Network = NDArray[np.float64] | sp.csr_array


def _numbers(name: str, values: ArrayLike) -> NDArray[np.float64]:
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "biuf" and array.size:
            raise TypeError
        return array.astype(np.float64)
    except (TypeError, ValueError):
        raise BadInput(f"{name} must hold plain numbers in a regular array") from None


def _check_entries(name: str, array: NDArray[np.float64], minimum: float = 0.0) -> None:
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


def network(name: str, matrix: Any, *, n: int | None = None) -> Network:
    """A square matrix between firms, dense or sparse, with finite entries that are not negative.

    Parameters
    ----------
    name : str
        The field's name in messages.
    matrix : (n, n) array or SciPy sparse matrix
        ``matrix[i, j]`` between firm i and firm j.
    n : int, optional
        Number of firms if it is known already.

    Returns
    -------
    (n, n) float array, or CSR array without stored zeros if the input was sparse

    Raises
    ------
    BadInput
        Not square, wrong size, negative or not finite, or an entry on the diagonal.
    """
    result: Any
    if sp.issparse(matrix):
        coo: Any = matrix.tocoo()  # type: ignore[attr-defined]
        if coo.ndim != 2:
            raise BadInput(f"{name} must be a square matrix; its shape is {coo.shape}")
        result = sp.csr_array((_numbers(name, coo.data), (coo.row, coo.col)), shape=coo.shape)
        result.sum_duplicates()
        wrong = ~(np.isfinite(result.data) & (result.data >= 0.0))
        if wrong.any():
            k = int(np.flatnonzero(wrong)[0])
            i = int(np.searchsorted(result.indptr, k, side="right")) - 1
            raise BadInput(
                f"{name}[{i}, {result.indices[k]}] is {result.data[k]:g}: it must be a finite number, at least 0"
            )
        result.eliminate_zeros()
    else:
        result = _numbers(name, matrix)
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
