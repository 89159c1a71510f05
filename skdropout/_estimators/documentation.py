"""What several estimators share is documented once, where it is defined."""

import inspect
import re

_ORDER = ("Parameters", "Attributes", "See Also", "Notes", "References", "Examples")


def documented(cls):
    """Complete the docstring of a public class by sections of its bases.

    Parameters, in the order of the signature, and attributes are those of all its bases in this
    library; notes and references, if it has none of its own, are those of the next base that has.
    So no text is written twice, and each stands beside what it is about.
    """
    bases = [_sections(base) for base in cls.__mro__ if base.__module__.startswith("skdropout")]
    sections = {name: text for base in reversed(bases[1:]) for name, text in base.items()}
    sections |= bases[0]
    for name in ("Parameters", "Attributes"):
        entries = {key: text for base in reversed(bases) for key, text in _entries(base, name)}
        if name == "Parameters":
            entries = {key: entries[key] for key in inspect.signature(cls).parameters}
        sections[name] = "\n\n".join(entries.values())
    parts = [bases[0][""]]
    parts += [f"{name}\n{'-' * len(name)}\n{sections[name]}" for name in _ORDER if name in sections]
    cls.__doc__ = "\n\n".join(parts)
    return cls


def _sections(cls):
    """Return {title: text} of a numpydoc docstring; what comes first has no title."""
    doc = inspect.cleandoc(vars(cls).get("__doc__") or "")
    first, *others = re.split(r"^(\w[\w ]*)\n-{3,}\n", doc, flags=re.MULTILINE)
    titled = dict(zip(others[::2], others[1::2], strict=True))
    return {title: text.strip() for title, text in {"": first, **titled}.items()}


def _entries(sections, name):
    """Yield (name, text) of the parameters or attributes in a section."""
    for text in re.split(r"\n+(?=\w)", sections.get(name, "")):
        if text:
            yield text.partition(" : ")[0], text
