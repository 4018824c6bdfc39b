"""What only the tasks' files and the base model can tell, refused before any work is done."""

from t2l.base.quantized import require_quantizer
from t2l.config.recipe import Config, ConfigError
from t2l.evaluate.opening import open_base, open_template, target_of
from t2l.evaluate.run import tasks_of


def check(config: Config) -> None:
    """Refuse what only the tasks' files and the base model can tell, before any work is done.

    :raises ConfigError: for tasks or a base model that cannot be used.
    :raises TargetError: for modules or a rank that the base model has no room for.
    :raises TemplateError: if the base model's chat template cannot be used.
    """
    check_tasks(config)
    require_quantizer(config.sft.base_quantization)
    if config.base.kind != "mini":  # t2l-mini's was checked with the configuration
        base = open_base(config)
        target_of(config, base)
        open_template(config, base)


def check_tasks(config: Config) -> None:
    """Refuse tasks that a run cannot do with.

    :raises ConfigError: for files that are malformed, and if a side of the split has no task.
    """
    tasks = tasks_of(config)
    for side in ("train", "selection", "report"):
        if not getattr(tasks, side):
            raise ConfigError(
                f"tasks: there is none for {side}; raise tasks.limit or name more tasks"
            )
