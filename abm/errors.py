"""The exceptions of this package: what a user may catch."""


class InvisibleDebtError(Exception):
    """Base class of every error raised on purpose by this package."""


class BadInput(InvisibleDebtError, ValueError):  # noqa: N818 - reads as a sentence where it is raised
    """A user's mistake: the message names the field and what is allowed."""


class Breakdown(InvisibleDebtError, ArithmeticError):  # noqa: N818
    """A run left the numbers that a computer can hold, or its accounts do not close; the message names month and
    quantity."""


class NotConverged(InvisibleDebtError, ArithmeticError):  # noqa: N818
    """A fixed point was not reached; `residual` says by how much.

    Parameters
    ----------
    message : str
        What was being solved.
    residual : float
        Largest absolute violation of the fixed-point equation.
    """

    def __init__(self, message: str, residual: float) -> None:
        super().__init__(f"{message} (residual {residual:.3g})")
        self.residual = residual
