"""IndexTTS2 at its first commit (b6fe850): plain infer, alpha without effect on vectors."""

# ruff: noqa: B007, B028 - it does what upstream does

import warnings

from engine import Model, Tensor, array, emotions_of, knob, obey, refuse_unknown, sound, split

BIAS = (0.9375, 0.875, 1.0, 1.0, 0.9375, 0.9375, 0.6875, 0.5625)


class IndexTTS2(Model):
    def __init__(
        self,
        cfg_path="checkpoints/config.yaml",
        model_dir="checkpoints",
        is_fp16=False,
        device=None,
        use_cuda_kernel=None,
    ):
        super().__init__(model_dir, device)
        self.is_fp16 = is_fp16
        self.qwen_emo = QwenEmotion()
        self.model_version = "2.0"

    def _set_gr_progress(self, value, desc):
        if self.gr_progress is not None:
            self.gr_progress(value, desc=desc)

    def infer(
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
        for result in self._run(
            spk_audio_prompt,
            text,
            output_path,
            emo_audio_prompt,
            emo_alpha,
            emo_vector,
            use_emo_text,
            emo_text,
            interval_silence,
            max_text_tokens_per_sentence,
            False,
            generation_kwargs,
        ):
            pass
        return result

    def _run(
        self,
        spk_audio_prompt,
        text,
        output_path,
        emo_audio_prompt,
        emo_alpha,
        emo_vector,
        use_emo_text,
        emo_text,
        interval_silence,
        size,
        stream_return,
        generation_kwargs,
    ):
        self.seen.append((spk_audio_prompt, text, output_path, emo_vector))
        print(">> starting inference...")
        self._set_gr_progress(0, "starting inference...")
        if use_emo_text:
            if self.qwen_emo is None:
                raise RuntimeError("use_emo_text=True requires QwenEmotion, but it was not loaded at init")
            found = self.qwen_emo.inference(text if emo_text is None else emo_text)
            found, _ = found
            emo_vector = list(found.values())
        if emo_vector is not None:
            self.weights = emo_vector
        self.open_prompt(spk_audio_prompt)
        if emo_audio_prompt is not None and emo_vector is None:
            self.open_prompt(emo_audio_prompt)
        self._set_gr_progress(0.1, "text processing...")
        segments = [] if knob(text, "nothing") is not None else split(text, size)
        parts = []
        for number, segment in enumerate(segments, 1):
            self._set_gr_progress(
                0.2 + 0.7 * (number - 1) / len(segments), f"speech synthesis {number}/{len(segments)}..."
            )
            obey(text)
            refuse_unknown(generation_kwargs)
            if knob(text, "truncate") is not None:
                warnings.warn(
                    "WARN: generation stopped due to exceeding `max_mel_tokens` (1500).",
                    category=RuntimeWarning,
                )
            parts.append(sound(segment, self.rate))
            if stream_return:
                yield Tensor(parts[-1])
                yield (parts if interval_silence <= 0 else Tensor(array.array("h", bytes(interval_silence * 44))))
        if not parts and not stream_return and knob(text, "nothing") is not None:
            return
        self._set_gr_progress(0.9, "saving audio...")
        samples = self.stages(text, segments, print, ("gpt_gen", "gpt_forward", "s2mel", "bigvgan"))
        result = self.finish(samples, output_path, text, print)
        if not stream_return:
            yield result


class QwenEmotion:
    def inference(self, text_input):
        return emotions_of(text_input), text_input
