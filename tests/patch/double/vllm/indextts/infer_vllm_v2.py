"""The vLLM fork's IndexTTS2 (index-tts-vllm at 5f9d024), with what its copies add: decorated, streaming."""

import asyncio
import functools

from engine import Engine, Model, Tensor, emotions_of, obey, sound, split
from loguru import logger


def no_grad(function):
    """torch.no_grad's decorator: a plain function around whatever it decorates."""

    @functools.wraps(function)
    def decorated(*args, **kwargs):
        return function(*args, **kwargs)

    return decorated


class IndexTTS2(Model):
    def __init__(
        self,
        model_dir="checkpoints",
        is_fp16=False,
        device=None,
        use_cuda_kernel=None,
        gpu_memory_utilization=0.25,
        qwenemo_gpu_memory_utilization=0.10,
    ):
        super().__init__(model_dir, device)
        self.is_fp16 = is_fp16
        self.gpt = Engine(max_tokens=2048)
        self.qwen_emo = QwenEmotion()

    @no_grad
    async def infer(
        self,
        spk_audio_prompt,
        text,
        output_path,
        emo_audio_prompt=None,
        emo_alpha=1.0,
        emo_vector=None,
        use_emo_text=False,
        emo_text=None,
        use_random=False,
        interval_silence=200,
        verbose=False,
        max_text_tokens_per_sentence=120,
        **generation_kwargs,
    ):
        self.seen.append((spk_audio_prompt, text, output_path))
        logger.info(">> start inference...")
        if use_emo_text:
            found, _ = await self.qwen_emo.inference(text if emo_text is None else emo_text)
            self.weights = list(found.values())
        self.open_prompt(spk_audio_prompt)
        await asyncio.sleep(0.001)
        obey(text)
        segments = split(text, max_text_tokens_per_sentence)
        samples = self.stages(text, segments, logger.info, ("gpt_gen", "gpt_forward", "s2mel", "bigvgan"))
        return self.finish(samples, output_path, text, lambda *words: logger.info(" ".join(map(str, words))))

    async def infer_stream(self, spk_audio_prompt, text, output_path=None, speed_factor=1.0):
        for segment in split(text, 20):
            await asyncio.sleep(0.001)
            obey(segment)
            yield Tensor(sound(segment, self.rate))


class QwenEmotion:
    async def inference(self, text_input):
        await asyncio.sleep(0)
        return emotions_of(text_input), text_input
