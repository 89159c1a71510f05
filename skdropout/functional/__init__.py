"""The equations, in torch alone: tensors in, tensors out."""
