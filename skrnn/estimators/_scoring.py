"""How good the network is after an epoch, on data that it is not trained on."""

from copy import copy
from numbers import Real

import numpy as np
from sklearn.metrics import check_scoring
from sklearn.utils import resample

from skrnn.estimators._steps import scored
from skrnn.network.minibatch import flat
from skrnn.network.stack import quiet
from skrnn.training import Validation

# Training targets that are scored after each epoch, as in HistGradientBoosting.
MAX_TRAIN_SCORED = 10_000


class Scorer:
    """A scorer of scikit-learn, for an estimator whose fit is under way.

    Parameters
    ----------
    estimator : estimator instance
    scoring : str, callable or None
        None is the estimator's own ``score``.
    is_weighted : bool
        Whether the scorer gets the weights of the sequences.
    """

    def __init__(self, estimator, scoring, is_weighted):
        self.estimator = estimator
        self.scoring = scoring
        self.scorer = check_scoring(estimator, scoring)
        self.is_weighted = is_weighted

    def __call__(self, attributes, data):
        """The score on the data of a copy of the estimator with these fitted attributes."""
        model = copy(self.estimator)
        vars(model).update(attributes)
        X, y, weight = scored(data)
        try:
            score = self.scorer(
                model, X, y, **({"sample_weight": weight} if self.is_weighted else {})
            )
        except TypeError as error:
            if "unexpected keyword argument 'sample_weight'" not in str(error):
                raise
            raise TypeError(
                f"scoring={self.scoring!r} does not take sample_weight, but there are weights: "
                f"from sample_weight or sample_weight_val of fit, or from class_weight. Pass a "
                f"scorer with the signature scorer(estimator, X, y, sample_weight=None), or set "
                f"scoring='loss'."
            ) from error
        if not isinstance(score, Real) or not np.isfinite(score):
            raise ValueError(
                f"scoring={self.scoring!r} gives {score} on {len(data.y)} sequences; expected a "
                f"finite number. Hold out more sequences, or choose another scoring."
            )
        return float(score)


class Validator:
    """The loss of a network on held-out data, and its scores if there is a scorer.

    Parameters
    ----------
    network : Network
    loss : one of skrnn.network.losses
    held_out : Data
    score : Scorer or None
    train : Data
        What the network is trained on, for the score on it.
    model_attributes : callable
        ``model_attributes(theta)`` are the fitted attributes that predictions need.
    random_state : RandomState instance
        Draws the training sequences that are scored, if there are many.
    """

    def __init__(self, network, loss, held_out, score, train, model_attributes, random_state):
        self.network = network
        self.loss = loss
        self.held_out = held_out
        self.score = score
        self.model_attributes = model_attributes
        n_each = train.y.lengths.mean() if train.is_of_steps else 1
        n_scored = max(1, int(MAX_TRAIN_SCORED / n_each))
        if score is not None and len(train.y) > n_scored:
            index = np.arange(len(train.y))
            train = train.take(
                resample(index, replace=False, n_samples=n_scored, random_state=random_state)
            )
        self.train = train

    def __call__(self, theta):
        """A Validation of the network with these weights."""
        loss, losses = self._losses(theta)
        if self.score is None or not np.isfinite(loss):
            return Validation(loss, losses=losses)
        attributes = self.model_attributes(theta.copy())
        return Validation(
            loss, self.score(attributes, self.held_out), self.score(attributes, self.train)
        )

    @quiet
    def _losses(self, theta):
        """The mean loss in the units of training, without the penalty; and those of classes.

        The loss of numbers is their error. That of classes is not: a single sequence that the
        network is sure of, and wrong about, outweighs many, so the scatter counts.
        """
        raw, y = self.network.raw(theta, self.held_out.sequences), flat(self.held_out.y)
        weight = flat(self.held_out.weight).astype(raw.dtype)
        loss, _ = self.loss.loss_gradient(raw, y, weight / weight.sum())
        if not hasattr(self.loss, "log_proba"):
            return loss, None
        losses, _ = self.loss.elementwise(raw, y)
        losses = (weight * losses).sum(axis=1, dtype=np.float64)
        if self.held_out.is_of_steps:  # those of a sequence are no independent samples
            lengths = self.held_out.y.lengths
            losses = np.add.reduceat(losses, np.cumsum(lengths) - lengths)
        return loss, losses
