"""Tables that are larger than memory: a reader of blocks of rows, wherever they lie."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

# A block has about so many cells.
_CELLS_OF_BLOCK = 2**20


class TableOnDisk:
    """A table that is read by blocks of rows; it is never loaded as a whole.

    Attributes
    ----------
    shape : tuple of int
        Rows and columns.
    columns : list of str or None
        Names of the columns, None of an array.
    """

    def __init__(self, source: Any, columns: list[str] | None, n_rows: int):
        self._source = source
        self.columns = columns
        self.shape = (n_rows, source.n_columns if columns is None else len(columns))

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.shape[0]

    def blocks(self) -> Iterator[Any]:
        """Read the table from its first row to its last.

        Yields
        ------
        block : ndarray or pandas.DataFrame of shape (n_rows, n_columns)
            Some consecutive rows.

        Raises
        ------
        ValueError
            If the table cannot be read any more, or its number of rows has changed.
        """
        most = max(1, _CELLS_OF_BLOCK // max(self.shape[1], 1))
        n_read = 0
        for part in self._source.blocks(self.columns, most):
            for start in range(0, len(part), most):
                rows = slice(start, start + most)
                yield part.iloc[rows] if hasattr(part, "iloc") else part[rows]
            n_read += len(part)
        if n_read != len(self):
            raise ValueError(
                f"The table had {len(self)} rows when it was opened and has {n_read} now; open it "
                "again."
            )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Refuse to load the table as a whole."""
        raise ValueError(
            f"X is a table on disk of {self.shape[0]} rows, which is not loaded as a whole; fit "
            "DropoutMLPRegressor or DropoutMLPClassifier, or give some of its rows as an array or "
            "data frame."
        )


def open_table(
    source: Any, target: str | Sequence[str] | None = None
) -> tuple[TableOnDisk, np.ndarray | None]:
    """Open a table that is larger than memory, to fit networks to it.

    The table is read twice when a network is fitted: once for statistics, once to write its numbers
    and codes of categories to a temporary file, which the epochs read by blocks: in random order,
    and shuffled within some that are read together. Memory does not grow with the columns then;
    what is held of each row is the target, the weight, and eight bytes for every network that stops
    by rows of its own.

    Parameters
    ----------
    source : ndarray, str, Path, pyarrow.dataset.Dataset or dask.dataframe.DataFrame
        A memory-mapped array (``numpy.memmap``) of two dimensions, the path of a ``.npy`` file, of
        a Parquet file or of a folder of these, a dataset of pyarrow, or a data frame of Dask, whose
        partitions are computed one after the other.
    target : str or sequence of str, default=None
        Columns to predict, of a table whose columns have names. They are loaded as a whole.

    Returns
    -------
    X : TableOnDisk
        All columns but the target, for ``fit``, ``partial_fit`` and the predictions of
        :class:`~skdropout.DropoutMLPRegressor` and :class:`~skdropout.DropoutMLPClassifier`. It has
        a ``shape``, the names of its ``columns``, and ``blocks()`` that yields some rows at a time.
    y : ndarray of shape (n_samples,) or (n_samples, n_targets), or None
        The target; None if there is no ``target``.

    Raises
    ------
    ValueError
        If the source cannot be read, is empty, has no such target, or if columns of one Parquet
        file differ from those of another.
    ImportError
        If Parquet is to be read and pyarrow or pandas are missing.

    Notes
    -----
    Quantiles, and the tests by which columns are left out, are those of at most 131,072 rows, drawn
    at random; levels of categories are those of all rows. The temporary files take four bytes for
    each cell, in the folder that ``tempfile.gettempdir()`` names, and go when ``fit`` is done.

    An epoch reads blocks of 2,048 rows: as many as have four million cells together, drawn at
    random, and shuffles their rows. A table that is no larger gives the networks that it gives in
    memory. The networks of an ensemble must have equally many rows a batch. The searches,
    ``EmbeddingEncoder`` and the measurements take tables in memory alone.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from skdropout import DropoutMLPRegressor
    >>> from skdropout.datasets import make_interactions, open_table
    >>> X, y, _ = make_interactions("F1", n_samples=500, random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(Path(folder) / "X.npy", X)
    ...     table, _ = open_table(Path(folder) / "X.npy")
    ...     model = DropoutMLPRegressor((16,), max_iter=5, random_state=0).fit(table, y)
    ...     model.predict(table).shape
    (500,)
    """
    targets = [target] if isinstance(target, str) else target
    if targets is not None and not (
        isinstance(targets, list | tuple) and all(isinstance(name, str) for name in targets)
    ):
        raise ValueError(f"target={target!r} must be a name, a list of names or None.")
    reader: Any = _reader(source)
    if reader.columns is None:
        if target is not None:
            raise ValueError(f"target={target!r}, but an array's columns have no names; give y.")
        table, y = TableOnDisk(reader, None, reader.n_rows), None
    else:
        targets = list(targets or [])
        unknown = [name for name in targets if name not in reader.columns]
        if unknown:
            raise ValueError(f"target={target!r}: there are only columns {reader.columns}.")
        names = [name for name in reader.columns if name not in targets]
        table, y = TableOnDisk(reader, names, reader.n_rows), None
        if targets:
            parts = [block.to_numpy() for block in reader.blocks(targets, 2**16)]
            y = np.concatenate(parts)
            y = y[:, 0] if isinstance(target, str) else y
    if not table.shape[0] or not table.shape[1]:
        raise ValueError(
            f"source has {table.shape[0]} rows and {table.shape[1]} columns besides the target; "
            "give at least one of each."
        )
    return table, y


