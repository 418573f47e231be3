"""One application of an op, opened: as its composite on tensors, or down to single numbers. Generated from the op."""
