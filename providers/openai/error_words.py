"""How OpenAI, and servers that speak its wires, word their errors: codes first, then sentences, then statuses.

Sources: platform.openai.com/docs/guides/error-codes, the error pages of the other vendors, and recorded bodies.
"""

import re

from contracts.errors import ErrorKind

BY_CODE: dict[str, ErrorKind] = {
    "context_length_exceeded": ErrorKind.CONTEXT_OVERFLOW,
    "context_window_exceeded": ErrorKind.CONTEXT_OVERFLOW,
    "exceed_context_size_error": ErrorKind.CONTEXT_OVERFLOW,
    "insufficient_quota": ErrorKind.AUTHENTICATION,
    "billing_hard_limit_reached": ErrorKind.AUTHENTICATION,
    "billing_not_active": ErrorKind.AUTHENTICATION,
    "insufficient_balance": ErrorKind.AUTHENTICATION,
    "insufficient_credits": ErrorKind.AUTHENTICATION,
    "payment_required": ErrorKind.AUTHENTICATION,
    "credit_limit": ErrorKind.AUTHENTICATION,
    "exceeded_current_quota_error": ErrorKind.AUTHENTICATION,
    "organization_restricted": ErrorKind.AUTHENTICATION,
    "account_suspended": ErrorKind.AUTHENTICATION,
    "account_deactivated": ErrorKind.AUTHENTICATION,
    "access_terminated": ErrorKind.AUTHENTICATION,
    "invalid_api_key": ErrorKind.AUTHENTICATION,
    "wrong_api_key": ErrorKind.AUTHENTICATION,
    "invalid_authentication_error": ErrorKind.AUTHENTICATION,
    "incorrect_api_key_error": ErrorKind.AUTHENTICATION,
    "authentication_error": ErrorKind.AUTHENTICATION,
    "unauthenticated": ErrorKind.AUTHENTICATION,
    "permission_error": ErrorKind.AUTHENTICATION,
    "permission_denied": ErrorKind.AUTHENTICATION,
    "unsupported_country_region_territory": ErrorKind.AUTHENTICATION,
    "content_filter": ErrorKind.CONTENT_REFUSED,
    "content_filter_error": ErrorKind.CONTENT_REFUSED,
    "content_policy_violation": ErrorKind.CONTENT_REFUSED,
    "image_content_policy_violation": ErrorKind.CONTENT_REFUSED,
    "moderation_blocked": ErrorKind.CONTENT_REFUSED,
    "responsibleaipolicyviolation": ErrorKind.CONTENT_REFUSED,
    "invalid_prompt": ErrorKind.CONTENT_REFUSED,
    "bio_policy": ErrorKind.CONTENT_REFUSED,
    "cyber_policy": ErrorKind.CONTENT_REFUSED,
    "model_not_found": ErrorKind.NOT_FOUND,
    "model_not_available": ErrorKind.NOT_FOUND,
    "model_not_supported": ErrorKind.NOT_FOUND,
    "resource_does_not_exist": ErrorKind.NOT_FOUND,
    "model_decommissioned": ErrorKind.NOT_FOUND,
    "unknown_model": ErrorKind.NOT_FOUND,
    "invalid_model": ErrorKind.NOT_FOUND,
    "deploymentnotfound": ErrorKind.NOT_FOUND,
    "not_found_error": ErrorKind.NOT_FOUND,
    "overloaded_error": ErrorKind.OVERLOADED,
    "engine_overloaded_error": ErrorKind.OVERLOADED,
    "server_is_overloaded": ErrorKind.OVERLOADED,
    "service_unavailable_error": ErrorKind.OVERLOADED,
    "slow_down": ErrorKind.OVERLOADED,
    "temporarily_unavailable": ErrorKind.OVERLOADED,
    "capacity_exceeded": ErrorKind.OVERLOADED,
    "service_tier_capacity_exceeded": ErrorKind.OVERLOADED,
    "nocapacity": ErrorKind.OVERLOADED,
    "rate_limit_exceeded": ErrorKind.RATE_LIMITED,
    "rate_limit_error": ErrorKind.RATE_LIMITED,
    "rate_limit_reached_error": ErrorKind.RATE_LIMITED,
    "ratelimitreached": ErrorKind.RATE_LIMITED,
    "request_limit_exceeded": ErrorKind.RATE_LIMITED,
    "request_quota_exceeded": ErrorKind.RATE_LIMITED,
    "token_quota_exceeded": ErrorKind.RATE_LIMITED,
    "too_many_tokens_error": ErrorKind.RATE_LIMITED,
    # Google's word for a quota that comes back, whose sentence is that of OpenAI for one that does not.
    "resource_exhausted": ErrorKind.RATE_LIMITED,
    "too_many_requests": ErrorKind.RATE_LIMITED,
    "too_many_requests_error": ErrorKind.RATE_LIMITED,
    "throttlingexception": ErrorKind.RATE_LIMITED,
    # The model wrote a call or JSON that its own server refused: asked again it often does better.
    "tool_use_failed": ErrorKind.UNAVAILABLE,
    "json_validate_failed": ErrorKind.UNAVAILABLE,
    "output_parse_failed": ErrorKind.UNAVAILABLE,
    "request_timeout": ErrorKind.TIMEOUT,
    "timeout": ErrorKind.TIMEOUT,
    "server_error": ErrorKind.UNAVAILABLE,
    "internal_error": ErrorKind.UNAVAILABLE,
    "internal_server_error": ErrorKind.UNAVAILABLE,
    "internalservererror": ErrorKind.UNAVAILABLE,
    "api_error": ErrorKind.UNAVAILABLE,
    "vector_store_timeout": ErrorKind.UNAVAILABLE,
    # Numbers of Mistral (1300, 1500, 3051, 3505) and Z.ai (docs.z.ai/api-reference/api-code), whose sentences may be Chinese.
    "1300": ErrorKind.RATE_LIMITED,
    "1500": ErrorKind.NOT_FOUND,
    "3051": ErrorKind.CONTEXT_OVERFLOW,
    "3505": ErrorKind.OVERLOADED,
    "1110": ErrorKind.AUTHENTICATION,
    "1111": ErrorKind.AUTHENTICATION,
    "1112": ErrorKind.AUTHENTICATION,
    "1113": ErrorKind.AUTHENTICATION,
    "1211": ErrorKind.NOT_FOUND,
    "1261": ErrorKind.CONTEXT_OVERFLOW,
    "1301": ErrorKind.CONTENT_REFUSED,
    "1302": ErrorKind.RATE_LIMITED,
    "1303": ErrorKind.RATE_LIMITED,
    "1305": ErrorKind.OVERLOADED,
    "1308": ErrorKind.RATE_LIMITED,
}
"""By `code` or `type`, in lower case. Words that many causes share (`invalid_request_error`) are left to the sentences."""

