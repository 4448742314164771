"""Learning-rate schedules: how large a step is, and whether it shrinks without improvement."""

import math

# The fraction of all steps in which the rate of the cosine schedule rises.
WARM_UP = 0.1
# The adaptive rate is divided by the first until it is below the second, as in scikit-learn.
ADAPTIVE_FACTOR, ADAPTIVE_LEAST = 5.0, 1e-6


class Constant:
    """Always the same rate."""

    ends = False  # whether training is complete when the schedule is

    def __init__(self, learning_rate):
        self.learning_rate = float(learning_rate)

    def rate(self, n_epochs, n_samples):
        """The rate after ``n_epochs`` epochs (a float) of ``n_samples`` samples."""
        return self.learning_rate

    def slow_down(self):
        """Lower the rate, as nothing improves. Returns whether that was possible."""
        return False


class InverseScaling(Constant):
    """Divided, after each epoch, by a power of the number of samples seen.

    ``n_seen`` is the number of samples seen before this training.
    """

    def __init__(self, learning_rate, power, n_seen=0):
        super().__init__(learning_rate)
        self.power = float(power)
        self.n_seen = n_seen

    def rate(self, n_epochs, n_samples):
        n_seen = self.n_seen + int(n_epochs) * n_samples
        try:
            return self.learning_rate / (n_seen + 1) ** self.power
        except OverflowError:  # of a large power
            return 0.0


class Adaptive(Constant):
    """Divided by 5 whenever nothing improves."""

    def slow_down(self):
        if self.learning_rate <= ADAPTIVE_LEAST:
            return False
        self.learning_rate /= ADAPTIVE_FACTOR
        return True


class Cosine(Constant):
    """Rises linearly, then falls to zero along a cosine (Loshchilov & Hutter 2017)."""

    ends = True

    def __init__(self, learning_rate, max_iter):
        super().__init__(learning_rate)
        self.max_iter = int(max_iter)

    def rate(self, n_epochs, n_samples):
        done = n_epochs / self.max_iter
        if done < WARM_UP:
            return self.learning_rate * done / WARM_UP
        return self.learning_rate * (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP))) / 2
