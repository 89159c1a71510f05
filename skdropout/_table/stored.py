"""A table whose cells lie in a file: encoded once, and read by blocks of rows."""

import copy
import shutil
import weakref
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import torch

from skdropout._table.tensors import TableTensors

# Rows of a block, cells of the blocks that are read together, rows that statistics are made of.
_ROWS, _CELLS_TOGETHER, _MOST_SAMPLED = 2**11, 2**22, 2**17


def sampled_rows(n_rows):
    """Return which of so many rows statistics are made of, in order."""
    if n_rows <= _MOST_SAMPLED:
        return np.arange(n_rows)
    rng = np.random.default_rng(0)
    return np.sort(rng.choice(n_rows, _MOST_SAMPLED, replace=False, shuffle=False))


class StoredTable:
    """One table, shared by all members, that does not fit in memory.

    It takes the place of ``TableTensors`` where a table is not looked at as a whole: networks are
    trained by the same loop, on blocks of rows that are ``TableTensors``. Numbers and codes are
    written once, encoded, to a temporary file, so that an epoch neither parses nor converts
    anything; they are read, not mapped, since pages of a mapped file count as memory of the process
    until somebody else needs it.

    Parameters
    ----------
    parts : iterable of (numeric, codes)
        All rows, as ``TableEncoder.parts`` gives them.
    target, weight, unknown : as ``TableTensors`` has them
    dtype : torch.dtype
        Of the numbers.

    Attributes
    ----------
    sample : TableTensors
        Some rows, of which statistics are made.
    n_blocks : int
    """

    def __init__(self, parts, target, weight, unknown, dtype):
        self.target, self.weight, self.unknown, self.dtype = target, weight, unknown, dtype
        self._folder = _Folder()
        self._sampled = sampled_rows(len(target))
        self.n_blocks = -(-len(target) // _ROWS)
        numbers = torch.empty(0, dtype=dtype).numpy().dtype
        self._files = [
            _Cells(self._folder.path / "numbers", numbers),
            _Cells(self._folder.path / "codes", np.dtype(np.int32)),
        ]
        kept, start = [], 0
        with open(self._files[0].path, "wb") as first, open(self._files[1].path, "wb") as second:
            for part in parts:
                stop = start + len(part[0])
                rows = self._sampled[slice(*np.searchsorted(self._sampled, (start, stop)))] - start
                kept.append([])
                for file, cells, opened in zip(self._files, part, (first, second), strict=True):
                    with np.errstate(over="ignore"):
                        cells = np.ascontiguousarray(cells, dtype=file.dtype)
                    file.n_stored = cells.shape[1]
                    cells.tofile(opened)
                    kept[-1].append(cells[rows])
                start = stop
        numeric, codes = (np.concatenate(of_parts) for of_parts in zip(*kept, strict=True))
        self.sample = self._tensors(numeric, codes, torch.as_tensor(self._sampled))

    def __len__(self):
        """Return the number of rows."""
        return len(self.target)

    @property
    def strata(self):
        """Class codes; None where targets are numbers."""
        return None if self.target.is_floating_point() else self.target.numpy()

    @property
    def blocks_together(self):
        """How many blocks are read together, and their rows shuffled."""
        n_columns = max(1, sum(file.n_columns for file in self._files))
        return max(1, _CELLS_TOGETHER // (n_columns * _ROWS))

    def only(self, numeric, codes):
        """Return the table with some of the numeric and some of the coded columns alone."""
        table = copy.copy(self)
        columns = zip(self._files, (numeric, codes), strict=True)
        table._files = [file.only(some) for file, some in columns]
        table.unknown, table.sample = self.unknown[codes], self.sample.only(numeric, codes)
        return table

    def near(self, device):
        """Return the table, which stays where it is; its blocks move."""
        return self

    def looked_at(self, rows):
        """Return the places in the sample of those ``rows`` that it has."""
        if isinstance(rows, slice):
            rows = np.arange(len(self))[rows]
        return np.flatnonzero(np.isin(self._sampled, rows))

    def codes_of(self, rows):
        """Yield the codes of some rows, in order, by parts."""
        rows = np.sort(rows)
        for start in range(0, self.n_blocks, self.blocks_together):
            blocks = np.arange(start, min(start + self.blocks_together, self.n_blocks))
            first, end = _ROWS * start, min(_ROWS * (blocks[-1] + 1), len(self))
            here = rows[slice(*np.searchsorted(rows, (first, end)))] - first
            codes = self._files[1].read(blocks, end - first)
            yield torch.from_numpy(codes[here].astype(np.int64))

    def starts(self):
        """Return the first row of each block, and the number of rows."""
        return torch.arange(self.n_blocks + 1).mul_(_ROWS).clamp_(max=len(self))

    def read(self, blocks):
        """Return the rows of some blocks, one block after the other.

        Parameters
        ----------
        blocks : ndarray of int

        Returns
        -------
        table : TableTensors
        """
        starts = self.starts()
        rows = torch.cat([torch.arange(starts[b], starts[b + 1]) for b in blocks])
        return self._tensors(*(file.read(blocks, len(rows)) for file in self._files), rows)

    def _tensors(self, numeric, codes, rows):
        return TableTensors(
            torch.from_numpy(numeric),
            torch.from_numpy(codes.astype(np.int64)),
            self.target[rows],
            None if self.weight is None else self.weight[rows],
            self.unknown,
        )


class _Folder:
    """A temporary folder, which goes with the last table that reads it."""

    def __init__(self):
        self.path = Path(mkdtemp(prefix="skdropout-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


class _Cells:
    """Cells of one type in a file, row after row; some of its columns."""

    def __init__(self, path, dtype):
        self.path, self.dtype = path, dtype
        self.n_stored, self._columns = 0, None

    @property
    def n_columns(self):
        return self.n_stored if self._columns is None else len(self._columns)

    def only(self, some):
        cells = copy.copy(self)
        cells._columns = np.arange(self.n_stored)[some]
        if self._columns is not None:
            cells._columns = self._columns[some]
        return cells

    def read(self, blocks, n_rows):
        if not self.n_columns:
            return np.empty((n_rows, 0), self.dtype)
        cells = np.empty((n_rows, self.n_stored), self.dtype)
        row = memoryview(cells).nbytes // n_rows
        left, start = memoryview(cells).cast("B"), 0
        with open(self.path, "rb", buffering=0) as file:
            for block in blocks.tolist():
                file.seek(block * _ROWS * row)
                start += file.readinto(left[start : start + _ROWS * row])
        return cells if self._columns is None else cells[:, self._columns]
