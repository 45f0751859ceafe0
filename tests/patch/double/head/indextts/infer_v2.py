"""IndexTTS2 at ee40fa7."""

# ruff: noqa: B028, B905, RUF015 - it does what upstream does

import warnings

from engine import Model, Tensor, array, emotions_of, knob, obey, refuse_unknown, sound, split

BIAS = (0.9375, 0.875, 1.0, 1.0, 0.9375, 0.9375, 0.6875, 0.5625)


class IndexTTS2(Model):
    def __init__(
        self,
        cfg_path="checkpoints/config.yaml",
        model_dir="checkpoints",
        use_fp16=False,
        device=None,
        use_cuda_kernel=None,
        use_deepspeed=False,
        use_accel=False,
        use_torch_compile=False,
        use_qwen_emo=True,
        aux_paths=None,
    ):
        super().__init__(model_dir, device)
        self.use_fp16 = use_fp16
        self.qwen_emo = QwenEmotion() if use_qwen_emo else None
        self.model_version = "2.0"

    def _set_gr_progress(self, value, desc):
        if self.gr_progress is not None:
            self.gr_progress(value, desc=desc)

    def normalize_emo_vec(self, emo_vector, apply_bias=True):
        if apply_bias:
            emo_vector = [weight * bias for weight, bias in zip(emo_vector, BIAS)]
        total = sum(emo_vector)
        return [weight * 0.8 / total for weight in emo_vector] if total > 0.8 else emo_vector

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
        max_text_tokens_per_segment=120,
        stream_return=False,
        more_segment_before=0,
        **generation_kwargs,
    ):
        generator = self.infer_generator(
            spk_audio_prompt,
            text,
            output_path,
            emo_audio_prompt,
            emo_alpha,
            emo_vector,
            use_emo_text,
            emo_text,
            use_random,
            interval_silence,
            verbose,
            max_text_tokens_per_segment,
            stream_return,
            more_segment_before,
            **generation_kwargs,
        )
        if stream_return:
            return generator
        try:
            return list(generator)[0]
        except IndexError:
            return None

    def infer_generator(
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
        max_text_tokens_per_segment=120,
        stream_return=False,
        quick_streaming_tokens=0,
        **generation_kwargs,
    ):
        size = max_text_tokens_per_segment
        self.seen.append((spk_audio_prompt, text, output_path, emo_vector))
        print(">> starting inference...")
        self._set_gr_progress(0, "starting inference...")
        if use_emo_text:
            if self.qwen_emo is None:
                raise RuntimeError("use_emo_text=True requires QwenEmotion, but it was not loaded at init")
            found = self.qwen_emo.inference(text if emo_text is None else emo_text)
            print(f"detected emotion vectors from text: {found}")
            emo_vector = list(found.values())
        if emo_vector is not None:
            scale = max(0.0, min(1.0, emo_alpha))
            if scale != 1.0:
                emo_vector = [int(weight * scale * 10000) / 10000 for weight in emo_vector]
                print(f"scaled emotion vectors to {scale}x: {emo_vector}")
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
        return emotions_of(text_input)
