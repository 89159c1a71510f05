"""Categories as learnt vectors, for any other model."""
