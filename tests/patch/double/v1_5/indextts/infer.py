"""IndexTTS 1.5 as tagged v1.5.0: indextts.infer."""

# ruff: noqa: B028 - it does what upstream does

import warnings

from engine import Model, knob, obey, refuse_unknown, split


class IndexTTS(Model):
    rate = 24000

    def __init__(
        self,
        cfg_path="checkpoints/config.yaml",
        model_dir="checkpoints",
        is_fp16=True,
        device=None,
        use_cuda_kernel=None,
    ):
        super().__init__(model_dir, device)
        self.is_fp16 = is_fp16

    def _set_gr_progress(self, value, desc):
        if self.gr_progress is not None:
            self.gr_progress(value, desc=desc)

    def infer_fast(
        self,
        audio_prompt,
        text,
        output_path,
        verbose=False,
        max_text_tokens_per_sentence=100,
        sentences_bucket_max_size=4,
        **generation_kwargs,
    ):
        return self._run(
            "start fast inference...",
            audio_prompt,
            text,
            output_path,
            max_text_tokens_per_sentence,
            generation_kwargs,
        )

    def infer(
        self,
        audio_prompt,
        text,
        output_path,
        verbose=False,
        max_text_tokens_per_sentence=120,
        **generation_kwargs,
    ):
        return self._run(
            "start inference...",
            audio_prompt,
            text,
            output_path,
            max_text_tokens_per_sentence,
            generation_kwargs,
        )

    def _run(self, start, audio_prompt, text, output_path, size, generation_kwargs):
        self.seen.append((audio_prompt, text, output_path))
        print(f">> {start}")
        self._set_gr_progress(0, start)
        self.open_prompt(audio_prompt)
        self._set_gr_progress(0.1, "text processing...")
        segments = split(text, size)
        for number in range(1, len(segments) + 1):
            self._set_gr_progress(0.2, f"gpt inference latent... {number}/{len(segments)}")
            obey(text)
            refuse_unknown(generation_kwargs)
            if knob(text, "truncate") is not None:
                warnings.warn(
                    "WARN: generation stopped due to exceeding `max_mel_tokens` (600).",
                    category=RuntimeWarning,
                )
            self._set_gr_progress(0.4, f"gpt inference speech... {number}/{len(segments)}")
        self._set_gr_progress(0.9, "save audio...")
        samples = self.stages(text, segments, print, ("gpt_gen", "gpt_forward", "bigvgan"))
        return self.finish(samples, output_path, text, print)
