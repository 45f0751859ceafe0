"""A folder of checkpoints from which the engines load: everything that must be a file, and no trained weight.

The engines fill their modules at random; only what is read as data (the emotions' matrices, statistics) is written. Two
sizes are wired into the engines' code: 17 layers of 1024 in w2v-bert, and 1280 in the GPT of 2. All else is as small as
it gets.
"""

from __future__ import annotations

import base64
import json
import math
import struct
import wave
from io import BytesIO
from pathlib import Path
from typing import Any

import sentencepiece
import torch
import yaml
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

CODES = 64  # semantic codes; the tokens after them start and stop the speech
START, STOP = CODES, CODES + 1
RATE = 22_050
ANSWER = {"高兴": 0.6, "愤怒": 0.1, "悲伤": 0.05, "恐惧": 0.0, "反感": 0.0, "低落": 0.0, "惊讶": 0.2, "自然": 0.0}
_EMOTIONS = [3, 17, 2, 8, 4, 5, 10, 24]  # speakers of each emotion
_EMPTY_SAFETENSORS = struct.pack("<Q", 2) + b"{}"
_WIDE = 64


def write(folder: Path, engine: str) -> None:
    """Write the checkpoints of one engine.

    Args:
        folder: is made.
        engine: "2" or "2.5".
    """
    cache = folder / "hf_cache"
    for each in ("w2v-bert-2.0", "bigvgan"):
        (cache / each).mkdir(parents=True)
    wide = 1280 if engine == "2" else _WIDE
    (folder / "config.yaml").write_text(yaml.safe_dump(_config(wide, cache)))
    generator = torch.Generator().manual_seed(7)
    files: dict[str, Any] = {
        "wav2vec2bert_stats.pt": {"mean": torch.zeros(1024), "var": torch.ones(1024)},
        "feat1.pt": torch.randn(sum(_EMOTIONS), 192, generator=generator),
        "feat2.pt": torch.randn(sum(_EMOTIONS), wide, generator=generator) * 5,  # so that emotions are heard
        "gpt.pth": {"model": {}},
        "codec.pth": {"model": {}},
        "s2mel.pth": {"net": {"cfm": {}, "length_regulator": {}}},
        "hf_cache/campplus_cn_common.bin": {},
        "hf_cache/bigvgan/bigvgan_generator.pt": {"generator": {}},
    }
    for name, content in files.items():
        torch.save(content, folder / name)
    (cache / "bigvgan/config.json").write_text(json.dumps(_BIGVGAN))
    (cache / "w2v-bert-2.0/config.json").write_text(json.dumps(_W2V_BERT))
    (cache / "w2v-bert-2.0/preprocessor_config.json").write_text(json.dumps(_FEATURES))
    for name in ("w2v-bert-2.0/model.safetensors", "semantic_codec.safetensors"):
        (cache / name).write_bytes(_EMPTY_SAFETENSORS)
    if engine == "2":
        (folder / "bpe.model").write_bytes(_sentencepiece())
        _qwen(folder / "qwen0.6bemo4-merge", json.dumps(ANSWER, ensure_ascii=False))
    else:
        tokens = b"".join(base64.b64encode(bytes([byte])) + f" {byte}\n".encode() for byte in range(256))
        (folder / "multilingual_zh_ja_yue_char_del.tiktoken").write_bytes(tokens)


def voice(path: Path, hertz: float) -> Path:
    """A second of a humming voice."""
    seconds = [number / RATE for number in range(RATE)]
    samples = [int(9000 * math.sin(math.tau * hertz * t) * (0.6 + 0.4 * math.sin(math.tau * 3 * t))) for t in seconds]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return path


