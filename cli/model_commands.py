"""The commands of `perdure models`."""

import asyncio
from typing import Annotated

import typer

from cli.evaluating import evaluate_models
from cli.options import Json, Key, Url

models_app = typer.Typer(help="Models.", no_args_is_help=True)
models_app.command("evaluate")(evaluate_models)


@models_app.command("list")
def models_list(
    search: Annotated[str, typer.Argument(help="Words of the model's name, aliases or tags.")] = "",
    provider: Annotated[list[str] | None, typer.Option(help="Of this provider; may be repeated.")] = None,
    capability: Annotated[list[str] | None, typer.Option(help="That can this, as tools; may be repeated.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="With this tag; may be repeated.")] = None,
    region: Annotated[list[str] | None, typer.Option(help="Processed in this region; may be repeated.")] = None,
    privacy: Annotated[list[str] | None, typer.Option(help="With this promise; may be repeated.")] = None,
    min_window: Annotated[int | None, typer.Option(help="Taking at least so many tokens.")] = None,
    max_price: Annotated[str | None, typer.Option(help="At most so many USD per million tokens, blended 3:1.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those on their way out or not for chat.")] = False,
    available: Annotated[bool, typer.Option("--available", help="Only those that can be asked now.")] = False,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """List the models that can be asked for."""
    from cli.client import reach
    from cli.models import list_models

    asked = {
        "q": search,
        "provider": provider,
        "capability": capability,
        "tag": tag,
        "region": region,
        "privacy": privacy,
        "min_window": min_window,
        "max_price": max_price,
        "chats": None if everything else "true",
        "deprecated": "true" if everything else None,
    }
    asyncio.run(list_models(reach(url, key), asked, available=available, as_json=as_json))


@models_app.command("show")
def models_show(model: str, url: Url = None, key: Key = None, as_json: Json = False) -> None:
    """Say what is known of a model, by `provider:model`, bare name or alias."""
    from cli.client import reach
    from cli.models import show_model

    asyncio.run(show_model(reach(url, key), model, as_json=as_json))


@models_app.command("test")
def models_test(
    models: Annotated[
        list[str], typer.Argument(help="By provider:model, bare name or alias; several are asked at once.")
    ],
    prompt: Annotated[str | None, typer.Option(help="What to say; by default a request for one word.")] = None,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Ask models for a few words, once each: do they answer, how fast, at what cost? Fails where one does not."""
    from cli.client import reach
    from cli.testing import test_models

    asyncio.run(test_models(reach(url, key), models, prompt=prompt, as_json=as_json))


@models_app.command("compare")
def models_compare(
    prompt: Annotated[str, typer.Argument(help="What to ask; - reads it from standard input.")],
    models: Annotated[list[str], typer.Argument(help="Two to ten models; auto and auto:cost let routing choose one.")],
    max_output_tokens: Annotated[int | None, typer.Option(help="The longest answer of each.")] = None,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Ask several models the same, and show their answers side by side as they come. Fails where one does not answer."""
    from cli.client import reach
    from cli.comparing import compare_models

    said = typer.get_text_stream("stdin").read() if prompt == "-" else prompt
    asyncio.run(compare_models(reach(url, key), said, models, tokens=max_output_tokens, as_json=as_json))


@models_app.command("refresh")
def models_refresh(
    provider: Annotated[list[str] | None, typer.Option(help="Only this provider; may be repeated.")] = None,
    url: Url = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Have the providers asked which models they have, and say what came of it."""
    from cli.client import reach
    from cli.models import refresh_models

    asyncio.run(refresh_models(reach(url, key), provider or [], as_json=as_json))
