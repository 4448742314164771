"""The start of a network with a linear path, and how much training may add to it.

On a series that is nearly linear, a network learns the noise that ridge regression leaves. So it
has to prove itself on later sequences than it was trained on. The prediction is

    (1 - share) * that of the start + share * that of the trained network

and the share is the one of the least held-out loss for which the gain is significant. As the head
is linear in its weights, the mixture is again a network of the same shapes. Where the share is not
0, the network is trained once more, on all sequences.
"""

import numpy as np
from scipy.stats import t as student_t

# Consecutive parts of the held-out sequences. Their mean losses are nearly independent even where
# windows overlap, unlike the losses of single sequences.
N_PARTS = 10
CONFIDENCE = 0.995
SHARES = np.linspace(0, 1, 21)


def begin_with_least_squares(network, loss, theta, data):
    """Set theta to where the linear path is all there is, fitted to the data."""
    target = loss.link(data.y, data.weight)
    network.start_from_least_squares(theta, data.sequences, target, data.weight)


class Unwatched:
    """Instead of tasks: nobody is told of the epochs."""

    def begin(self):
        pass

    def end(self):
        return False


class LinearStart:
    """The fit before any epoch, which the network has to surpass.

    Parameters
    ----------
    network : Network
    loss : one of skrnn.network.losses
    data : Data
        What to train on. ``first_part`` is the first two thirds; the rest decides on the share.
    """

    def __init__(self, network, loss, data):
        self.network = network
        self.loss = loss
        self.data = data
        everything = np.arange(len(data.y))
        n_first = len(everything) - len(everything) // 3
        self.first_part = data.take(everything[:n_first])
        self.later_part = data.take(everything[n_first:])

    @np.errstate(over="ignore", invalid="ignore")  # a gain that is not a number is not confirmed
    def confirmed_share(self, first_theta, theta):
        """The share for a network that was trained on the first part."""
        sequences, y, weight = self.later_part.sequences, self.later_part.y, self.later_part.weight
        n_parts = min(N_PARTS, len(y))
        if n_parts < 2:
            return 0.0
        start, trained = (self.network.predict(t, sequences)[0] for t in (first_theta, theta))
        losses = np.empty((len(SHARES), n_parts))
        for k, part in enumerate(np.array_split(np.arange(len(y)), n_parts)):
            w = weight[part, np.newaxis] / weight[part].sum()
            for i, share in enumerate(SHARES):
                raw = (1 - share) * start[part] + share * trained[part]
                losses[i, k] = self.loss.loss_gradient(raw, y[part], w)[0]
        gains = losses[0] - losses
        mean, error = gains.mean(axis=1), gains.std(axis=1, ddof=1) / np.sqrt(n_parts)
        is_confirmed = mean > student_t.ppf(CONFIDENCE, n_parts - 1) * error
        return float(SHARES[np.argmax(np.where(is_confirmed, mean, 0))])

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
