"""What every part of a configuration raises when it cannot be used."""


class ConfigError(ValueError):
    """A configuration that cannot be used; the message names key, problem and remedy."""
