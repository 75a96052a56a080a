"""What stops an environment that no service refused: it cannot work as it was described."""


class Unfit(Exception):
    """The environment cannot work as it was described; the text is its statusReason."""
