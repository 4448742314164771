"""An encoder-decoder in PyTorch, as a careful user writes it: a peer for ``transduction``.

Embeddings of 128, a bidirectional recurrent layer of 128, dot attention, a decoder of 256 whose
layer is one call under teacher forcing; dropout of .3, label smoothing of .1, Adam at 1e-3 on
batches of 32, gradients clipped at a norm of 1. Batches are padded to their longest, and a mask
hides the padding from the attention: packed sequences take longer, as oneDNN does not read them.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

EMBEDDING, UNITS, BATCH, DROPOUT, SMOOTHING = 128, 128, 32, 0.3, 0.1
PAD, START, STOP, N_SPECIAL = 0, 1, 2, 3  # codes of no symbol


class TorchTranslation(nn.Module):
    """From lists of symbols to lists of symbols.

    Parameters
    ----------
    cell : str
        The name of a layer of PyTorch: "GRU" or "LSTM".
    sources, targets : list of lists of str
        The symbols of each sample.
    """

    def __init__(self, cell, sources, targets):
        super().__init__()
        torch.set_num_threads(1)
        torch.manual_seed(0)
        self.sources, n_source = _encode(sources)
        self.targets, n_target = _encode(targets)
        start, stop = torch.tensor([START]), torch.tensor([STOP])
        self.sources = [torch.cat([codes, stop]) for codes in self.sources]
        self.targets = [torch.cat([start, codes, stop]) for codes in self.targets]
        layer = getattr(nn, cell)
        self.source_embedding = nn.Embedding(n_source, EMBEDDING, padding_idx=PAD)
        self.target_embedding = nn.Embedding(n_target, EMBEDDING, padding_idx=PAD)
        self.encoder = layer(EMBEDDING, UNITS, batch_first=True, bidirectional=True)
        self.decoder = layer(EMBEDDING, 2 * UNITS, batch_first=True)
        self.combine = nn.Linear(4 * UNITS, 2 * UNITS)
        self.readout = nn.Linear(2 * UNITS, n_target)
        self.dropout = nn.Dropout(DROPOUT)
        self.optimizer = torch.optim.Adam(self.parameters(), lr=1e-3, fused=True)

    def forward(self, source, target):
        """Scores (B, n_written, n_symbols) of what follows each symbol of ``target`` (B, ...)."""
        x = self.dropout(self.source_embedding(source))
        read, state = self.encoder(x)  # (B, n_read, 2 * UNITS)
        is_lstm = isinstance(state, tuple)
        state = [torch.cat([*part], 1)[None] for part in (state if is_lstm else [state])]
        written = self.dropout(self.target_embedding(target))
        hidden, _ = self.decoder(written, tuple(state) if is_lstm else state[0])
        scores = torch.bmm(hidden, read.transpose(1, 2))  # (B, n_written, n_read)
        scores = scores.masked_fill((source == PAD)[:, None], -torch.inf)
        context = torch.bmm(scores.softmax(2), read)
        combined = torch.tanh(self.combine(torch.cat([hidden, context], 2)))
        return self.readout(self.dropout(combined))

    def fit(self, n_epochs):
        """Train."""
        self.train()
        for _ in range(n_epochs):
            for batch in torch.randperm(len(self.sources)).split(BATCH):
                source, target = (
                    nn.utils.rnn.pad_sequence([texts[i] for i in batch], batch_first=True)
                    for texts in (self.sources, self.targets)
                )
                self.optimizer.zero_grad()
                scores = self(source, target[:, :-1])
                loss = cross_entropy(
                    scores.flatten(0, 1),
                    target[:, 1:].flatten(),
                    ignore_index=PAD,
                    label_smoothing=SMOOTHING,
                )
                loss.backward()
                nn.utils.clip_grad_norm_(self.parameters(), 1.0)
                self.optimizer.step()
        return self


def _encode(texts):
    """The codes of each text, and the number of codes."""
    symbols = sorted({symbol for text in texts for symbol in text})
    codes = {symbol: code for code, symbol in enumerate(symbols, start=N_SPECIAL)}
    encoded = [torch.tensor([codes[symbol] for symbol in text]) for text in texts]
    return encoded, len(codes) + N_SPECIAL
