"""The dropout rate chosen by cross-validation: all rates and folds are members of one stack."""
