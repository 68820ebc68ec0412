"""What of an example was lost when it was read."""


def missing(example: object, read: object, at: str = "") -> list[str]:
    """The paths of what stands in the example and not in what was read."""
    if isinstance(example, dict) and isinstance(read, dict):
        return [
            path
            for key, value in example.items()
            for path in (missing(value, read[key], f"{at}.{key}") if key in read else [f"{at}.{key}"])
        ]
    if isinstance(example, list) and isinstance(read, list) and len(example) == len(read):
        return [
            path
            for n, (one, other) in enumerate(zip(example, read, strict=True))
            for path in missing(one, other, f"{at}.{n}")
        ]
    return [] if example == read else [f"{at}: {example!r} became {read!r}"]
