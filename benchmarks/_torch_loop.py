"""PyTorch in the training loop that a careful user writes: a peer for what fits with nothing set.

One layer of 100 units, Adam at 1e-3 on batches of 32, gradients clipped at a norm of 1. A fifth of
the data is for validation: the epoch with the least loss there is kept, and training stops after 20
epochs without a better one, or after 200.
"""

import copy

import numpy as np
import torch
from torch import nn

MAX_EPOCHS, PATIENCE, BATCH, UNITS = 200, 20, 32, 100


class TorchModel(nn.Module):
    """A recurrent layer, and a dense one on its output at the last step of each sequence.

    Parameters
    ----------
    cell : str
        The name of a layer of PyTorch: "GRU", "LSTM" or "RNN".
    is_classifier : bool
        Otherwise y is standardised by what is trained on.
    fit_index, validation_index : arrays of int
    seed : int

    Attributes
    ----------
    n_iter_ : int
        Epochs run.
    """

    def __init__(self, cell, is_classifier, fit_index, validation_index, seed):
        super().__init__()
        self.cell, self.is_classifier, self.seed = cell, is_classifier, seed
        self.fit_index, self.validation_index = fit_index, validation_index

    def forward(self, x, lengths):
        """Scores (B, n_outputs) of padded sequences (B, T, d); the padding is not read."""
        outputs, _ = self.recurrent(x)
        return self.dense(outputs[torch.arange(len(x)), lengths - 1])

    def fit(self, X, y):
        """Train, and restore the best epoch."""
        torch.set_num_threads(1)
        torch.manual_seed(self.seed)
        if self.is_classifier:
            self.classes, target = np.unique(y, return_inverse=True)
            target, n_outputs = torch.as_tensor(target), len(self.classes)
            loss_of = nn.CrossEntropyLoss()
        else:
            self.shape = y.shape[1:]
            y = y.reshape(len(y), -1)
            self.mean, self.std = y[self.fit_index].mean(axis=0), y[self.fit_index].std(axis=0)
            target = torch.as_tensor((y - self.mean) / self.std, dtype=torch.float32)
            n_outputs, loss_of = y.shape[1], nn.MSELoss()
        self.recurrent = getattr(nn, self.cell)(X[0].shape[1], UNITS, batch_first=True)
        self.dense = nn.Linear(UNITS, n_outputs)
        optimizer = torch.optim.Adam(self.parameters(), lr=1e-3)
        x, lengths = _padded(X)
        fit, validation = torch.as_tensor(self.fit_index), torch.as_tensor(self.validation_index)
        best, best_epoch, weights = np.inf, 0, self.state_dict()
        for self.n_iter_ in range(1, MAX_EPOCHS + 1):
            for batch in fit[torch.randperm(len(fit))].split(BATCH):
                optimizer.zero_grad()
                loss_of(self(x[batch], lengths[batch]), target[batch]).backward()
                nn.utils.clip_grad_norm_(self.parameters(), 1.0)
                optimizer.step()
            with torch.no_grad():
                loss = loss_of(self(x[validation], lengths[validation]), target[validation]).item()
            if loss < best:
                best, best_epoch, weights = loss, self.n_iter_, copy.deepcopy(self.state_dict())
            elif self.n_iter_ - best_epoch >= PATIENCE:
                break
        self.load_state_dict(weights)
        return self

    @torch.no_grad()
    def predict(self, X):
        """Classes (n,), or values (n,) or (n, n_outputs) like the y of fit."""
        scores = self(*_padded(X)).numpy()
        if self.is_classifier:
            return self.classes[scores.argmax(axis=1)]
        return (scores * self.std + self.mean).reshape(-1, *self.shape)


def _padded(X):
    """Sequences as a tensor (n, longest, d), and their lengths."""
    sequences = [torch.as_tensor(x, dtype=torch.float32) for x in X]
    lengths = torch.tensor([len(x) for x in sequences])
    return nn.utils.rnn.pad_sequence(sequences, batch_first=True), lengths
