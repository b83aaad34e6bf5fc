"""What may differ between a recorded request and ours, each with its reason. Everything else must be equal."""

import mimetypes
from collections.abc import Callable
from typing import Any

from providers.google.encode_parts import SKIP_SIGNATURE
from tests.conformance.google.wire_names import camel_body

_STAND_IN = SKIP_SIGNATURE.rstrip("=")

Body = dict[str, Any]


def _one_list_of_tools(body: Body) -> None:
    tools = body.get("tools", [])
    tools = tools if isinstance(tools, list) else [tools]
    declarations = [own for tool in tools for own in tool.get("functionDeclarations", [])]
    others = [{name: own} for tool in tools for name, own in tool.items() if name != "functionDeclarations"]
    body["tools"] = [*others, *([{"functionDeclarations": declarations}] if declarations else [])]


def _json_schema_of_tools(body: Body) -> None:
    for tool in body.get("tools", []):
        for declaration in tool.get("functionDeclarations", []):
            if "parameters" in declaration:
                declaration["parametersJsonSchema"] = _as_json_schema(declaration.pop("parameters"))


def _as_json_schema(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_as_json_schema(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: own.lower() if name == "type" and isinstance(own, str) else _as_json_schema(own)
        for name, own in schema.items()
    }


def _merged_turns(body: Body) -> None:
    merged: list[Body] = []
    contents = body["contents"]
    for content in contents if isinstance(contents, list) else [contents]:
        role = "model" if content.get("role") == "model" else "user"
        parts = content.get("parts") or []
        parts = parts if isinstance(parts, list) else [parts]
        if merged and merged[-1]["role"] == role:
            merged[-1]["parts"] += parts
        elif parts:
            merged.append({"role": role, "parts": list(parts)})
    body["contents"] = merged


def _instruction_role(body: Body) -> None:
    if "systemInstruction" in body:
        parts = body["systemInstruction"]["parts"]
        body["systemInstruction"] = {"role": "user", "parts": parts if isinstance(parts, list) else [parts]}


def _empty_args(body: Body) -> None:
    for content in body["contents"]:
        for part in content["parts"]:
            if "functionCall" in part:
                part["functionCall"].setdefault("args", {})


def _skip_signatures(body: Body) -> None:
    for content in body["contents"]:
        for part in content["parts"]:
            if "functionCall" in part and part.get("thoughtSignature") == _STAND_IN:
                del part["thoughtSignature"]


def _guessed_media_types(body: Body) -> None:
    for content in body["contents"]:
        for part in content["parts"]:
            if "fileData" in part:
                file = part["fileData"]
                guessed = mimetypes.guess_type(file["fileUri"].partition("?")[0])[0]
                if guessed:
                    file.setdefault("mimeType", guessed)


def _all_functions_allowed(body: Body) -> None:
    calling = body.get("toolConfig", {}).get("functionCallingConfig", {})
    names = {own["name"] for tool in body["tools"] for own in tool.get("functionDeclarations", [])}
    if calling.get("mode") == "ANY" and set(calling.get("allowedFunctionNames", [])) in (names, set()):
        calling.pop("allowedFunctionNames", None)


def _server_tool_flag(body: Body) -> None:
    names = {name for tool in body["tools"] for name in tool}
    if "functionDeclarations" in names and len(names) > 1:
        body.setdefault("toolConfig", {})["includeServerSideToolInvocations"] = True


def _shown_thoughts(body: Body) -> None:
    thinking = body.get("generationConfig", {}).get("thinkingConfig", {})
    if "thinkingBudget" in thinking or "thinkingLevel" in thinking:
        if thinking.get("includeThoughts") is not False:
            thinking.pop("includeThoughts", None)
        if "thinkingLevel" in thinking:
            thinking["thinkingLevel"] = thinking["thinkingLevel"].upper()


def _no_empty_objects(body: Body) -> None:
    for name in ("tools", "toolConfig", "generationConfig"):
        if not body.get(name, True):
            del body[name]


LOSSES: tuple[tuple[Callable[[Body], None], str], ...] = (
    (_one_list_of_tools, "functions may stand in one Tool or several; a single Tool may stand without its list"),
    (_json_schema_of_tools, "a schema in OpenAPI's dialect goes out as the same JSON Schema, types in lower case"),
    (
        _merged_turns,
        "neighbouring turns of one speaker mean the same as one turn, and results must share one; one may lack its list",
    ),
    (_instruction_role, "the instruction's role is ignored by the API; a lone part may lack its list"),
    (_empty_args, "a call without arguments may leave them out"),
    (_skip_signatures, "calls that no Gemini 3 model signed get the stand-in that Google documents"),
    (_all_functions_allowed, "allowing every function is allowing any"),
    (_server_tool_flag, "the Gemini API wants the flag where functions stand beside server tools; Vertex does without"),
    (_shown_thoughts, "we ask to see thoughts whenever reasoning is asked for; levels are read in either case"),
    (_guessed_media_types, "a file without a media type gets the one that its name tells"),
    (_no_empty_objects, "an empty object is none"),
)


def normalised(body: Body) -> Body:
    """The body with all that may differ made equal."""
    same: Body = camel_body(body)
    for make_equal, _reason in LOSSES:
        make_equal(same)
    return same
