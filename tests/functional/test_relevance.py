import warnings

import pytest
import torch
from torch import nn

from skdropout.functional import Rule, group_sum, relevance
from tests.functional.literal_lrp import as_matrix, literal_relevance, max_windows


def dense_net(n_out=3, activation=nn.ReLU, bias=True, seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Linear(5, 7, bias=bias),
        activation(),
        nn.Dropout(0.5),
        nn.Linear(7, 6, bias=bias),
        activation(),
        nn.Linear(6, n_out, bias=bias),
    ).double()


def convolutional_net(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.ReLU(inplace=True)),
        nn.MaxPool2d(2),
        nn.Conv2d(3, 4, 2, stride=2, groups=1),
        nn.ReLU(),
        nn.AvgPool2d((1, 2)),
        nn.Flatten(),
        nn.Linear(4 * 2 * 1, 3),
    ).double()


def draw(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def one_class(c):
    return lambda output: [z if j == c else 0.0 for j, z in enumerate(output)]


@pytest.mark.parametrize("activation", [nn.ReLU, nn.LeakyReLU, nn.GELU, nn.Tanh])
@pytest.mark.parametrize(
    "rules",
    [
        ("epsilon", "epsilon", "epsilon"),
        ("zplus", "zplus", "epsilon"),
        ("gamma", "gamma", "gamma"),
        ("wsquare", "flat", "epsilon"),
        ("epsilon", "wsquare", "zplus"),
    ],
)
def test_dense_network_equals_loops_over_single_numbers(rules, activation):
    f, x, target = dense_net(activation=activation), draw(4, 5), [0, 2, 1, 1]
    layers = []
    weighted = iter(rules)
    for module in f:
        if isinstance(module, nn.Linear):
            layers.append(
                ("linear", module.weight.T.tolist(), module.bias.tolist(), next(weighted))
            )
        elif not isinstance(module, nn.Dropout):
            layers.append(("activation", module))
    expected = [
        literal_relevance(layers, row, one_class(c))
        for row, c in zip(x.tolist(), target, strict=True)
    ]
    got = relevance(f, x, target=torch.tensor(target), rule=rules)
    torch.testing.assert_close(got, torch.tensor(expected, dtype=x.dtype), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    ("rule", "rules"),
    [
        ("epsilon", ("epsilon", "epsilon", "epsilon")),
        ("gamma", ("gamma", "gamma", "gamma")),
        ("epsilon_plus", ("zplus", "zplus", "epsilon")),
        (["wsquare", Rule("zplus"), "gamma"], ("wsquare", "zplus", "gamma")),
    ],
)
def test_convolutional_network_equals_loops_over_single_numbers(rule, rules):
    f, x, target = convolutional_net(), draw(2, 2, 8, 8), [2, 0]
    layers = [
        ("linear", *as_matrix(f[0][0], (2, 8, 8)), rules[0]),
        ("activation", torch.relu),
        ("max", max_windows((3, 8, 8), 2)),
        ("linear", *as_matrix(f[2], (3, 4, 4)), rules[1]),
        ("activation", torch.relu),
        ("linear", *as_matrix(f[4], (4, 2, 2)), "epsilon"),
        ("linear", f[6].weight.T.tolist(), f[6].bias.tolist(), rules[2]),
    ]
    expected = [
        literal_relevance(layers, row.flatten().tolist(), one_class(c))
        for row, c in zip(x, target, strict=True)
    ]
    got = relevance(f, x, target=torch.tensor(target), rule=rule)
    expected = torch.tensor(expected, dtype=x.dtype).view_as(x)
    torch.testing.assert_close(got, expected, rtol=1e-10, atol=1e-10)


def test_flat_shares_a_unit_equally_among_the_pixels_its_filter_sees():
    torch.manual_seed(0)
    f = nn.Sequential(nn.Conv2d(1, 1, 2, stride=2), nn.Flatten(), nn.Linear(4, 1)).double()
    x = draw(3, 1, 4, 4)
    with torch.no_grad():
        of_units = f[1](f[0](x)) * f[2].weight
    per_pixel = (of_units / 4).view(3, 1, 2, 2).repeat_interleave(2, 2).repeat_interleave(2, 3)
    got = relevance(f, x, rule="epsilon_plus_flat")
    torch.testing.assert_close(got, per_pixel, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("n_out", [1, 3])
def test_bias_free_relu_network_gives_gradient_times_input(n_out):
    f, x = dense_net(n_out, bias=False), draw(20, 5)
    epsilon = relevance(f, x, rule=Rule("epsilon", epsilon=1e-13))
    torch.testing.assert_close(
        epsilon, relevance(f, x, rule="gradient_x_input"), rtol=1e-6, atol=1e-9
    )


def test_biases_stay_in_the_denominator():
    f, x = dense_net(1), draw(20, 5)
    epsilon = relevance(f, x, rule=Rule("epsilon", epsilon=1e-13))
    torch.testing.assert_close(
        epsilon, relevance(f, x, rule="gradient_x_input"), rtol=1e-6, atol=1e-9
    )
    assert not torch.allclose(epsilon.sum(1), f.eval()(x).squeeze(1).detach(), rtol=0.01)


@pytest.mark.parametrize("rule", ["epsilon", "zplus", "gamma", "wsquare"])
def test_relevance_sums_to_the_value_without_biases(rule):
    f, x = dense_net(1, bias=False).eval(), draw(20, 5)
    got = relevance(f, x, rule=Rule(rule, epsilon=1e-13))
    torch.testing.assert_close(got.sum(1), f(x).squeeze(1).detach(), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("rule", ["epsilon", "zplus", "gamma", "wsquare", "gradient_x_input"])
def test_label_0_of_a_single_logit_explains_minus_the_value(rule):
    f, x = dense_net(1), draw(6, 5)
    value = relevance(f, x, rule=rule)
    labels = torch.tensor([0, 1, 0, 1, 1, 0])
    sign = torch.tensor([-1.0, 1, -1, 1, 1, -1]).double().unsqueeze(1)
    for target in (labels, labels.double().unsqueeze(1), labels.bool()):
        torch.testing.assert_close(relevance(f, x, target=target, rule=rule), sign * value)


def test_a_negative_value_does_not_turn_the_order_of_features():
    f, x = dense_net(1, bias=False), draw(6, 5)
    shifted = dense_net(1, bias=False)
    shifted[-1] = nn.Linear(6, 1).double()
    shifted[-1].weight.data, shifted[-1].bias.data = (
        f[-1].weight.data,
        torch.tensor([-50.0]).double(),
    )
    assert (shifted(x) < 0).all()
    order = relevance(f, x, rule="epsilon").argsort(1)
    assert torch.equal(relevance(shifted, x, rule="epsilon").argsort(1), order)


def test_no_target_explains_the_predicted_class():
    f, x = dense_net(3), draw(6, 5)
    assert torch.equal(relevance(f, x), relevance(f, x, target=f(x).argmax(1)))


@pytest.mark.parametrize("rule", ["epsilon", "zplus"])
def test_batch_norm_after_a_layer_is_merged(rule):
    f, x = dense_net(1), draw(20, 5)
    norm = nn.BatchNorm1d(7).double()
    with torch.no_grad():
        norm.running_mean.copy_(draw(7, seed=2))
        norm.running_var.copy_(draw(7, seed=3).square() + 0.1)
        norm.weight.copy_(draw(7, seed=4))
        norm.bias.copy_(draw(7, seed=5))
        scale = norm.weight / (norm.running_var + norm.eps).sqrt()
        merged = dense_net(1)
        merged[0].weight.copy_(f[0].weight * scale[:, None])
        merged[0].bias.copy_((f[0].bias - norm.running_mean) * scale + norm.bias)
    with_norm = nn.Sequential(f[0], nn.Dropout(), norm, *f[1:])
    torch.testing.assert_close(relevance(with_norm, x, rule=rule), relevance(merged, x, rule=rule))


def test_batch_norm_before_a_layer_equals_the_layer_that_holds_it():
    f, x = dense_net(1), draw(20, 5)
    norm = nn.BatchNorm1d(5, affine=False).double()
    norm.running_mean.copy_(draw(5, seed=2))
    norm.running_var.copy_(draw(5, seed=3).square() + 0.1)
    merged = dense_net(1)
    with torch.no_grad():
        scale = (norm.running_var + norm.eps).rsqrt()
        merged[0].weight.copy_(f[0].weight * scale)
        merged[0].bias.copy_(f[0].bias - merged[0].weight @ norm.running_mean)
    got = relevance(nn.Sequential(norm, f), x, rule="epsilon")
    torch.testing.assert_close(got, relevance(merged, x, rule="epsilon"), rtol=1e-4, atol=1e-4)


def test_batch_norm_on_another_axis_than_the_linear_layer_is_not_merged():
    torch.manual_seed(0)
    f = nn.Sequential(
        nn.Linear(4, 4, bias=False), nn.BatchNorm1d(4, affine=False), nn.Flatten(), nn.Linear(16, 1)
    ).double()
    f[1].running_var.copy_(torch.arange(1.0, 5.0))
    x = draw(6, 4, 4)
    rule = Rule("epsilon", epsilon=1e-12)
    torch.testing.assert_close(
        relevance(f, x, rule=rule),
        relevance(f.eval(), x, rule="gradient_x_input"),
        atol=1e-3,
        rtol=1e-3,
    )


@pytest.mark.parametrize(
    "pool",
    [nn.AdaptiveAvgPool1d(2), nn.AvgPool1d(3, 2), nn.MaxPool1d(3, 2), nn.AdaptiveMaxPool1d(1)],
)
def test_pooling_in_one_dimension_conserves_relevance(pool):
    torch.manual_seed(0)
    f = nn.Sequential(
        nn.Conv1d(3, 4, 1, bias=False), nn.ReLU(), pool, nn.Flatten(), nn.LazyLinear(1, bias=False)
    )
    f = f.double()
    x = draw(5, 3, 9)
    value = f(x).detach().squeeze(1)
    got = relevance(f, x, rule=Rule(epsilon=1e-12))
    torch.testing.assert_close(got.sum((1, 2)), value, rtol=1e-4, atol=1e-4)


def captum_relevance(f, x, target, rules):
    captum = pytest.importorskip("captum.attr")
    from captum.attr._utils.lrp_rules import EpsilonRule

    for module in f.modules():
        if not isinstance(module, nn.Sequential | nn.ReLU | nn.Tanh | nn.Dropout):
            module.rule = EpsilonRule(1e-6 if isinstance(module, nn.AvgPool2d) else 1e-12)
    for module, rule in rules.items():
        module.rule = rule
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning, module="captum")
        warnings.filterwarnings("ignore", "Full backward hook is firing", UserWarning)
        return captum.LRP(f).attribute(x, target=target).detach()


@pytest.mark.parametrize("make", [dense_net, convolutional_net])
def test_epsilon_equals_captum(make):
    f = make()
    for module in f.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    x, target = draw(6, *(5,) if make is dense_net else (2, 8, 8)), torch.arange(6) % 3
    got = relevance(f, x, target=target, rule=Rule("epsilon", epsilon=1e-12))
    torch.testing.assert_close(got, captum_relevance(f.eval(), x, target, {}), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("rule", ["zplus", "gamma"])
def test_rules_that_favour_a_sign_equal_captum_where_it_supports_them(rule):
    captum_rules = pytest.importorskip("captum.attr._utils.lrp_rules")
    f, x = dense_net(bias=False), draw(6, 5).abs()
    f[-1].weight.data.abs_()  # every logit positive
    theirs = {
        "zplus": captum_rules.Alpha1_Beta0_Rule,
        "gamma": captum_rules.GammaRule,
    }[rule]
    target = torch.arange(6) % 3
    got = relevance(f, x, target=target, rule=Rule(rule, epsilon=1e-9))  # captum's own constant
    rules = {module: theirs() for module in f if isinstance(module, nn.Linear)}
    torch.testing.assert_close(
        got, captum_relevance(f.eval(), x, target, rules), rtol=1e-6, atol=1e-8
    )


@pytest.mark.parametrize(
    "rule", ["epsilon_plus", "gamma", "gradient_x_input", "integrated_gradients"]
)
def test_the_module_and_the_random_state_are_left_alone(rule):
    f, x = dense_net(), draw(6, 5)
    f.train()
    f[2].eval()
    for parameter in f.parameters():
        parameter.grad = torch.ones_like(parameter)
    before = {name: value.clone() for name, value in f.state_dict().items()}
    state = torch.get_rng_state()
    relevance(f, x, rule=rule)
    assert torch.equal(torch.get_rng_state(), state)
    assert [m.training for m in f] == [True, True, False, True, True, True]
    assert all(torch.equal(value, before[name]) for name, value in f.state_dict().items())
    assert all((p.grad == 1).all() and p.requires_grad for p in f.parameters())


def test_layers_run_no_hooks_and_keep_the_input():
    f, x = convolutional_net(), draw(2, 2, 8, 8)
    calls = []
    for module in f.modules():
        module.register_forward_hook(lambda *_: calls.append(1))
    kept = x.clone()
    relevance(f, x)
    assert not calls
    assert torch.equal(x, kept)


def test_inputs_and_parameters_may_need_gradients():
    f, x = dense_net(), draw(6, 5).requires_grad_()
    assert not relevance(f, x).requires_grad
    assert not relevance(f, x, rule="gradient_x_input").requires_grad
    assert x.grad is None


@pytest.mark.parametrize("rule", ["epsilon", "gradient_x_input", "integrated_gradients"])
def test_operations_in_place_leave_the_input(rule):
    f, x = nn.Sequential(nn.ReLU(inplace=True), dense_net()), draw(6, 5)
    kept = x.clone()
    relevance(f, x, rule=rule)
    assert torch.equal(x, kept)


def test_flat_is_for_first_layers_that_see_a_part_of_the_features():
    images, points = draw(2, 1, 2, 3).float(), draw(2, 4, 3).float()
    with pytest.raises(ValueError, match="gives every feature the same relevance"):
        relevance(nn.Sequential(nn.Flatten(), nn.Linear(6, 2)), images, rule="flat")
    f = nn.Sequential(nn.Linear(3, 5), nn.Flatten(), nn.Linear(20, 2))
    got = relevance(f, points, rule=["flat", "epsilon"])
    torch.testing.assert_close(got, got[..., :1].expand_as(got))
    assert not torch.allclose(got[:, 0], got[:, 1])


def test_one_sample_without_a_batch_is_refused():
    with pytest.raises(ValueError, match=r"pass \(n_samples, ...\), so x\[None\] for one sample"):
        relevance(dense_net(), draw(5))


def test_group_sum():
    values, groups = draw(3, 4, 6), torch.tensor([1, 0, 1, 3, 0, 1])
    got = group_sum(values, groups, n_groups=5)
    for g in range(5):
        torch.testing.assert_close(got[..., g], values[..., groups == g].sum(-1))
    pixels = torch.arange(8).reshape(1, 2, 4).expand(3, 2, 4)
    images = draw(5, 3, 2, 4)
    torch.testing.assert_close(group_sum(images, pixels), images.sum(1).flatten(1))
    with pytest.raises(ValueError, match="pass one group number for each input"):
        group_sum(values, groups[1:])


class Doubled(nn.Module):
    def forward(self, x):
        return 2 * x


@pytest.mark.parametrize(
    ("f", "target", "rule", "message"),
    [
        (nn.Sequential(nn.Linear(5, 2), Doubled()), None, "epsilon", "Doubled is none of them"),
        (nn.Sequential(nn.Linear(5, 2), nn.Softmax(1)), None, "epsilon", "ends at the logits"),
        (lambda x: x, None, "epsilon", "f is no torch module"),
        (nn.Conv1d(3, 1, 3, padding=1, padding_mode="reflect"), None, "epsilon", "padding_mode='z"),
        (nn.Linear(5, 2), None, "lrp", "rule='lrp' is unknown"),
        (nn.Linear(5, 2), None, "flat", "rule='flat' in a fully connected first layer"),
        (nn.Linear(5, 2), None, ["epsilon"] * 2, "rule has 2 entries and the network 1 linear"),
        (nn.Linear(5, 2), torch.tensor([0, 1, 2]), "epsilon", "target holds 2, and .* 2 classes"),
        (nn.Linear(5, 2), torch.tensor([0, 1]), "epsilon", r"target of shape \(2,\) does not fit"),
        (
            nn.Linear(5, 1),
            torch.tensor([0, 0.3, 1]),
            "epsilon",
            "labels 0 and 1, or none for a reg",
        ),
        (
            nn.Sequential(nn.Linear(5, 2), nn.ReLU(), nn.BatchNorm1d(2, track_running_stats=False)),
            None,
            "epsilon",
            "track_running_stats=True",
        ),
    ],
)
def test_bad_input(f, target, rule, message):
    with pytest.raises(ValueError, match=message):
        relevance(f, torch.randn(3, 5), target=target, rule=rule)
