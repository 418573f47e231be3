"""Pictures of a computation: DOT text, SVG, PNG and PDF, all drawn from one scene."""
