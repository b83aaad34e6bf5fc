"""Recorded bodies in one spelling: clients write the wire's names in two, and base64 in two alphabets."""

from typing import Any

OPAQUE = frozenset({"args", "response", "parametersJsonSchema", "responseJsonSchema", "labels", "partMetadata"})
"""Below these names stands the caller's own JSON, whose names are not the wire's."""

_BYTES = frozenset({"data", "thoughtSignature"})


def camel(name: str) -> str:
    """`file_data` as `fileData`."""
    head, *tail = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in tail)


def camel_body(value: Any) -> Any:
    """The value with every name of the wire in camel case, and every run of bytes in the standard alphabet."""
    if isinstance(value, list):
        return [camel_body(item) for item in value]
    if not isinstance(value, dict):
        return value
    spelled: dict[str, Any] = {}
    for name, item in value.items():
        key = camel(name)
        if key in _BYTES and isinstance(item, str):
            # Spelled, not decoded: some records had words cut out of their bytes before they were given to us.
            spelled[key] = item.replace("-", "+").replace("_", "/").rstrip("=")
        elif key == "properties" and isinstance(item, dict):
            spelled[key] = {own: camel_body(schema) for own, schema in item.items()}
        else:
            spelled[key] = item if key in OPAQUE else camel_body(item)
    return spelled


def camel_part(part: dict[str, Any]) -> dict[str, Any]:
    """One part, spelled so."""
    spelled = camel_body(part)
    assert isinstance(spelled, dict)
    return spelled
