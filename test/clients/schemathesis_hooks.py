"""What Schemathesis must know of this API beyond its description.

Some rules no schema can express: a cursor must be one that the endpoint made, an embedding as long
as the encoder says, a bundle must lie in the bucket. Such refusals have codes of their own, so the
check below takes the place of ``positive_data_acceptance`` and is stricter in all else: a request
that follows the schemas may be refused with 400 or 422 for one of these codes only.
"""

import os

import schemathesis
from schemathesis import Case, CheckContext, HookContext, Response

# Refusals of requests that follow every schema.
BEYOND_SCHEMAS = frozenset(os.environ["BEYOND_SCHEMAS"].split())
REFUSALS = (400, 422)


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: dict[str, object]) -> None:
    """Redirects are answers to check; some of them lead to the hub, which no test may ask."""
    kwargs["allow_redirects"] = False


@schemathesis.check
def refused_only_beyond_schemas(ctx: CheckContext, response: Response, case: Case) -> bool | None:
    """A request that follows the schemas is refused for what they cannot express only."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return True
    if response.status_code not in REFUSALS:
        return True
    code = response.json().get("code")
    if code not in BEYOND_SCHEMAS:
        raise AssertionError(f"a valid request was refused: {response.text}")
    return None
