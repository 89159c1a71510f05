"""How a function is called, and Python for tensors, networks and numbers to call it with."""

from dataclasses import dataclass, field

import torch


@dataclass
class Spec:
    """How a function is called.

    Attributes
    ----------
    base : dict
        Python for arguments that are good.
    values : dict of lists
        Python for values of each parameter that may be odd, some good, some not; ``@`` stands for
        the good one.
    positional : tuple of str
    often : int
        How many times as often as others it is drawn.
    call : callable, default=None
        What to call; None: what the function's name says.
    look : callable
        Returns of the result what must be finite.
    """

    base: dict
    values: dict = field(default_factory=dict)
    positional: tuple = ()
    often: int = 2
    call: object = None
    look: object = staticmethod(lambda result: result)


def points(*shape, seed=0):
    """Return a tensor of normal numbers."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def put(tensor, value):
    """Return a copy whose last number is ``value``."""
    tensor = tensor.clone()
    tensor.reshape(-1)[-1:] = value
    return tensor


# What becomes of a good tensor, @.
TEMPLATES = [
    *("@.float()", "@.half()", "@.bfloat16()", "@.long()", "@.int()", "@.bool()", "@.cfloat()"),
    *("@[:0]", "@[:1]", "@[:2]", "@[..., :0]", "@[..., :1]", "@[0]", "@[None]", "@.sum()"),
    *("@.clone().requires_grad_()", "@.mT", "@.mT.contiguous().mT", "@[:1].expand_as(@)"),
    *("torch.cat([@, @])[::2]", "@.flip(0)", "torch.nn.Parameter(@)", "torch.zeros_like(@)"),
    *("put(@, np.nan)", "put(@, np.inf)", "put(@, -np.inf)", "put(@, 1e308)", "put(@, 5e-324)"),
    *(
        "1e308 * @.sign()",
        "5e-324 * @.sign()",
        "1e-310 * @",
        "1e300 * @",
        "1e154 * @",
        "1e-170 * @",
    ),
    *("(1e38 * @).float()", "1e-40 * @.float()", "torch.full_like(@, np.nan)", "-0.0 * @"),
    *("@.numpy()", "@.tolist()", "@.numpy().astype('f4')", "pd.DataFrame(@.flatten(1).numpy())"),
    *("@.to_sparse()", "torch.zeros(1, 1).expand(10**6, 10**6)", "@.numpy()[::-1]"),
]
F = [
    *("torch.nn.Linear(4, 1).double()", "torch.nn.Linear(4, 2).double()", "torch.nn.Linear(5, 1)"),
    *("torch.nn.Linear(4, 1)", "torch.nn.Sequential()", "torch.nn.Identity()", "lambda x: x"),
    "torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)).double()",
    "torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(2, 1)).double()",
    "torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU()).double()",
    "torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Dropout()).double()",
    "torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3)).double()",
    "torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Sigmoid()).double()",
    "torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 1)).double()",
    "torch.nn.Sequential(torch.nn.Conv1d(1, 2, 2), torch.nn.Flatten()).double()",
    *("lambda x: x.sum(1)", "lambda x: x.prod(1)", "lambda x: x[:, :2]", "lambda x: x.sum()"),
    *("lambda x: x.detach().sum(1)", "lambda x: x.sum(1).numpy()", "lambda x: None", "lambda: 1"),
    *("lambda x: x.sum(1)[:-1]", "lambda x: x[:, :0]", "lambda x: x.sum(1).long()", "torch.sin"),
    *("lambda x: x.sum(1).float()", "lambda x: x[..., None]", "lambda x: 1 / 0", "lambda x: 5.0"),
    *(
        "lambda x: x.sum(1) * 1j",
        "lambda x: x.sum(1) > 0",
        "torch.nn.Linear",
        "lambda x: [1.0] * 3",
    ),
    *(
        "lambda x: torch.zeros(len(x))",
        "torch.nn.LSTM(4, 2).double()",
        "lambda x: x.abs().sqrt().sum(1)",
    ),
]
NETWORK = (
    "torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1)).double()"
)
X, G = "points(3, 4)", "torch.Generator().manual_seed(0)"
GENERATORS = ["None", G, "torch.Generator('cpu')", "np.random.default_rng(0)", "torch"]
TARGETS = [
    *("None", "0", "1", "-1", "np.int64(0)", "torch.tensor(0)", "torch.tensor([0, 0, 0])"),
    *("torch.tensor([0, 1, 0])", "torch.tensor([0.0, 1.0, 0.0])", "torch.tensor([0.5, 0, 0])"),
    *(
        "torch.tensor([0, -1, 5])",
        "torch.tensor([[0], [0], [1]])",
        "torch.tensor([0, 0])",
        "[0, 0, 0]",
    ),
    *("torch.tensor([True, False, True])", "torch.tensor([np.nan, 0, 0])", "np.array([0, 0, 1])"),
    *("torch.tensor([])", "torch.tensor([0, 0, 0]).int()", "torch.tensor(0.5)", "10**30"),
]
RATES = [
    "0",
    "1",
    "0.5",
    "1.0",
    "-0.1",
    "1.1",
    "np.float32(0.5)",
    "torch.tensor(0.5)",
    "points(4)",
]
RATES += [
    "torch.rand(3, 4)",
    "torch.rand(3, 1)",
    "torch.rand(5)",
    "torch.rand(3).double()",
    "5e-324",
]
RATES += [
    "torch.rand(4).half()",
    "torch.ones(4).long()",
    "torch.tensor([np.nan])",
    "torch.rand(0)",
]
RATES += ["torch.rand(4).requires_grad_()", "[0.5, 0.2, 0.3, 0.4]", "torch.ones(4).bool()"]
COUNTS = ["0", "1", "2", "3", "4", "8", "np.int8(4)", "np.uint64(4)", "torch.tensor(4)", "4.0"]
SIZES = [
    "0",
    "1",
    "2",
    "3",
    "10",
    "np.int8(4)",
    "np.uint64(4)",
    "torch.tensor(4)",
    "4.0",
    "10**15",
]
LENGTHS = ["0.1", "1", "1e-300", "1e300", "5e-324", "1e308", "np.float16(1)", "torch.tensor(0.5)"]
RULES = [
    *(
        "'epsilon'",
        "'zplus'",
        "'gamma'",
        "'flat'",
        "'wsquare'",
        "'epsilon_plus'",
        "functional.Rule()",
    ),
    *(
        "'epsilon_plus_flat'",
        "'gradient_x_input'",
        "'integrated_gradients'",
        "['epsilon', 'zplus']",
    ),
    *(
        "['epsilon']",
        "functional.Rule('gamma', gamma=2)",
        "[functional.Rule(), 'gamma']",
        "['a', 'b']",
    ),
    *(
        "('epsilon', None)",
        "{'epsilon': 'zplus'}",
        "functional.Rule",
        "np.array(['epsilon', 'zplus'])",
    ),
]