def _config(wide: int, cache: Path) -> dict[str, Any]:
    condition = {
        "output_size": _WIDE, "linear_units": _WIDE, "attention_heads": 2, "num_blocks": 1, "input_layer": "conv2d2",
        "perceiver_mult": 1,
    }  # fmt: skip
    spectrogram = {"n_fft": 1024, "win_length": 1024, "hop_length": 256, "n_mels": 80, "fmin": 0, "fmax": "None"}
    return {
        "dataset": {"bpe_model": "bpe.model", "sample_rate": 24_000, "squeeze": False, "mel": {}},
        "gpt": {
            "model_dim": wide, "max_mel_tokens": 1815, "max_text_tokens": 600, "heads": 4, "layers": 1,
            "use_mel_codes_as_input": True, "mel_length_compression": 1024, "number_text_tokens": 2048,
            "number_mel_codes": CODES + 2, "start_mel_token": START, "stop_mel_token": STOP, "start_text_token": 0,
            "stop_text_token": 1, "train_solo_embeddings": False, "condition_type": "conformer_perceiver",
            "condition_module": dict(condition), "emo_condition_module": dict(condition),
        },
        "semantic_codec": {
            "codebook_size": CODES + 2, "hidden_size": 1024, "codebook_dim": 8, "vocos_dim": 32,
            "vocos_intermediate_dim": 32, "vocos_num_layers": 1,
        },
        "s2mel": {
            "preprocess_params": {"sr": RATE, "spect_params": spectrogram},
            "dit_type": "DiT", "reg_loss_type": "l1", "style_encoder": {"dim": 192},
            "length_regulator": {
                "channels": _WIDE, "is_discrete": False, "in_channels": 1024, "content_codebook_size": 16,
                "sampling_ratios": [1, 1, 1, 1], "vector_quantize": False, "n_codebooks": 1,
                "quantizer_dropout": 0.0, "f0_condition": False, "n_f0_bins": 512,
            },
            "DiT": {
                "hidden_dim": _WIDE, "num_heads": 2, "depth": 2, "class_dropout_prob": 0.1, "block_size": 8192,
                "in_channels": 80, "style_condition": True, "final_layer_type": "wavenet", "target": "mel",
                "content_dim": _WIDE, "content_codebook_size": 16, "content_type": "discrete", "f0_condition": False,
                "n_f0_bins": 512, "content_codebooks": 1, "is_causal": False, "long_skip_connection": True,
                "zero_prompt_speech_token": False, "time_as_token": False, "style_as_token": False,
                "uvit_skip_connection": True, "add_resblock_in_transformer": False,
            },
            "wavenet": {
                "hidden_dim": _WIDE, "num_layers": 2, "kernel_size": 5, "dilation_rate": 1, "p_dropout": 0.2,
                "style_condition": True,
            },
        },
        "gpt_checkpoint": "gpt.pth", "w2v_stat": "wav2vec2bert_stats.pt", "s2mel_checkpoint": "s2mel.pth",
        "emo_matrix": "feat2.pt", "spk_matrix": "feat1.pt", "emo_num": _EMOTIONS,
        "qwen_emo_path": "qwen0.6bemo4-merge/", "version": 2.0,
        "vocoder": {"type": "bigvgan", "name": str(cache / "bigvgan")},
    }  # fmt: skip


_BIGVGAN = {
    "resblock": "1", "upsample_rates": [8, 8, 4], "upsample_kernel_sizes": [16, 16, 8],
    "upsample_initial_channel": 64, "resblock_kernel_sizes": [3], "resblock_dilation_sizes": [[1, 3, 5]],
    "use_tanh_at_final": False, "use_bias_at_final": False, "activation": "snakebeta", "snake_logscale": True,
    "num_mels": 80, "n_fft": 1024, "hop_size": 256, "win_size": 1024, "sampling_rate": RATE, "fmin": 0, "fmax": None,
}  # fmt: skip
_W2V_BERT = {
    "model_type": "wav2vec2-bert", "architectures": ["Wav2Vec2BertModel"], "hidden_size": 1024,
    "num_hidden_layers": 17, "num_attention_heads": 4, "intermediate_size": 32, "conv_depthwise_kernel_size": 3,
    "feature_projection_input_dim": 160, "layerdrop": 0.0, "position_embeddings_type": "relative_key",
    "apply_spec_augment": False,
}  # fmt: skip
_FEATURES = {
    "feature_extractor_type": "SeamlessM4TFeatureExtractor", "feature_size": 80, "num_mel_bins": 80,
    "padding_side": "right", "padding_value": 0.0, "return_attention_mask": True, "sampling_rate": 16_000, "stride": 2,
}  # fmt: skip


def _sentencepiece() -> bytes:
    """A real model, trained on a few lines in under a second."""
    lines = ["HELLO, THIS IS A TEST OF THE SPEECH ENGINE.", "IT SAYS ONE SENTENCE, AND THEN ANOTHER ONE.",
             "THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG!", "NUMBERS SUCH AS 12 AND 34 ARE READ ALOUD."]  # fmt: skip
    trained = BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines * 4), model_writer=trained, vocab_size=120, model_type="bpe",
        character_coverage=1.0, bos_id=0, eos_id=1, unk_id=2, pad_id=-1, hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    return trained.getvalue()


def _qwen(folder: Path, answer: str) -> None:
    """A Qwen3 of 16 dimensions that says the answer, as one token, and stops: real tokenizer, real generate()."""
    level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    token = "".join(part for part, _ in level.pre_tokenize_str(answer))
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    words = [*special, *sorted(pre_tokenizers.ByteLevel.alphabet()), token]
    vocabulary = {word: number for number, word in enumerate(words)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer, tokenizer.decoder = level, decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=special[0], pad_token=special[0],
        additional_special_tokens=special[1:], model_input_names=["input_ids", "attention_mask"],
    )  # fmt: skip
    fast.chat_template = (
        "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    fast.save_pretrained(folder)
    said = vocabulary[token]
    model = Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=len(words), hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
            num_key_value_heads=1, head_dim=8, max_position_embeddings=2048, eos_token_id=said, pad_token_id=0,
            bos_token_id=1, tie_word_embeddings=False,
        )
    )  # fmt: skip
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.model.embed_tokens.weight.fill_(1.0)
        model.model.norm.weight.fill_(1.0)
        model.lm_head.weight.fill_(-1.0)
        model.lm_head.weight[said] = 1.0
    model.half().save_pretrained(folder)
