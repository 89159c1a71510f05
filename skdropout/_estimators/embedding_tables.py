"""Learnt vectors of categories, as tables that people can read."""


def import_pandas(caller):
    """Return ``pandas``, or raise an ImportError that says how to get it."""
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError(f"{caller} needs pandas: pip install 'skdropout[plot]'") from error
    return pd


def embedding_tables(encoding, encoder):
    """Return {column name: DataFrame}, one row per level, then "missing" and "unknown".

    Parameters
    ----------
    encoding : TableEncoding
    encoder : TableEncoder

    Returns
    -------
    tables : dict of str to pandas.DataFrame
        Columns are the vectors' coordinates; with several members (member, coordinate).
    """
    pd = import_pandas("embeddings_")
    tables = {}
    for embedding, columns in zip(encoding.embeddings, encoding.embedded_columns, strict=True):
        vectors = embedding.weight.detach().cpu().numpy()
        n_members, _, dim = vectors.shape
        for c, start in zip(columns, embedding.first_row.tolist(), strict=True):
            labels = [*encoder.levels_[c], "missing", "unknown"]
            rows = vectors[:, start : start + len(labels)]
            if n_members == 1:
                header = range(dim)
            else:
                header = pd.MultiIndex.from_product(
                    [range(n_members), range(dim)], names=["member", "coordinate"]
                )
            name = encoder.names_[encoder.categorical_[c]]
            table = rows.transpose(1, 0, 2).reshape(len(labels), -1)
            tables[name] = pd.DataFrame(table, index=pd.Index(labels, name=name), columns=header)
    return {encoder.names_[j]: tables[encoder.names_[j]] for j in encoder.categorical_}
