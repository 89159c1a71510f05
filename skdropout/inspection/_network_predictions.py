"""What the library's own networks predict of rows put together from given cells."""

import torch
from sklearn.utils.validation import check_is_fitted

__all__ = ["resampled_predictions"]


def resampled_predictions(estimator, X, per_member):
    """Return a function from rows to predictions; the table is encoded once, on the device.

    Parameters
    ----------
    estimator : FittedNetworks
    X : ndarray or DataFrame of shape (n_samples, n_features)
    per_member : bool
        Whether to keep the networks apart; else they are averaged.

    Returns
    -------
    callable
        Maps ``rows`` of shape (n_points, n_features) to predictions of shape (n_members,
        n_points) or (n_members, n_points, n_outputs) of the points whose feature `j` is that of
        ``X[rows[:, j]]``, in the estimator's units.
    """
    check_is_fitted(estimator)
    encoder, device = estimator._plan.encoder, estimator.device_
    cells = [torch.as_tensor(part).to(device) for part in encoder.transform(X, estimator)]
    columns = encoder.numeric_, encoder.categorical_

    def predictions(rows):
        rows = torch.as_tensor(rows).to(device, torch.long)
        resampled = [
            part.gather(0, rows[:, of_kind]) for part, of_kind in zip(cells, columns, strict=True)
        ]
        members = estimator._predictor(*resampled)
        return estimator._decode(members if per_member else members.mean(0, keepdim=True))

    return predictions