_SENTENCES: tuple[tuple[str, ErrorKind], ...] = (
    (
        # A request larger than a minute's allowance is a 429 (Groq: 413) that waiting does not cure.
        r"request too large for model|request too large for .* tokens per min|"
        r"maximum (?:context|prompt|model) length|context[ _-](?:window|length|limit|size)|input is too long|"
        r"input tokens exceeded|model token limit|must have less than \d+ tokens|max_new_tokens` must be|"
        r"max tokens of \d+ exceeded|prompt exceeds max length|"
        r"prompt is too long|prompt (?:contains|has) \d+ tokens.*too large|"
        r"too many (?:input )?tokens(?!.{0,20}(?:per |processed|please wait))|"
        r"reduce the length of (?:the|your) (?:messages|prompt|input)|token limit reached|"
        r"input token count.*exceed|exceeds? .*maximum number of (?:input )?tokens|"
        r"(?:input|prompt) .*(?:exceeds?|longer than) .*(?:token|context|model)|number of input tokens exceeds",
        ErrorKind.CONTEXT_OVERFLOW,
    ),
    (
        r"credit balance is too low|insufficient (?:account )?(?:balance|credits?|funds|quota)|"
        r"requires more credits|used all available credits|any credits yet|monthly (?:included credits|spending limit)|"
        r"does not have balance|account .{0,60}suspended|out of credits|(?:ran|run) out of .*credits?|exhausted .*credits|"
        r"billing (?:hard limit|is not active)|payment required|(?:spend|spending|key) limit (?:reached|exceeded)|"
        r"exceeded your current quota, please check your plan and billing",
        ErrorKind.AUTHENTICATION,
    ),
    (
        r"(?:incorrect|invalid|missing|expired|wrong|unknown|no) (?:\w+ )?api[ _-]?key|"
        r"api[ _-]?key (?:\w+ )?(?:is |was )?(?:not valid|invalid|not found|expired|missing|incorrect|disabled|revoked)|"
        r"didn't provide an api key|invalid (?:authentication|credentials|(?:access|auth|bearer) token)|credential was not sent|"
        r"authentication (?:fails|failed)|no auth credentials|user not found|"
        r"you don't have access to the model with the specified model id",
        ErrorKind.AUTHENTICATION,
    ),
    (
        r"content management policy|usage (?:polic(?:y|ies)|guidelines)|flagged by moderation|"
        r"content polic(?:y|ies)|safety system|"
        r"content exists risk|input was flagged|flagged as potentially|responsible ai policy|"
        r"(?:inappropriate|sensitive) content|prompt was (?:blocked|flagged|filtered)",
        ErrorKind.CONTENT_REFUSED,
    ),
    (
        r"model [^.]{0,120}(?:does not exist|doesn't exist|not found|not exist|not available|was removed|is no longer|"
        r"has been (?:deprecated|decommissioned))|model not found|no such model|unknown model|model identifier is invalid|"
        r"(?:invalid|unsupported) model(?: id| name)?\b|no endpoints found|not a valid model id|"
        r"model \S+ is not (?:supported|available)|no (?:allowed )?providers? (?:are )?available for",
        ErrorKind.NOT_FOUND,
    ),
    (r"overloaded|over capacity|at capacity|capacity (?:limit|exceeded)|too busy", ErrorKind.OVERLOADED),
    (
        r"rate[ -]?limit|too many requests|requests per second|rate exceeded|throttl|quota exceeded|exceeded .*quota|"
        r"temporarily rate-limited",
        ErrorKind.RATE_LIMITED,
    ),
    (r"failed to (?:call a function|generate json)|failed_generation", ErrorKind.UNAVAILABLE),
    (r"timed? ?out|deadline exceeded", ErrorKind.TIMEOUT),
)
BY_SENTENCE = tuple((re.compile(pattern, re.IGNORECASE | re.DOTALL), kind) for pattern, kind in _SENTENCES)
"""By what the message says, the first that fits."""

BY_STATUS: dict[int, ErrorKind] = {
    401: ErrorKind.AUTHENTICATION,
    402: ErrorKind.AUTHENTICATION,
    403: ErrorKind.AUTHENTICATION,
    404: ErrorKind.NOT_FOUND,
    408: ErrorKind.TIMEOUT,
    # The SDK's own policy: a lock that was not had in time, worth another try.
    409: ErrorKind.UNAVAILABLE,
    # Groq: the flex tier has no room.
    498: ErrorKind.OVERLOADED,
    429: ErrorKind.RATE_LIMITED,
    503: ErrorKind.OVERLOADED,
    504: ErrorKind.TIMEOUT,
    524: ErrorKind.TIMEOUT,
    529: ErrorKind.OVERLOADED,
}

PREFILL = re.compile(
    r"prefill|last message must (?:have the role|be)|must end with a user message|expected last role|"
    r"(?:last|final) (?:message|turn) .*(?:assistant|user)",
    re.IGNORECASE | re.DOTALL,
)
"""A server that does not go on from an assistant's message."""
