"""Convolutions as functions of tensors, three ways: native, sub-pixel and Winograd's."""
