"""PyTorch: nn.Module, eager and through torch.compile."""

from __future__ import annotations

import numpy as np
import torch


def describe():
    """Versions, and the configuration the build prints."""
    devices = ["cpu", *(torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count()))]
    build = " ".join(torch.__config__.show().split())
    return {"versions": {"torch": torch.__version__}, "build": build, "devices": devices}


def device(settings):
    """Set the default device, the intra-op threads, and true float32 products (no TF32, no bf16)."""
    if settings["device"] != "cpu":
        torch.set_default_device(settings["device"])
    torch.set_num_threads(settings["threads"])
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False


def sync(x):
    """Wait for the accelerator's queue; on the CPU operations are done when they return."""
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()


def to_numpy(x):
    """Copy every leaf to the host, keeping the nesting."""
    if isinstance(x, dict):
        return {name: to_numpy(value) for name, value in x.items()}
    if isinstance(x, (list, tuple)):
        return [to_numpy(value) for value in x]
    return np.array(x.detach().cpu().numpy())


def memory():
    """Peak bytes of the caching allocator; the CPU has none."""
    return {"cuda_peak": torch.cuda.max_memory_allocated()} if torch.cuda.is_initialized() else {}
