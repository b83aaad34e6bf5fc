"""Asking providers which models they have."""

import asyncio
from collections.abc import Iterable, Mapping

from contracts.catalog import DiscoveredModel
from contracts.errors import ErrorKind, PerdureError, ProviderError
from providers.protocol import Listing, Provider

SECONDS = 20.0
"""How long a provider may take to list its models, pages and details included."""
MOST_MODELS = 5_000
"""Of one provider. Routers list some hundreds; a server that lists more is not believed."""


def listing(providers: Mapping[str, Provider]) -> dict[str, Listing]:
    """Those of the providers that can list their models."""
    return {name: provider for name, provider in providers.items() if isinstance(provider, Listing)}


async def discover(name: str, provider: Listing, *, seconds: float = SECONDS) -> tuple[DiscoveredModel, ...]:
    """The models that a provider lists, each once, in its order. Raises `ProviderError`, of kind `timeout` after `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            found = await provider.list_models()
    except TimeoutError:
        message = f"{name} did not list its models within {seconds:g} s"
        raise ProviderError(ErrorKind.TIMEOUT, message, provider=name) from None
    except PerdureError:
        raise
    except Exception as error:
        # Other people's servers answer with anything; what we did not foresee must not stop the others' discovery.
        message = f"{name} lists its models in a shape that is not understood ({type(error).__name__})"
        raise ProviderError(ErrorKind.UNAVAILABLE, message, provider=name) from error
    return _each_once(found)


def _each_once(found: Iterable[DiscoveredModel]) -> tuple[DiscoveredModel, ...]:
    return tuple({model.name: model for model in found}.values())[:MOST_MODELS]