def _reader(source):
    if isinstance(source, str | Path):
        path = Path(source)
        if not path.exists():
            raise ValueError(f"source={str(source)!r} does not exist; give a path that does.")
        if path.suffix == ".npy":
            try:
                source = np.load(path, mmap_mode="r")
            except (OSError, ValueError) as error:
                raise _unreadable(source, error) from error
        else:
            return _Parquet(_dataset(path), source)
    if isinstance(source, np.ndarray):
        return _Array(source)
    if hasattr(source, "to_batches") and hasattr(source, "get_fragments"):
        return _Parquet(source, source)
    if hasattr(source, "npartitions") and hasattr(source, "columns"):
        return _Partitions(source)
    raise ValueError(
        f"source is of type {type(source).__name__}; give a memory-mapped array, a path, a dataset "
        "of pyarrow or a data frame of Dask. What is in memory goes to fit as it is."
    )


def _unreadable(source, error):
    return ValueError(
        f"source={str(source)!r} cannot be read: {error}. Give a .npy file, or Parquet files."
    )


class _Array:
    """Rows of an array, which may be mapped from a file."""

    columns = None

    def __init__(self, array):
        if array.ndim != 2 or array.dtype.kind not in "fiub":
            raise ValueError(
                f"source is an array of shape {array.shape} and dtype {array.dtype}; give numbers "
                "in two dimensions."
            )
        self._array = array
        self.n_rows, self.n_columns = array.shape

    def blocks(self, columns, most):
        whole = self._array
        file, offset = getattr(whole, "filename", None), getattr(whole, "offset", 0)
        is_view = isinstance(whole.base, np.memmap)  # whose offset is not its own
        if file is None or is_view or not whole.flags.c_contiguous:
            file = None
        for start in range(0, self.n_rows, most):
            n = min(most, self.n_rows - start)
            if file is None:
                yield np.array(whole[start : start + n])
            else:  # mapped anew, so that no pages stay that were read
                place = offset + start * whole.strides[0]
                shape = (n, self.n_columns)
                yield np.array(np.memmap(file, whole.dtype, "r", place, shape))


class _Parquet:
    """Rows of a dataset of pyarrow."""

    def __init__(self, dataset, source):
        _import("pandas", "open_table")
        self._dataset, self._source = dataset, source
        self.columns = list(dataset.schema.names)
        self.n_columns = len(self.columns)
        try:
            self._check_files()
            self.n_rows = dataset.count_rows()
        except (OSError, ValueError, TypeError) as error:  # pyarrow's own are of these kinds
            if isinstance(error, _SchemaError):
                raise
            raise _unreadable(source, error) from error

    def _check_files(self):
        first = None
        for fragment in self._dataset.get_fragments():
            here = {field.name: field.type for field in fragment.physical_schema}
            name = getattr(fragment, "path", "a part")
            if first is None:
                first = here, name
            for column in {**first[0], **here}:
                types = [part.get(column, "missing") for part in (first[0], here)]
                if types[0] != types[1]:
                    raise _SchemaError(
                        f"Column {column!r} is {types[0]} in {first[1]} but {types[1]} in {name}; "
                        "write the files with the same columns and types."
                    )

    def blocks(self, columns, most):
        few = {"batch_readahead": 1, "fragment_readahead": 1}
        try:
            for batch in self._dataset.to_batches(columns=columns, batch_size=most, **few):
                yield batch.to_pandas()
        except (OSError, ValueError, TypeError) as error:
            raise _unreadable(self._source, error) from error


class _SchemaError(ValueError):
    pass


class _Partitions:
    """Rows of a data frame of Dask."""

    def __init__(self, frame):
        self._frame = frame
        self.columns = [str(name) for name in frame.columns]
        self.n_columns = len(self.columns)
        self.n_rows = int(frame.map_partitions(len).compute().sum())

    def blocks(self, columns, most):
        for k in range(self._frame.npartitions):
            yield self._frame[columns].partitions[k].compute()


def _dataset(path):
    _import("pyarrow", "open_table")
    from pyarrow import dataset

    try:
        return dataset.dataset(path, format="parquet")
    except (OSError, ValueError, TypeError) as error:
        raise _unreadable(path, error) from error


def _import(library, caller):
    try:
        __import__(library)
    except ImportError as error:
        raise ImportError(
            f"{caller} needs {library} to read Parquet: pip install 'skdropout[parquet]'"
        ) from error
