"""What every estimator does in every case."""

import copy
import pickle
from dataclasses import replace

import numpy as np
from sklearn.base import clone, is_classifier
from threadpoolctl import threadpool_limits

from tests.fuzz.configurations import problem
from tests.fuzz.data import pick
from tests.fuzz.oracle import probabilities, scale_of, with_tolerance

# What a fit may say of weights and data that grow beyond their precision. Only then.
TOO_LARGE = ("diverge", "too large", "overflow", "not finite")


def estimator(rng, name):
    """One target for each sequence, or for each step."""
    check(rng, problem(rng, name), _against_oracle, [_step_by_step])


def check(rng, p, against_oracle, own):
    """Fit and predict, then what an oracle says, and two of the checks for all and its own."""
    form = pick(rng, p.forms())
    found = _fitted(rng, p, form)
    if found is not None:
        against_oracle(p, found)
        others = [_in_other_forms, _in_other_batches, _in_copies, _fitted_again, *own]
        for other in rng.choice(others, 2, replace=False):
            other(rng, p, form, found)


def _fitted(rng, p, form):
    """Fit, and predict for the same sequences; None if the numbers grow too large."""
    before = dict(vars(p.model))
    try:
        p.model.fit(p.in_form(form, p.parts, rng), _with_padding(p, form), p.weight)
    except ValueError as error:
        if not is_too_large(error, p):
            raise
        if vars(p.model).keys() != before.keys():
            raise AssertionError("half fitted") from error
        return None
    return _outputs_in(rng, p, form)


def _fitted_again(rng, p, form, found):
    """The same weights from the same seed; then an epoch more."""
    X, y = p.in_form(form, p.parts, rng), _with_padding(p, form)
    twin = clone(p.model).fit(X, y, p.weight)
    for name, values in p.model.named_parameters().items():
        same(twin.named_parameters()[name], values)
    settings = twin.get_params()
    is_whole = settings["early_stopping"] or settings["learning_rate"] == "adaptive"
    is_whole = is_whole or np.ndim(settings.get("teacher_forcing", 1.0)) > 0
    if hasattr(twin, "partial_fit") and not is_whole and not settings.get("class_weight"):
        n_epochs = twin.n_iter_
        try:
            twin.partial_fit(X, y, sample_weight=p.weight)
        except ValueError as error:
            if not is_too_large(error, p):
                raise
        else:
            assert twin.n_iter_ == n_epochs + 1


def _outputs_in(rng, p, form, chosen=None):
    """The outputs for sequences in a form, by method, each without padding."""
    parts = p.parts if chosen is None else [p.parts[i] for i in chosen]
    found = outputs(p.model, p.in_form(form, parts, rng))
    if found is None or not p.is_of_steps:
        return found
    return {method: _steps_of(values, parts, form) for method, values in found.items()}


def _steps_of(values, parts, form):
    """Outputs for each step as a list of arrays without padding."""
    if "padded before" in form:
        return [v[len(v) - len(part) :] for v, part in zip(values, parts, strict=True)]
    return [v[: len(part)] for v, part in zip(values, parts, strict=True)]


def _with_padding(p, form):
    """The targets of steps in the form of X; those of the padding may be anything."""
    y = p.y
    if not p.is_of_steps or "padded" not in form:
        return y
    longest = max(map(len, y)) + 1
    more = [np.repeat(each[:1], longest - len(each), axis=0) for each in y]
    if form == "padded before":
        return [np.concatenate(pair) for pair in zip(more, y, strict=True)]
    return [np.concatenate(pair) for pair in zip(y, more, strict=True)]


def is_too_large(error, p):
    """Whether numbers may grow too large here, and the error says so."""
    may = p.size > 1e2 or getattr(p.model, "activation", "") == "relu" or _is_unbounded(p.model)
    return may and any(words in str(error) for words in TOO_LARGE)


def _is_unbounded(model):
    return getattr(model, "cell", "") == "mingru" or getattr(model, "loss", "") == "poisson"


def outputs(model, X):
    """All that an estimator says of X, by method; None if the numbers are too large."""
    methods = ["predict", "transform", "predict_proba", "predict_log_proba", "predict_quantiles"]
    try:
        return {m: getattr(model, m)(X) for m in methods if hasattr(model, m)}
    except ValueError as error:
        if not any(words in str(error) for words in TOO_LARGE):
            raise
        return None


def same(ours, theirs):
    """To the last bit, also of lists of arrays."""
    if isinstance(ours, str):
        assert ours == theirs
        return
    if isinstance(ours, list) or (ours.dtype == object and np.ndim(ours[0])):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            same(one, other)
        return
    np.testing.assert_array_equal(ours, theirs)
    assert ours.dtype == theirs.dtype


