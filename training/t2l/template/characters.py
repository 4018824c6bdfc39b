"""The characters of t2l-mini's base model: one token a character, the arrow or a control code."""

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors
from transformers.tokenization_utils_tokenizers import PreTrainedTokenizerFast

from t2l.tasks.procedural.registry import control_codes

PAD, BOS, EOS = 0, 1, 2
SPECIAL_TOKENS = ("<pad>", "<bos>", "<eos>")
ARROW = " -> "  # one token: it stands in every line and means nothing but "answer now"
END = "\n"
CHARACTERS = (
    END
    + " "
    + "abcdefghijklmnopqrstuvwxyz"
    + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    + ("0123456789" + "!#*()+,-./:=?_'\";&%@<>[]")
)
CONTROL_CODES = control_codes()
VOCABULARY = (*SPECIAL_TOKENS, ARROW, *CHARACTERS, *CONTROL_CODES)
TOKEN_IDS = {token: index for index, token in enumerate(VOCABULARY)}


def build_tokenizer() -> PreTrainedTokenizerFast:
    """The character-level fast tokenizer: one token a character, the arrow or a control code."""
    tokenizer = Tokenizer(models.WordLevel(TOKEN_IDS, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r" -> |[\s\S]"), behavior="isolated")
    tokenizer.decoder = decoders.Fuse()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A", special_tokens=[("<bos>", BOS)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        bos_token="<bos>",
        eos_token="<eos>",
        additional_special_tokens=list(CONTROL_CODES),
        model_max_length=512,
        clean_up_tokenization_spaces=False,
    )
