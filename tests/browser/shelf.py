"""Packages that are worth looking at."""

from __future__ import annotations

from support.distributions import sdist, wheel

README = """# Paint

Paints **walls** and [fences](https://example.org/fences).

```python
import paint

paint.wall("red", brush=7)
```

| colour | price |
| --- | --- |
| red | 7 |
"""

SHELF = [
    wheel("paint", "1.0", summary="Paints walls with a brush", requires_python=">=3.9"),
    wheel(
        "paint",
        "1.1",
        source="COLOURS = ['red', 'green']\n",
        readme=README,
        description_content_type="text/markdown",
        summary="Paints walls with a brush",
        requires_python=">=3.9",
        requires_dist=["brush>=2", "unknown-thing; extra == 'dark'"],
        keywords="wall,colour",
        author="Ada",
        author_email="Ada <ada@example.org>",
        license_expression="MIT",
        classifier=["Topic :: Home", "Programming Language :: Python :: 3"],
        project_url=["Source, https://example.org/paint", "Bad, javascript:alert(1)"],
        provides_extra=["dark"],
    ),
    sdist("paint", "1.1"),
    wheel("brush", "2.0", summary="For painters"),
    wheel("quiet", "0.1"),
]