def _against_oracle(p, found):
    chosen = range(min(2, len(p.parts)))
    model, parts = p.model, [p.parts[i] for i in chosen]
    is_of_steps = p.is_of_steps
    raw, atol = with_tolerance(model, "raw", parts)
    raw = np.concatenate(raw) if is_of_steps else np.stack(raw)

    def ours(method):
        values = [found[method][i] for i in chosen]
        return np.concatenate(values) if is_of_steps else np.stack(values)

    if not is_of_steps:
        pooled, of_pooled = with_tolerance(model, "pooled", parts)
        close(ours("transform"), np.stack(pooled), of_pooled)
    if is_classifier(model):
        _against_classes(model, raw, atol, ours)
    else:
        _against_numbers(p, raw, atol, ours)


def close(ours, theirs, atol):
    assert ours.shape == theirs.shape, f"{ours.shape} and not {theirs.shape}"
    off = np.abs(ours - theirs)
    assert (off <= atol).all(), f"wrong by {off.max():.3g}, where rounding makes {np.max(atol):.3g}"


def _against_classes(model, raw, atol, ours):
    is_labels = model.out_activation_ == "logistic" and len(ours("predict").shape) == 2
    proba = probabilities(raw, "labels" if is_labels else model.out_activation_)
    close(ours("predict_proba"), proba, atol + 1e-12)
    np.testing.assert_allclose(np.exp(ours("predict_log_proba")), ours("predict_proba"), rtol=1e-9)
    if is_labels:
        sure = np.abs(proba - 0.5) > 2 * atol
        assert (ours("predict") == (proba > 0.5))[sure].all()
        return
    best = np.sort(proba, axis=1)
    sure = best[:, -1] - best[:, -2] > 2 * atol
    assert (ours("predict") == model.classes_[proba.argmax(axis=1)])[sure].all()


def _against_numbers(p, raw, atol, ours):
    model = p.model
    y = np.concatenate(p.y) if p.is_of_steps else p.y
    weight = np.ones(len(p.parts)) if p.weight is None else p.weight
    weight = weight * [len(part) >= model.min_length for part in p.parts]
    if p.is_of_steps:
        weight = np.repeat(weight, [len(part) for part in p.parts])
    is_poisson = model.loss == "poisson"
    mean, scale = scale_of(
        y.reshape(len(y), -1).astype(float), weight,
        normalize=model.normalize_y, is_poisson=is_poisson,
    )  # fmt: skip
    if is_poisson:
        raw = np.exp(raw)
        atol = atol * raw
    n_quantiles = np.size(model.quantile) if model.loss == "quantile" else 1
    raw = raw.reshape(len(raw), -1, n_quantiles)
    atol = np.broadcast_to(atol, (len(raw), raw.shape[1] * n_quantiles)).reshape(raw.shape)
    expected = np.sort(raw * scale[:, np.newaxis] + mean[:, np.newaxis], axis=2)
    atol = (atol * scale[:, np.newaxis]).max(axis=2, keepdims=True) + 1e-9 * np.abs(mean).max()
    atol = np.broadcast_to(atol, expected.shape)
    is_flat = y.ndim == 1
    if model.loss == "quantile":
        quantiles = ours("predict_quantiles").reshape(expected.shape)
        close(quantiles, expected, atol)
        middle = np.abs(np.sort(np.atleast_1d(model.quantile)) - 0.5).argmin()
        expected, atol = expected[:, :, middle], atol[:, :, middle]
    else:
        expected, atol = expected[:, :, 0], atol[:, :, 0]
    close(ours("predict"), expected[:, 0] if is_flat else expected, atol[:, 0] if is_flat else atol)


def _in_other_forms(rng, p, form, found):
    for other in rng.choice(p.forms(like=form), 2):
        again = _outputs_in(rng, p, other)
        assert again is not None, f"refused as {other}"
        for method, values in again.items():
            same(values, found[method])


def _in_other_batches(rng, p, form, found):
    n = len(p.parts)
    for batch in (rng.permutation(n), rng.choice(n, rng.integers(1, n + 1), replace=False)):
        again = _outputs_in(rng, p, "rows" if form == "rows" else "list", batch)
        for method, values in again.items():
            same([*values], [found[method][i] for i in batch])


def _in_copies(rng, p, form, found):
    """Also on several threads."""
    stored = pickle.dumps(p.model)
    for other in (p.model, pickle.loads(stored), copy.deepcopy(p.model)):
        with threadpool_limits(int(rng.integers(1, 4))):
            again = _outputs_in(rng, replace(p, model=other), form)
        for method, values in again.items():
            same([*values], [*found[method]])
        for name, values in p.model.named_parameters().items():
            same(other.named_parameters()[name], values)
    assert pickle.dumps(p.model) == stored, "a prediction changed the estimator"


def _step_by_step(rng, p, form, found):
    """The prediction after each row is that for the rows so far."""
    if p.model.bidirectional:
        return
    i = int(rng.integers(len(p.parts)))
    rows, state = p.parts[i], p.model.init_state()
    for row in rows[:-1]:
        _, state = p.model.predict_step(row, state)
    state = pickle.loads(pickle.dumps(state))
    for method in ["predict"] + ["predict_proba"] * is_classifier(p.model):
        value, _ = getattr(p.model, f"{method}_step")(rows[-1], state)
        expected = found[method][i]
        np.testing.assert_array_equal(value, expected[-1] if p.is_of_steps else expected)
