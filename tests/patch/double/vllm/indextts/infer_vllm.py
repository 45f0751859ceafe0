"""The vLLM fork's IndexTTS (index-tts-vllm at 5f9d024): a list of prompts, a seed, a speaker by name."""

import asyncio

from engine import Engine, Model, obey, sound, split


class IndexTTS(Model):
    rate = 24000

    def __init__(
        self,
        model_dir="checkpoints",
        is_fp16=True,
        device=None,
        use_cuda_kernel=None,
        gpu_memory_utilization=0.25,
    ):
        super().__init__(model_dir, device)
        self.is_fp16 = is_fp16
        self.gpt = Engine(max_tokens=768)

    async def infer(self, audio_prompt, text, output_path=None, verbose=False, seed=None):
        print(">> start inference...")
        for prompt in audio_prompt:
            self.open_prompt(prompt)
        await asyncio.sleep(0.001)
        obey(text)
        samples = self.stages(text, split(text, 120), print, ("gpt_gen", "bigvgan"))
        return self.finish(samples, output_path, text, print)

    async def infer_with_ref_audio_embed(self, speaker: str, text):
        await asyncio.sleep(0.001)
        return self.finish(sound(text, self.rate), None, text, lambda *_: None)
