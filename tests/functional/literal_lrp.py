"""Layer-wise relevance propagation with loops over single numbers, for comparison."""

import torch


def literal_rule(x, w, b, relevance_out, name, epsilon=1e-6, gamma=0.25):
    """One sample: x of n_in, w of n_in rows and n_out columns, b of n_out, all as nested lists."""
    n_in, n_out = len(x), len(b)
    relevance = [0.0] * n_in
    for j in range(n_out):
        z = sum(x[i] * w[i][j] for i in range(n_in)) + b[j]
        sign = 1.0 if z >= 0 else -1.0

        def favoured(c, sign=sign):
            agrees = c * sign > 0
            if name == "gamma":
                return c * (1 + gamma) if agrees else c
            if name == "zplus":
                return c if agrees else 0.0
            return c

        if name == "flat":
            shares, total = [1.0] * n_in, n_in + epsilon
        elif name == "wsquare":
            shares = [w[i][j] ** 2 for i in range(n_in)]
            total = sum(shares) + epsilon
        else:
            shares = [favoured(x[i] * w[i][j]) for i in range(n_in)]
            total = sum(shares) + favoured(b[j]) + sign * epsilon
        for i in range(n_in):
            relevance[i] += shares[i] / total * relevance_out[j]
    return relevance


def literal_relevance(layers, x, start, epsilon=1e-6):
    """Relevance of one flat sample `x` through a list of layers.

    A layer is ``("linear", w, b, rule)``, ``("activation", function)``, or ``("max", windows)``
    with the input indices of each output; `start` maps the list of outputs to their relevance.
    """
    inputs = []
    for kind, *rest in layers:
        inputs.append(x)
        if kind == "linear":
            w, b, _ = rest
            x = [sum(x[i] * w[i][j] for i in range(len(x))) + b[j] for j in range(len(b))]
        elif kind == "activation":
            x = [float(rest[0](torch.tensor(v, dtype=torch.float64))) for v in x]
        else:
            x = [max(x[i] for i in window) for window in rest[0]]
    relevance = start(x)
    for (kind, *rest), x in zip(reversed(layers), reversed(inputs), strict=True):
        if kind == "linear":
            w, b, rule = rest
            relevance = literal_rule(x, w, b, relevance, rule, epsilon)
        elif kind == "max":
            back = [0.0] * len(x)
            for window, r in zip(rest[0], relevance, strict=True):
                back[max(window, key=lambda i: x[i])] += r
            relevance = back
    return relevance


def as_matrix(layer, shape):
    """Weights (n_in, n_out) and bias of an affine layer on inputs of `shape`, by unit inputs."""
    n_in = int(torch.tensor(shape).prod())
    with torch.no_grad():
        b = layer(torch.zeros(1, *shape, dtype=torch.float64)).flatten()
        units = torch.eye(n_in, dtype=torch.float64).reshape(n_in, *shape)
        w = layer(units).flatten(1) - b
    return w.tolist(), b.tolist()


def max_windows(shape, size):
    """Input indices under each output of a max pooling of `size` x `size`, stride `size`."""
    channels, height, width = shape
    index = torch.arange(channels * height * width).reshape(shape)
    return [
        index[c, i : i + size, j : j + size].flatten().tolist()
        for c in range(channels)
        for i in range(0, height - size + 1, size)
        for j in range(0, width - size + 1, size)
    ]
