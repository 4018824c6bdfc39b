"""Adapters in a notebook: from a bundle, a checkpoint or an endpoint."""

from t2l.api.peft_version import require_peft

require_peft()
