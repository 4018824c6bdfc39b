"""Conversations in a model's own template: the tokens are `apply_chat_template`'s."""

from __future__ import annotations

import copy

import pytest
from families_for_tests import FAMILIES, SAMPLES, decoded, tiny_tokenizer
from transformers.tokenization_utils_tokenizers import PreTrainedTokenizerFast

from t2l.base.model import BaseModel
from t2l.tasks.source import Sample
from t2l.template.chat import OPTIONS, ChatTemplate
from t2l.template.template import TemplateError

SHOWN = SAMPLES[:2]


def conversation(sample: Sample, shown=(), told: str | None = None, system: str | None = None):
    messages = [] if system is None else [{"role": "system", "content": system}]
    for index, one in enumerate([*shown, sample]):
        said = f"{told}\n\n{one.input}" if told and index == 0 else one.input
        messages.append({"role": "user", "content": said})
        messages.append({"role": "assistant", "content": one.output})
    return messages


def whole(tokenizer, messages) -> list[int]:
    """The tokens that transformers gives a whole conversation."""
    return tokenizer.apply_chat_template(messages, tokenize=True, return_dict=False, **OPTIONS)


def other(family: str, template: str | None) -> PreTrainedTokenizerFast:
    """The family's tokenizer with another chat template."""
    tokenizer = copy.deepcopy(tiny_tokenizer(family))
    tokenizer.chat_template = template
    return tokenizer


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("told", [None, "Antworte kurz — 短く 🙂."])
@pytest.mark.parametrize("shown", [(), SHOWN])
def test_a_row_has_the_tokens_of_the_whole_conversation(family: str, shown, told: str | None):
    tokenizer = tiny_tokenizer(family)
    template = ChatTemplate(tokenizer, system=None)
    for sample in SAMPLES:
        ids, marked = template.row(sample, shown, told)
        everything = whole(tokenizer, conversation(sample, shown, told))
        assert everything[: len(ids)] == ids
        assert set(tokenizer.decode(everything[len(ids) :])) <= {"\n"}
        assert ids[-1] in template.ends


@pytest.mark.parametrize("family", FAMILIES)
def test_only_the_last_answer_is_marked_and_its_end_with_it(family: str):
    template = ChatTemplate(tiny_tokenizer(family))
    for sample in SAMPLES:
        ids, marked = template.row(sample, SHOWN, "Say it.")
        begin = marked.index(True)
        assert marked == [False] * begin + [True] * (len(ids) - begin)
        assert ids[:begin] == template.prompt(sample.input, SHOWN, "Say it.")
        assert sum(token in template.ends for token in ids[begin:]) == 1
        assert template.answer(ids[begin:]) == sample.output.strip()
        assert template.answer([*ids[begin:], *ids]) == sample.output.strip()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_conversation_begins_once(family: str):
    tokenizer = tiny_tokenizer(family)
    ids = ChatTemplate(tokenizer).prompt("x")
    if family not in ("qwen2", "qwen3"):
        assert isinstance(tokenizer.bos_token_id, int)
        assert ids.count(tokenizer.bos_token_id) == 1


def test_an_empty_system_message_takes_the_place_of_a_default_one_only():
    text = {
        family: decoded(tiny_tokenizer(family), ChatTemplate(tiny_tokenizer(family)).prompt("x"))
        for family in FAMILIES
    }
    assert text["qwen2"].startswith("<|im_start|>system\n<|im_end|>\n<|im_start|>user")
    assert text["qwen3"].startswith("<|im_start|>user")
    assert text["llama"].startswith("<|begin_of_text|><|start_header_id|>user")
    assert text["gemma2"].startswith("<bos><start_of_turn>user")


def test_no_system_message_leaves_the_default_one():
    tokenizer = tiny_tokenizer("qwen2")
    assert "You are a helpful" in tokenizer.decode(ChatTemplate(tokenizer, None).prompt("x"))


@pytest.mark.parametrize("family", ["llama", "mistral", "qwen2", "qwen3"])
def test_a_system_message_is_sent_as_it_is(family: str):
    tokenizer = tiny_tokenizer(family)
    ids, _ = ChatTemplate(tokenizer, "Be brief 🙂.").row(SAMPLES[0])
    everything = whole(tokenizer, conversation(SAMPLES[0], system="Be brief 🙂."))
    assert ids == everything[: len(ids)] and len(everything) - len(ids) <= 1


@pytest.mark.parametrize("family", ["gemma2", "gemma3_text"])
def test_gemma_refuses_a_system_message_in_a_sentence(family: str):
    with pytest.raises(TemplateError, match="template.system 'Be brief.' cannot be sent: .*System"):
        ChatTemplate(tiny_tokenizer(family), "Be brief.")


