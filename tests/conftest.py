"""What holds for every test."""

from hypothesis import HealthCheck, settings

# A law is not broken because the machine was busy for a moment.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")
