"""Text, or another sequence of tokens, written by a classifier of next tokens."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import check_is_fitted

from skrnn._sklearn import HasMethods, Interval, validate_params
from skrnn.tokens import JOIN, TokenEncoder


@validate_params(
    {
        "estimator": [HasMethods(["predict_proba"])],
        "prompt": [str, "array-like"],
        "n_steps": [Interval(Integral, 1, None, closed="left")],
        "temperature": [Interval(Real, 0, None, closed="left")],
        "top_k": [Interval(Integral, 1, None, closed="left"), None],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def sample(estimator, prompt, n_steps, *, temperature=1.0, top_k=None, random_state=None):
    """Write on after a prompt, with a classifier that was trained to predict the next token.

    The classifier reads the prompt. Then, step by step, the next token is drawn from the
    probabilities that it gives, and read in its turn.

    Parameters
    ----------
    estimator : Pipeline or classifier
        Fitted. A Pipeline that begins with :class:`~skrnn.TokenEncoder` and ends with a classifier
        such as :class:`~skrnn.RNNStepClassifier`; its classes are tokens, or their codes. Or the
        classifier alone, whose classes are codes. The classifier reads from the first step to the
        last, so it cannot be bidirectional.
    prompt : str, list of str, or array-like of int of shape (n_tokens,)
        What to begin with, at least one token: a text or a list of tokens, as in the fit of the
        TokenEncoder; or codes for a classifier alone.
    n_steps : int
        The number of tokens to write.
    temperature : float, default=1.0
        By which the logarithms of the probabilities are divided. Below 1 likely tokens become
        still more likely, above 1 less; at 0 the most likely token is taken each time.
    top_k : int or None, default=None
        Draw from this number of most likely tokens only; None is all.
    random_state : int, RandomState instance or None, default=None
        Draws the tokens. With an int, calls write the same again.

    Returns
    -------
    str, list of str, or ndarray of shape (n_steps,)
        What was written, without the prompt and in its form.

    Raises
    ------
    ValueError
        If a parameter is not as described, if the prompt has no tokens, or if the estimator is
        not of a kind that can write.

    See Also
    --------
    TokenEncoder : Says how to cut a long text into streams to train on.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from skrnn import RNNStepClassifier, TokenEncoder, sample
    >>> text = "to be or not to be, " * 20
    >>> classifier = RNNStepClassifier(16, categorical_features=[0], random_state=0)
    >>> model = make_pipeline(TokenEncoder("char"), classifier)
    >>> model = model.fit([text[:-1]], [list(text[1:])])
    >>> sample(model, "to be or", 12, random_state=0)
    ' not to be, '
    """
    check_is_fitted(estimator)
    encoder, classifier = _parts(estimator)
    if len(prompt) == 0:
        raise ValueError(f"prompt={prompt!r}; expected at least one token to begin with.")
    n_classes = len(classifier.classes_)
    if classifier.out_activation_ == "logistic" and classifier.n_outputs_ == n_classes:
        raise ValueError(
            f"The {n_classes} classes are labels of which a step may have several; expected a "
            f"classifier of one token for each step."
        )
    rows = _rows_of_classes(encoder, classifier.classes_)
    read = _rows_of_prompt(encoder, prompt)
    rng = check_random_state(random_state)
    state = classifier.init_state()
    for row in read:
        proba, state = classifier.predict_proba_step(row, state)
    chosen = [_draw(proba, temperature, top_k, rng)]
    while len(chosen) < n_steps:
        proba, state = classifier.predict_proba_step(rows[chosen[-1]], state)
        chosen.append(_draw(proba, temperature, top_k, rng))
    return _in_form_of(prompt, classifier.classes_[chosen], encoder)


def _parts(estimator):
    """The TokenEncoder, or None, and the classifier."""
    *encoders, classifier = (step for _, step in getattr(estimator, "steps", [("", estimator)]))
    if [type(step) for step in encoders] not in ([], [TokenEncoder]):
        found = " and ".join(type(step).__name__ for step in encoders)
        raise ValueError(
            f"The classifier reads what {found} returns; expected a Pipeline of a TokenEncoder and "
            f"a classifier, or a classifier alone."
        )
    if not hasattr(classifier, "predict_proba_step"):
        raise ValueError(
            f"{type(classifier).__name__} has no predict_proba_step; expected a classifier that "
            f"reads step by step, such as RNNStepClassifier."
        )
    return (encoders or [None])[0], classifier


def _rows_of_classes(encoder, classes):
    """What the classifier reads of each class, (n_classes, 1)."""
    if classes.dtype.kind in "iuf":
        if encoder is not None and not np.isin(classes, np.arange(encoder.n_codes_)).all():
            raise ValueError(
                f"The classes are {classes.tolist()}; expected tokens, or codes of the "
                f"TokenEncoder, from 0 to {encoder.n_codes_ - 1}."
            )
        return classes[:, np.newaxis].astype(float)
    if encoder is None:
        raise ValueError(
            f"The classes are {classes.tolist()}, and there is nothing that makes codes of them. "
            f"Pass a Pipeline of a TokenEncoder and the classifier."
        )
    return np.array([[encoder.vocabulary_.get(token, 0)] for token in classes], float)


def _rows_of_prompt(encoder, prompt):
    """What the classifier reads of the prompt, (n_tokens, 1)."""
    if encoder is not None:
        return encoder.transform([prompt])[0]
    return check_array(prompt, ensure_2d=False, input_name="prompt").reshape(-1, 1)


def _draw(proba, temperature, top_k, rng):
    """The index of a class."""
    order = np.argsort(-proba, kind="stable")[:top_k]
    if temperature == 0:
        return int(order[0])
    # A probability may be too small for a float, and so may what it is in the end.
    with np.errstate(divide="ignore", over="ignore"):
        log_proba = np.log(proba[order])
        scaled = (log_proba - log_proba[0]) / temperature  # at most 0, so it cannot become NaN
    cumulated = np.cumsum(np.exp(scaled))
    place = np.searchsorted(cumulated, rng.uniform() * cumulated[-1], side="right")
    return int(order[min(place, len(order) - 1)])


def _in_form_of(prompt, tokens, encoder):
    """Tokens, or their codes, in the form of the prompt."""
    if encoder is None:
        return tokens
    if tokens.dtype.kind in "iuf":
        tokens = encoder.tokens_[tokens.astype(int)]
    is_text = isinstance(prompt, str)
    return JOIN.get(encoder.analyzer, list)(tokens) if is_text else tokens.tolist()
