"""Chance that leaves torch's own random state alone."""

import torch


def fresh_generator(device: torch.device) -> torch.Generator:
    """A new generator with a seed from the operating system."""
    generator = torch.Generator(device)
    generator.seed()
    return generator
