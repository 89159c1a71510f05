"""How a fit shows where it is: a tqdm bar, and scikit-learn's callback protocol."""

from skorch.callbacks import Callback
from tqdm.auto import tqdm

from skdropout._stack import Predictor

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
    estimator : estimator
    context : sklearn.callback.CallbackContext
        The context of the fit.
    data : dict
        ``X``, ``y`` and ``metadata`` as given to fit.
    """

    def __init__(self, estimator, context, data):
        self.context = context
        self.arguments = {"estimator": estimator, **data}

    def on_epoch_begin(self, net, **_):
        self._task = self.context.subcontext(task_name="epoch")
        self._task.call_on_fit_task_begin(**self.arguments)

    def on_epoch_end(self, net, **_):
        def fitted():
            return {"net_": net, "_predictor": Predictor(net)}

        if self._task.call_on_fit_task_end(**self.arguments, reconstruction_attributes=fitted):
            raise KeyboardInterrupt
