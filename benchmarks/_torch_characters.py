"""The character model of the steps benchmark in PyTorch, as a careful user writes it."""

import torch
from torch import nn


class TorchCharacters(nn.Module):
    """An embedding of 64, an LSTM of 128 and a dense layer; Adam, gradients clipped at 1."""

    def __init__(self, n_codes):
        super().__init__()
        torch.set_num_threads(1)
        torch.manual_seed(0)
        self.embedding = nn.Embedding(n_codes, 64)
        self.recurrent = nn.LSTM(64, 128, batch_first=True)
        self.dense = nn.Linear(128, n_codes)

    def fit(self, X, y, n_steps):
        """Train for one epoch: chunks of ``n_steps`` steps, the state carried on."""
        X, y = torch.as_tensor(X[:, :, 0]).long(), torch.as_tensor(y)
        optimizer, loss_of = torch.optim.Adam(self.parameters(), lr=4e-3), nn.CrossEntropyLoss()
        state = None
        for x, target in zip(X.split(n_steps, 1), y.split(n_steps, 1), strict=True):
            optimizer.zero_grad()
            hidden, state = self.recurrent(self.embedding(x), state)
            state = tuple(part.detach() for part in state)
            loss_of(self.dense(hidden).flatten(0, 1), target.flatten()).backward()
            nn.utils.clip_grad_norm_(self.parameters(), 1.0)
            optimizer.step()
        return self
