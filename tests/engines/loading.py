"""Builds an engine from the folder that `weights` writes. Only the loading of weights is replaced, no step of infer."""

from __future__ import annotations

import importlib
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import soundfile
import torch
import torchaudio
import transformers

from tests.engines.weights import START, STOP

MODULES = {"2": "indextts.infer_v2", "2.5": "indextts25.infer_v2_5"}


def engine(version: str, folder: Path, device: str = "cpu") -> Any:
    """An engine with random weights, the same ones every time on the same kind of device."""
    module = importlib.import_module(MODULES[version])
    _fill_at_random(transformers.Wav2Vec2BertModel, module.CAMPPlus)
    {"2": _load_2, "2.5": _load_2_5}[version](module, folder)
    seed(1234)
    made = module.IndexTTS2(model_dir=str(folder), cfg_path=str(folder / "config.yaml"), device=device)
    with torch.no_grad():
        # So that emotions and sampling are heard: random weights find every token about as likely, whatever they get.
        for name, parameter in made.gpt.named_parameters():
            if name.startswith("gpt.") and ".attn." in name:
                parameter.mul_(20)
        made.gpt.mel_head.weight.mul_(30)
        # Random weights would start or stop in the middle: lengths are max_mel_tokens; forced_eos_token_id stops there.
        made.gpt.mel_head.bias[[START, STOP]] = -1e4
    made.gpt.eval()
    return made


def seed(number: int) -> None:
    """Seed every generator that an engine may draw from."""
    torch.manual_seed(number)
    random.seed(number)
    numpy.random.seed(number)


def _fill_at_random(*kinds: Any) -> None:
    """Leave a module as it was made where a checkpoint holds nothing for it."""

    def load_state_dict(self: Any, state: Any, *args: Any, **kwargs: Any) -> Any:
        return torch.nn.Module.load_state_dict(self, state, strict=False)

    for kind in kinds:
        kind.load_state_dict = load_state_dict


def _replaced(owner: Any, name: str) -> Callable[[Any], None]:
    return lambda made: setattr(owner, name, classmethod(made))


def _load_2_5(module: Any, folder: Path) -> None:
    flow = importlib.import_module("indextts25.s2mel.modules.flow_matching")
    length = importlib.import_module("indextts25.s2mel.modules.length_regulator")
    _fill_at_random(flow.CFM, length.InterpolateRegulator, module.BigVGAN)
    module.load_checkpoint = lambda model, path: None
    module.EnhancedCodec.load_checkpoint = lambda self, path, device=None: None


def _load_2(module: Any, folder: Path) -> None:
    cache = folder / "hf_cache"
    module.load_checkpoint = lambda model, path: {}
    module.load_checkpoint2 = lambda model, *args, **kwargs: (model.eval(), None, 0, 0)
    module.safetensors.torch.load_model = lambda model, path, **kwargs: (set(), [])
    module.hf_hub_download = lambda repo, filename: os.fspath(
        cache / ("semantic_codec.safetensors" if "semantic" in filename else filename)
    )
    vocoder = module.bigvgan
    _replaced(vocoder.BigVGAN, "from_pretrained")(
        lambda cls, name, use_cuda_kernel=False: cls(vocoder.load_hparams_from_json(os.path.join(name, "config.json")))
    )
    features = transformers.SeamlessM4TFeatureExtractor.from_pretrained
    _replaced(transformers.SeamlessM4TFeatureExtractor, "from_pretrained")(
        lambda cls, name: features(os.fspath(cache / "w2v-bert-2.0"))
    )
    config = transformers.Wav2Vec2BertConfig.from_pretrained(os.fspath(cache / "w2v-bert-2.0"))
    _replaced(transformers.Wav2Vec2BertModel, "from_pretrained")(lambda cls, name, **kwargs: cls(config))
    # NeMo, which spells numbers out, takes a compiler or 200 MB more.
    front = importlib.import_module("indextts.utils.front")
    front.TextNormalizer._get_nemo_normalizer = lambda self, language: _Same()
    torchaudio.save = _save  # its own needs TorchCodec, and that needs FFmpeg


class _Same:
    def normalize(self, text: str, **_: Any) -> str:
        return text


def _save(path: Any, sound: Any, rate: int, **_: Any) -> None:
    soundfile.write(os.fspath(path), sound.numpy().T, rate, subtype="PCM_16", format="WAV")
