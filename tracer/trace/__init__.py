"""The record of a computation, and a moment in it."""
