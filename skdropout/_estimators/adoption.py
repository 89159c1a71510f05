"""An estimator changes in one place: it adopts what a finished fit has found."""

from typing import Any, Self

__all__ = ["Adopting"]


def _is_fitted(name: str) -> bool:
    return name in ("_plan", "_predictor", "_known") or (
        name.endswith("_") and not name.startswith("__")
    )


class Adopting:
    """A base whose ``fit`` works on values and changes the estimator once, at its end.

    So a fit that fails, whenever it fails, has changed nothing.
    """

    def _bare(self) -> Self:
        """Return the estimator as it was before any fit, with the same parameters."""
        return type(self)(**self.get_params(deep=False))

    def _adopt(self, found: dict[str, Any]) -> Self:
        """Become what a fit has ``found``; what an earlier fit left goes."""
        kept = {name: value for name, value in vars(self).items() if not _is_fitted(name)}
        self.__dict__ = {**kept, **found}
        return self
