"""What holds for every test."""

from hypothesis import settings

# A law is not broken because the machine was busy for a moment.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")
