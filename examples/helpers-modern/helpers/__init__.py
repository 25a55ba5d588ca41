"""Small functions that every project of the company uses."""


def greeting(name):
    """Returns a polite line for `name`."""
    return f"Hello, {name}."
