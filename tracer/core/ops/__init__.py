"""The ops themselves, by topic. Importing this package registers them all."""

from tracer.core.ops import elementwise as elementwise
