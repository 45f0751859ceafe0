"""Programs that call a double in every way a version can be called, and tell what came back.

Each prints one JSON line for each call; run with and without the patch, the lines must be the same.
"""

COMMON = '''
import asyncio, io, json, contextlib, hashlib
import engine

def kind(value):
    """What came back, so that two runs can be compared."""
    if isinstance(value, tuple) and len(value) == 2:
        return ["memory", value[0], hashlib.sha256(value[1].tobytes()).hexdigest()]
    if isinstance(value, engine.Tensor):
        return ["chunk", value.shape]
    if isinstance(value, list):
        return [kind(item) for item in value]
    return repr(value)

def call(label, function, same=None):
    try:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            value = function()
        told = [label, kind(value), same is None or value is same]
    except BaseException as error:
        told = [label, type(error).__name__, str(error), error is engine.LAST]
    print(json.dumps(told + [printed.getvalue()]), flush=True)

def awaited(coroutine):
    return asyncio.run(coroutine)

async def listed(stream):
    return [item async for item in stream]

VOICE = "voice.wav"
HAPPY = [0.8, 0, 0, 0, 0, 0, 0.2, 0]
'''

V1 = (
    COMMON
    + """
from indextts.infer import IndexTTS
tts = IndexTTS(is_fp16=False, device="cpu")
path = "outputs/one.wav"
call("positional", lambda: tts.infer(VOICE, "one 好", path, False), path)
call("fast", lambda: tts.infer_fast(VOICE, "fast " * 60, output_path="outputs/fast.wav", temperature=0.5))
call("memory", lambda: tts.infer(VOICE, "in memory", None))
call("error", lambda: tts.infer(VOICE, "[raise OutOfMemoryError CUDA out of memory]", "outputs/oom.wav"))
call("truncated", lambda: tts.infer(VOICE, "[truncate] long", "outputs/long.wav"))
"""
)

V2 = (
    COMMON
    + """
from pathlib import Path
from indextts.infer_v2 import IndexTTS2
tts = IndexTTS2(device="cpu")
path = "outputs/one.wav"
call("keywords", lambda: tts.infer(spk_audio_prompt=VOICE, text="one 好", output_path=path), path)
path2 = Path("outputs/two.wav")
call("vector", lambda: tts.infer(VOICE, "two", path2, None, 0.5, HAPPY, top_p=0.7), path2)
call("reference", lambda: tts.infer(VOICE, "three", "outputs/three.wav", emo_audio_prompt="program.py", emo_alpha=0.4))
call("text", lambda: tts.infer(VOICE, "four", "outputs/four.wav", use_emo_text=True, emo_text="so sad"))
call("memory", lambda: tts.infer(VOICE, "in memory", ""))
call("error", lambda: tts.infer(VOICE, "[raise OutOfMemoryError CUDA out of memory]", "outputs/oom.wav"))
call("no prompt", lambda: tts.infer(None, "six", "outputs/six.wav"))
call("interrupt", lambda: tts.infer(VOICE, "[raise KeyboardInterrupt]", "outputs/stop.wav"))
call("wrong", lambda: tts.infer(VOICE))
call("unknown", lambda: tts.infer(VOICE, "eight", "outputs/eight.wav", duration_factor=1.1))
call("truncated", lambda: tts.infer(VOICE, "[truncate] long", "outputs/long.wav"))
call("saturated", lambda: tts.infer(VOICE, "[full] loud", "outputs/loud.wav"))
"""
)

V2_GENERATOR = (
    V2
    + """
call("swallowed", lambda: tts.infer(VOICE, "[index]", "outputs/swallowed.wav"))
call("nothing", lambda: tts.infer(VOICE, "[nothing]", "outputs/nothing.wav"))
call("sliders", lambda: tts.infer(VOICE, "s", "outputs/s.wav", emo_vector=tts.normalize_emo_vec(HAPPY)))
call("generator", lambda: list(tts.infer_generator(VOICE, "direct", "outputs/direct.wav")))
call("next only", lambda: next(tts.infer_generator(VOICE, "first", "outputs/first.wav")))
call("stream", lambda: list(tts.infer(VOICE, "streamed " * 40, "outputs/stream.wav", stream_return=True)))
call("stream memory", lambda: list(tts.infer(VOICE, "s" * 250, None, stream_return=True, interval_silence=0)))
call("stream error", lambda: list(tts.infer(VOICE, "[raise ValueError no]", "outputs/se.wav", stream_return=True)))

def abandon():
    stream = tts.infer(VOICE, "abandoned " * 40, "outputs/ab.wav", stream_return=True)
    first = next(stream)
    stream.close()
    return first

call("abandoned", abandon)
call("never begun", lambda: str(tts.infer(VOICE, "never", "outputs/never.wav", stream_return=True))[:17])
"""
)

V2_5 = (
    COMMON
    + """
from indextts.infer_v2_5 import IndexTTS2
tts = IndexTTS2(device="cpu", use_qwen_emo=True)
path = "outputs/one.wav"
call("positional", lambda: tts.infer(VOICE, "one 好", path, "ZH", None, 1.0, HAPPY), path)
call("keywords", lambda: tts.infer(spk_audio_prompt=VOICE, text="two", output_path=None, lang="EN",
                                   duration_factor=1.2))
tts.low_vram = True
call("low vram", lambda: tts.infer(VOICE, "happy and then a long sad text that is cut into chunks " * 3,
                                   "outputs/low.wav", "EN", use_emo_text=True))
call("low vram memory", lambda: tts.infer(VOICE, "x" * 100, None, "EN"))
call("low vram error", lambda: tts.infer(VOICE, "[index]" + "x" * 100, "outputs/e.wav", "EN"))
call("stream", lambda: list(tts.infer(VOICE, "streamed " * 40, "outputs/stream.wav", "JA", stream_return=True)))
tts.qwen_emo = None
call("no qwen", lambda: tts.infer(VOICE, "seven", "outputs/seven.wav", "ES", use_emo_text=True))
"""
)

VLLM = (
    COMMON
    + """
from indextts.infer_vllm_v2 import IndexTTS2
from indextts.infer_vllm import IndexTTS
tts = IndexTTS2(device="cpu")
path = "outputs/one.wav"
call("await", lambda: awaited(tts.infer(VOICE, "one 好", path, emo_vector=HAPPY, emo_alpha=0.5)), path)
call("qwen", lambda: awaited(tts.infer(VOICE, "afraid", None, use_emo_text=True)))
call("error", lambda: awaited(tts.infer(VOICE, "[raise ValueError no]", "outputs/e.wav")))
call("keywords", lambda: awaited(tts.infer(VOICE, "loud", None, interval_silence=100, top_p=0.1)))
call("stream", lambda: awaited(listed(tts.infer_stream(VOICE, "streamed " * 20))))

async def together():
    return list(await asyncio.gather(*(tts.infer(VOICE, f"t{i}", f"outputs/t{i}.wav") for i in range(5))))

call("together", lambda: awaited(together()))

async def cancelled():
    task = asyncio.create_task(tts.infer(VOICE, "cancelled", "outputs/c.wav"))
    await asyncio.sleep(0)
    task.cancel()
    await task

call("cancelled", lambda: awaited(cancelled()))
one = IndexTTS(device="cpu")
call("list of prompts", lambda: awaited(one.infer([VOICE], "six", "outputs/six.wav", seed=7)))
call("by name", lambda: awaited(one.infer_with_ref_audio_embed("narrator", "seven")))
"""
)
