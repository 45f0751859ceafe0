"""The libraries below an engine, as far as the patch reads them: whose versions say something, and where torch, an
engine and the system keep what is known of the machine."""

from __future__ import annotations

# Of those that the host has loaded, the version is recorded.
LIBRARIES = (
    "accelerate", "deepspeed", "flash_attn", "gradio", "mlx.core", "MNN", "numpy", "onnxruntime", "torch", "torchaudio",
    "transformers", "triton", "vllm",
)  # fmt: skip
# A distribution of this name may hold an engine; its package is then known by its files.
ENGINE_DISTRIBUTION = r"(?i)index[-_.]?tts"

# Kinds of devices whose facts torch tells, each in its module torch.<kind>.
ACCELERATORS = ("cuda", "xpu")
# The part of a model whose weights lie where the model is: `device="cuda"` alone does not say on which GPU.
TELLING_PART = "gpt"
# What a model works with, by the attributes that say so, the first that is there: a part, if any, then its attribute.
# An engine that was asked for and did not come up is not in use, so the part that does the work is asked first.
ACCELERATION = {
    "accel": (("gpt", "accel_engine"), ("", "use_accel")),
    "compile": (("", "use_torch_compile"),),
    "cuda_kernel": (("", "use_cuda_kernel"),),
    "deepspeed": (("gpt", "ds_engine"),),
}
# Files of a model's folder, and of the folders in it, that decide what it computes. Not .json: an events folder may be
# among those folders.
WEIGHTS = frozenset((
    ".bin", ".ckpt", ".gguf", ".mnn", ".model", ".npy", ".npz", ".onnx", ".pt", ".pth", ".safetensors", ".tiktoken",
    ".yaml", ".yml",
))  # fmt: skip

NVIDIA_DRIVER = "/proc/driver/nvidia/version"
NVIDIA_DRIVER_LINE = rb"Kernel Module(?: for \S+)?\s+(\d[\d.]*)"
CPU, CPU_LINE = "/proc/cpuinfo", rb"(?m)^model name\s*:\s*(.+?)\s*$"
