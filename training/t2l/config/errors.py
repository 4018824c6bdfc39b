"""What is raised when what was asked for cannot be done, and by configurations in particular."""


class Refusal(ValueError):
    """Its message is a sentence for the person who asked, and all that the command line says."""


class ConfigError(Refusal):
    """A configuration that cannot be used; the message names key, problem and remedy."""
