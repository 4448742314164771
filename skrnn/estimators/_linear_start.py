"""The start of a network with a linear path, and how much training may add to it.

On a series that is nearly linear, a network learns the noise that ridge regression leaves, and
where a series leaves the range that it was trained on, a network fails before a linear model does.
So it has to prove itself at both ends of the data, without having seen them. The prediction is

    (1 - share) * that of the start + share * that of the trained network

and the share is the one of the least loss on the ends, if the gain is significant at both. As the
head is linear in its weights, the mixture is again a network of the same shapes.
"""

import numpy as np
from scipy.stats import t as student_t

# Consecutive parts of the sequences at an end. Their mean losses are nearly independent even where
# windows overlap, unlike the losses of single sequences.
N_PARTS = 10
CONFIDENCE = 0.995
SHARES = np.linspace(0, 1, 21)


def begin_with_least_squares(network, loss, theta, data):
    """Set theta to where the linear path is all there is, fitted to the data."""
    target = loss.link(data.y, data.weight)
    network.start_from_least_squares(theta, data.sequences, target, data.weight)


def confirmed_share(losses):
    """The best share with a significant gain, given mean losses (n_shares, n_parts)."""
    n_parts = losses.shape[1]
    if n_parts < 2:
        return 0.0
    with np.errstate(invalid="ignore"):  # a gain that is not a number is not confirmed
        gains = losses[0] - losses
        mean, error = gains.mean(axis=1), gains.std(axis=1, ddof=1) / np.sqrt(n_parts)
        is_confirmed = mean > student_t.ppf(CONFIDENCE, n_parts - 1) * error
    return float(SHARES[np.argmax(np.where(is_confirmed, mean, 0))])


class LinearStart:
    """The fit before any epoch, which the network has to surpass.

    Parameters
    ----------
    network : Network
    loss : one of skrnn.network.losses
    data : Data
        What to train on.

    Attributes
    ----------
    first_data : Data
        What to train on first.
    trials : list of tuple of Data
        What was left out of the training before, and what to train on next: the last third is left
        out first, then the first third, then nothing.
    """

    def __init__(self, network, loss, data):
        self.network = network
        self.loss = loss
        self.data = data
        n = len(data.y)
        everything, third = np.arange(n), n // 3
        self.first_data = data.take(everything[: n - third])
        self.trials = [
            (data.take(everything[n - third :]), data.take(everything[third:])),
            (data.take(everything[:third]), data),
        ]

    @np.errstate(over="ignore", invalid="ignore")
    def losses(self, left_out, first_theta, theta):
        """The mean losses of all shares in consecutive parts, (n_shares, n_parts)."""
        sequences, y, weight = left_out.sequences, left_out.y, left_out.weight
        start, trained = (self.network.predict(t, sequences)[0] for t in (first_theta, theta))
        parts = np.array_split(np.arange(len(y)), max(1, min(N_PARTS, len(y))))
        losses = np.zeros((len(SHARES), len(parts)))
        for k, part in enumerate(parts):
            w = weight[part, np.newaxis] / weight[part].sum()
            for i, share in enumerate(SHARES):
                raw = (1 - share) * start[part] + share * trained[part]
                losses[i, k] = self.loss.loss_gradient(raw, y[part], w)[0]
        return losses

    def mix(self, first_theta, theta, share):
        """Replace a trained theta by the mixture with the start that has seen all data."""
        final = theta.copy()
        begin_with_least_squares(self.network, self.loss, final, self.data)
        weights = zip(*map(self._output_weights, (first_theta, theta, final)), strict=True)
        for first, trained, last in weights:
            trained[:] = last + share * (trained - first)

    def _output_weights(self, theta):
        params = self.network.params(theta)
        return [*params.readout.values(), *params.linear.values()]