def test_a_system_message_that_the_template_leaves_out_is_refused():
    silent = (
        "{% for m in messages if m['role'] != 'system' %}{{ m['content'] + '</s>' }}{% endfor %}"
    )
    assert ChatTemplate(other("mistral", silent)).prompt("x")
    with pytest.raises(TemplateError, match="leaves it out; leave template.system empty"):
        ChatTemplate(other("mistral", silent), "Be brief.")


def test_a_thinking_model_is_asked_with_an_empty_thought():
    tokenizer = tiny_tokenizer("qwen3")
    template = ChatTemplate(tokenizer)
    assert decoded(tokenizer, template.prompt("x")).endswith("<think>\n\n</think>\n\n")
    ids, marked = template.row(Sample("x", "y"))
    assert tokenizer.decode(ids[marked.index(True) :]) == "y<|im_end|>"


def test_what_is_told_stands_before_the_first_input_once():
    tokenizer = tiny_tokenizer("llama")
    text = tokenizer.decode(ChatTemplate(tokenizer).prompt("x", SHOWN, "Say it."))
    assert text.count("Say it.") == 1
    assert f"Say it.\n\n{SHOWN[0].input}" in text


def test_an_answer_that_would_merge_with_the_prompt_keeps_the_prompts_tokens():
    tokenizer = tiny_tokenizer("qwen2")
    template = ChatTemplate(tokenizer)
    plain, _ = template.row(Sample("x", "5"))
    ids, marked = template.row(Sample("x", "\n\n5"))
    begin = marked.index(True)
    assert ids[:begin] == template.prompt("x") == plain[:begin]
    assert tokenizer.decode(ids[begin:-1]) == "\n\n5"


@pytest.mark.parametrize(
    ("template", "words"),
    [
        (None, "template.kind is chat, but the base model's tokenizer has no chat template"),
        ("{% for m in messages %}{{ m['content'] + '\\n' }}{% endfor %}", "no special token"),
        (  # a prompt that is not how a reply begins
            "{% for m in messages %}{{ m['role'] + ': ' + m['content'] + '</s>' }}{% endfor %}"
            "{% if add_generation_prompt %}{{ 'reply: ' }}{% endif %}",
            "do not begin with those of its prompt, which ends with .*reply: ",
        ),
        (
            "{% for m in messages %}{{ m['content'].upper() + '</s>' }}{% endfor %}",
            "writes the reply 'four' as 'FOUR'",
        ),
        ("{{ raise_exception('never') }}", "refuses a conversation: never"),
        ("{% for m in messages %}", "refuses a conversation: .*endfor"),
    ],
)
def test_a_template_that_cannot_be_used_is_refused_when_it_is_opened(template, words: str):
    with pytest.raises(TemplateError, match=words):
        ChatTemplate(other("mistral", template))


def test_a_system_message_that_moves_with_the_answer_is_refused():
    """Mistral's newer template puts it into the last turn, if that is the user's."""
    template = tiny_tokenizer("mistral").chat_template
    assert isinstance(template, str)
    template = template.replace("if loop.first", "if loop.last")
    assert ChatTemplate(other("mistral", template))
    with pytest.raises(TemplateError, match="do not begin with those of its prompt"):
        ChatTemplate(other("mistral", template), "Be brief.")


def test_two_templates_describe_themselves_alike_only_if_they_are():
    def described(family: str, system: str | None = "") -> dict[str, object]:
        return ChatTemplate(tiny_tokenizer(family), system).describe()

    assert described("qwen2") == described("qwen2")
    assert described("qwen2") != described("qwen2", None)
    assert described("qwen2") != described("qwen3")


def test_smollm2_is_asked_as_transformers_asks_it(smollm2: BaseModel):
    tokenizer, template = smollm2.tokenizer, ChatTemplate(smollm2.tokenizer)
    for sample in (*SAMPLES, Sample("12 + 5", "17")):
        ids, marked = template.row(sample, SHOWN, "Answer.")
        assert ids == whole(tokenizer, conversation(sample, SHOWN, "Answer.", system=""))[:-1]
        assert template.answer(ids[marked.index(True) :]) == sample.output
    assert "SmolLM" not in tokenizer.decode(ids)
    assert [tokenizer.decode([end]) for end in template.ends] == ["<|im_end|>"]


def test_a_prompt_whose_last_space_belongs_to_the_answers_word_is_refused(smollm2: BaseModel):
    tokenizer = copy.deepcopy(smollm2.tokenizer)
    tokenizer.chat_template = (
        "{% for m in messages %}{{ m['role'] + ': ' + m['content'] + '<|im_end|>' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}"
    )
    with pytest.raises(TemplateError, match="do not begin with those of its prompt"):
        ChatTemplate(tokenizer)
