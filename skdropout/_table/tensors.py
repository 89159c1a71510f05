"""Tables as tensors: numbers, codes, targets, and which rows of them each member reads."""

from dataclasses import dataclass

import torch


@dataclass
class TableTensors:
    """One table, shared by all members.

    Attributes
    ----------
    numeric : Tensor of shape (n_rows, n_numeric)
    codes : Tensor of shape (n_rows, n_categorical)
    target : Tensor of shape (n_rows, n_outputs), or (n_rows,) for class codes
    weight : Tensor of shape (n_rows,) or None
    unknown : Tensor of shape (n_categorical,)
        Each categorical column's code for an unknown level.
    """

    numeric: torch.Tensor
    codes: torch.Tensor
    target: torch.Tensor
    weight: torch.Tensor | None
    unknown: torch.Tensor

    @property
    def dtype(self):
        """Type of the numbers."""
        return self.numeric.dtype

    @property
    def sample(self):
        """The rows that statistics are made of: all."""
        return self

    @property
    def strata(self):
        """Class codes, to keep classes in proportion by; None where targets are numbers."""
        return None if self.target.is_floating_point() else self.target.numpy()

    def only(self, numeric, codes):
        """Return the table with some of the numeric and some of the coded columns alone."""
        return TableTensors(
            self.numeric[:, numeric],
            self.codes[:, codes],
            self.target,
            self.weight,
            self.unknown[codes],
        )

    def looked_at(self, rows):
        """Return the places in the sample of those ``rows`` that it has."""
        return rows

    def codes_of(self, rows):
        """Yield the codes of some rows, by parts."""
        yield self.codes[rows]

    def near(self, device):
        """Return the table on ``device`` if it takes at most half of the memory free there."""
        tensors = vars(self).values()
        if device.type == "cuda":
            n_bytes = sum(t.numel() * t.element_size() for t in tensors if t is not None)
            if n_bytes > torch.cuda.mem_get_info(device)[0] / 2:
                return self
        return TableTensors(*(None if t is None else t.to(device) for t in tensors))


@dataclass
class Rows:
    """Which rows of the table each member reads.

    Attributes
    ----------
    table : TableTensors
    index : list of Tensor
        One tensor of row numbers per member; lengths may differ.
    """

    table: TableTensors
    index: list

    def __len__(self):
        return max(len(rows) for rows in self.index)

    def select(self, members):
        """Return the rows of some members."""
        return Rows(self.table, [self.index[k] for k in members])
