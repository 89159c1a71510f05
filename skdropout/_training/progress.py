"""How a fit shows where it is: a tqdm bar, and scikit-learn's callback protocol."""

from skorch.callbacks import Callback
from tqdm.auto import tqdm

__all__ = ["FitTasks", "ProgressBar"]


class ProgressBar(Callback):
    """One bar over the epochs, with the losses beside it."""

    def on_train_begin(self, net, **_):
        self._bar = tqdm(total=net.max_epochs, unit="epoch")

    def on_epoch_end(self, net, **_):
        last = net.history[-1]
        shown = {name: f"{last[name]:.4g}" for name in ("train_loss", "valid_loss") if name in last}
        self._bar.set_postfix(shown, refresh=False)
        self._bar.update()

    def on_train_end(self, net, **_):
        self._bar.close()
        self._bar = None


class FitTasks(Callback):
    """Report every epoch as a task of the estimator's fit (``sklearn.callback``).

    Parameters
    ----------
    context : sklearn.callback.CallbackContext
        The context of the fit.
    data : dict
        ``estimator``, and ``X``, ``y`` and ``metadata`` as given to fit.
    found : callable
        ``found(net, net.snapshot())`` returns what the estimator would adopt of the net.
    """

    def __init__(self, context, data, found):
        self.context, self.data, self.found = context, data, found

    def on_epoch_begin(self, net, **_):
        self._task = self.context.subcontext(task_name="epoch")
        self._task.call_on_fit_task_begin(**self.data)

    def on_epoch_end(self, net, **_):
        def reconstruction_attributes():
            return self.found(net, net.snapshot())

        if self._task.call_on_fit_task_end(
            **self.data, reconstruction_attributes=reconstruction_attributes
        ):
            net.stop_training()
