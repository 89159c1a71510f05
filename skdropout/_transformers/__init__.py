"""Transformers made of fitted networks."""

from skdropout._transformers.embedding.encoder import EmbeddingEncoder
from skdropout._transformers.interactions.finder import SmoothHessInteractions
