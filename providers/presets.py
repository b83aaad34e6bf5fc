"""What is known of the services that speak a known wire: where they are, how they are asked, where their key is looked for.

Sources are each vendor's own reference of its API; where a recording of the vendor exists its paths agree.
"""

from dataclasses import dataclass

from providers.protocol import Wire


@dataclass(frozen=True, slots=True)
class Preset:
    """One service. What a stanza says goes before everything here.

    `base_url` may hold `{location}`; None where each customer has an address, which `example` shows. `keys`, `addresses`,
    `versions`, `projects` and `locations` name environment variables, the first that is set counts. `needs_key`: without a key
    nothing answers. `automatic`: a key in the environment is enough, since that variable means this service and no other.
    `price_list` is the service's name in the `genai-prices` list, empty where that has none; `huggingface` stands for the
    lists of all the services behind its router. `whole_list`: its models endpoint names everything that can be asked for, so
    that what it does not name is gone. `first_token_seconds`: how long it may be silent, where that is longer than elsewhere.
    """

    wire: Wire = "openai-chat"
    base_url: str | None = None
    keys: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    location: str = ""
    needs_key: bool = True
    automatic: bool = False
    example: str = ""
    price_list: str = ""
    whole_list: bool = False
    first_token_seconds: float | None = None


PRESETS: dict[str, Preset] = {
    "azure": Preset(
        wire="openai",
        keys=("AZURE_OPENAI_API_KEY",),
        addresses=("AZURE_OPENAI_ENDPOINT",),
        versions=("AZURE_OPENAI_API_VERSION", "OPENAI_API_VERSION"),
        automatic=True,
        example="https://RESOURCE.openai.azure.com",
        price_list="azure",
    ),
    "bedrock": Preset(
        wire="bedrock",
        keys=("AWS_BEARER_TOKEN_BEDROCK",),
        locations=("AWS_REGION", "AWS_DEFAULT_REGION"),
        # Without a token the SDK signs with the credentials that AWS's own chain finds.
        needs_key=False,
        price_list="aws",
    ),
    "bedrock-mantle": Preset(
        wire="openai",
        base_url="https://bedrock-mantle.{location}.api.aws/openai/v1",
        keys=("AWS_BEARER_TOKEN_BEDROCK",),
        locations=("AWS_REGION", "AWS_DEFAULT_REGION"),
        needs_key=False,
        price_list="aws",
    ),
    "cerebras": Preset(
        base_url="https://api.cerebras.ai/v1",
        keys=("CEREBRAS_API_KEY",),
        automatic=True,
        price_list="cerebras",
        whole_list=True,
    ),
    "cohere": Preset(
        wire="cohere",
        base_url="https://api.cohere.com",
        keys=("CO_API_KEY", "COHERE_API_KEY"),
        automatic=True,
        price_list="cohere",
    ),
    "crusoe": Preset(base_url="https://api.inference.crusoecloud.com/v1", keys=("CRUSOE_API_KEY",), automatic=True),
    "databricks": Preset(
        keys=("DATABRICKS_TOKEN",), example="https://WORKSPACE/serving-endpoints", price_list="databricks"
    ),
    "deepseek": Preset(
        base_url="https://api.deepseek.com",
        keys=("DEEPSEEK_API_KEY",),
        automatic=True,
        price_list="deepseek",
        whole_list=True,
    ),
    "fireworks": Preset(
        base_url="https://api.fireworks.ai/inference/v1",
        keys=("FIREWORKS_API_KEY",),
        automatic=True,
        price_list="fireworks",
    ),
    "google-openai": Preset(
        base_url="https://generativelanguage.googleapis.com/v1beta/openai",
        keys=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        price_list="google",
        whole_list=True,
    ),
    "groq": Preset(
        base_url="https://api.groq.com/openai/v1",
        keys=("GROQ_API_KEY",),
        automatic=True,
        price_list="groq",
        whole_list=True,
    ),
    "heroku": Preset(base_url="https://us.inference.heroku.com/v1", keys=("HEROKU_INFERENCE_KEY", "INFERENCE_KEY")),
    # The token also serves downloads, so it alone does not mean that the router shall be asked.
    "huggingface": Preset(
        base_url="https://router.huggingface.co/v1",
        keys=("HF_TOKEN", "HUGGINGFACE_API_KEY"),
        price_list="huggingface",
    ),
    "mistral": Preset(
        base_url="https://api.mistral.ai/v1",
        keys=("MISTRAL_API_KEY",),
        automatic=True,
        price_list="mistral",
        whole_list=True,
    ),
    "moonshotai": Preset(
        base_url="https://api.moonshot.ai/v1",
        keys=("MOONSHOT_API_KEY",),
        automatic=True,
        price_list="moonshotai",
        whole_list=True,
    ),
    "ollama": Preset(
        base_url="http://127.0.0.1:11434/v1",
        keys=("OLLAMA_API_KEY",),
        addresses=("OLLAMA_HOST",),
        needs_key=False,
        # It loads a model when it is first asked (github.com/ollama/ollama, docs/faq: OLLAMA_KEEP_ALIVE).
        first_token_seconds=120,
    ),
    "openrouter": Preset(
        base_url="https://openrouter.ai/api/v1",
        keys=("OPENROUTER_API_KEY",),
        automatic=True,
        price_list="openrouter",
        whole_list=True,
    ),
    "perplexity": Preset(
        base_url="https://api.perplexity.ai", keys=("PERPLEXITY_API_KEY",), automatic=True, price_list="perplexity"
    ),
    "snowflake": Preset(
        keys=("SNOWFLAKE_TOKEN", "SNOWFLAKE_PAT"),
        example="https://ACCOUNT.snowflakecomputing.com/api/v2/cortex/v1",
    ),
    "together": Preset(
        base_url="https://api.together.xyz/v1", keys=("TOGETHER_API_KEY",), automatic=True, price_list="together"
    ),
    "vertex": Preset(
        wire="google",
        keys=("VERTEX_API_KEY",),
        projects=("GOOGLE_CLOUD_PROJECT",),
        locations=("GOOGLE_CLOUD_LOCATION",),
        location="global",
        # Without one, google-auth finds credentials: a service account's file, a machine's, a person's.
        needs_key=False,
        price_list="google",
    ),
    "xai": Preset(
        base_url="https://api.x.ai/v1", keys=("XAI_API_KEY",), automatic=True, price_list="x-ai", whole_list=True
    ),
    "zai": Preset(base_url="https://api.z.ai/api/paas/v4", keys=("ZAI_API_KEY",), automatic=True, price_list="zai"),
}
"""Every service that a stanza of one word reaches, by that word."""


OWN: dict[str, Preset] = {
    "openai": Preset(wire="openai", keys=("OPENAI_API_KEY",), addresses=("OPENAI_BASE_URL",)),
    "anthropic": Preset(wire="anthropic", keys=("ANTHROPIC_API_KEY",), addresses=("ANTHROPIC_BASE_URL",)),
    "google": Preset(wire="google", keys=("GEMINI_API_KEY", "GOOGLE_API_KEY"), addresses=("GOOGLE_GEMINI_BASE_URL",)),
}
"""The vendors that have settings of their own and need a stanza for several credentials alone. Their SDKs know the addresses."""


def preset_of(vendor: str) -> Preset | None:
    """The preset called `vendor`, or None."""
    return PRESETS.get(vendor)
