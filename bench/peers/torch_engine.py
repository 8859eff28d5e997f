"""PyTorch as an engine of the comparison: a Qwen2 of plain operations with a cache of keys and values.

Requests come as lines of JSON on stdin, answers go to file descriptor 3, as in serve.js.
"""

import json
import math
import os
import re
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F

CAPACITY = 2048


def read_weights(folder):
    """All tensors of the folder's bf16 safetensors files, as f32."""
    weights = {}
    for path in sorted(Path(folder).glob("*.safetensors")):
        with open(path, "rb") as file:
            start = 8 + int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(start - 8))
            for name, entry in header.items():
                begin, end = entry["data_offsets"]
                file.seek(start + begin)
                bits = torch.frombuffer(bytearray(file.read(end - begin)), dtype=torch.bfloat16)
                weights[name] = bits.reshape(entry["shape"]).float()
    return weights


class Qwen2:
    def __init__(self, folder):
        config = json.loads((Path(folder) / "config.json").read_text())
        self.layers = config["num_hidden_layers"]
        self.heads = config["num_attention_heads"]
        self.kv = config["num_key_value_heads"]
        self.hd = config["hidden_size"] // self.heads
        self.eps = config["rms_norm_eps"]
        self.w = read_weights(folder)
        self.embedding = self.w["model.embed_tokens.weight"]
        self.head = self.w.get("lm_head.weight", self.embedding)
        frequencies = config["rope_theta"] ** (-torch.arange(0, self.hd, 2).float() / self.hd)
        angles = torch.arange(CAPACITY).float()[:, None] * frequencies  # [pos, hd / 2]
        self.cos, self.sin = angles.cos().repeat(1, 2), angles.sin().repeat(1, 2)
        self.keys = torch.zeros(self.layers, self.kv, CAPACITY, self.hd)
        self.values = torch.zeros(self.layers, self.kv, CAPACITY, self.hd)

    def forward(self, ids, past):
        """Logits [1, vocab] of the last of `ids`, which follow `past` cached tokens."""
        s = len(ids)
        x = self.embedding[ids]  # [s, d]
        cos, sin = self.cos[past : past + s], self.sin[past : past + s]
        group = self.heads // self.kv
        if s > 1:
            visible = torch.arange(past + s) <= torch.arange(past, past + s)[:, None]
            mask = torch.zeros(s, past + s).masked_fill(~visible, -math.inf)
            mask = mask.repeat(group, 1)  # [group * s, past + s]
        for i in range(self.layers):
            name = f"model.layers.{i}."
            h = self.norm(x, name + "input_layernorm")
            q, k, v = (self.linear(h, f"{name}self_attn.{n}_proj") for n in "qkv")
            q = rotate(q.view(s, self.heads, self.hd).transpose(0, 1), cos, sin)
            self.keys[i, :, past : past + s] = rotate(k.view(s, self.kv, self.hd).transpose(0, 1), cos, sin)
            self.values[i, :, past : past + s] = v.view(s, self.kv, self.hd).transpose(0, 1)
            q = q.reshape(self.kv, group * s, self.hd)  # keys and values are never repeated
            scores = q @ self.keys[i, :, : past + s].transpose(1, 2) / math.sqrt(self.hd)
            if s > 1:
                scores += mask
            z = scores.softmax(-1) @ self.values[i, :, : past + s]  # [kv, group * s, hd]
            z = z.view(self.heads, s, self.hd).transpose(0, 1).reshape(s, -1)
            x = x + self.linear(z, name + "self_attn.o_proj")
            h = self.norm(x, name + "post_attention_layernorm")
            gate, up = (self.linear(h, f"{name}mlp.{n}_proj") for n in ("gate", "up"))
            x = x + self.linear(F.silu(gate) * up, name + "mlp.down_proj")
        return linear(self.norm(x[-1:], "model.norm"), self.head)

    def norm(self, x, name):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.w[name + ".weight"]

    def linear(self, x, name):
        return linear(x, self.w[name + ".weight"], self.w.get(name + ".bias"))


def linear(x, weight, bias=None):
    if len(x) > 1:
        return F.linear(x, weight, bias)
    # One row as a matrix-vector product: twice as fast as F.linear, which makes a matrix of it.
    y = torch.mv(weight, x[0]) if bias is None else torch.addmv(bias, weight, x[0])
    return y[None]


def rotate(x, cos, sin):
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat((-b, a), -1) * sin


class Engine:
    def load(self, dir, threads):
        torch.set_num_threads(threads)
        start = time.perf_counter()
        self.model = Qwen2(dir)
        return {"ms": since(start)}

    def prefill(self, tokens):
        start = time.perf_counter()
        next = int(self.model.forward(tokens, 0).argmax())
        return {"ms": since(start), "next": next}

    def decode(self, tokens, steps):
        self.model.forward(tokens[:-1], 0)
        times, token = [], tokens[-1]
        for i in range(steps + 1):
            start = time.perf_counter()
            token = int(self.model.forward([token], len(tokens) - 1 + i).argmax())
            times.append(since(start))
        return {"ms": times[1:]}  # the first is slower

    def memory(self):
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024

    def version(self):
        libraries = Path("/proc/self/maps").read_text()
        blas = re.search(r"/lib(openblas|mkl_rt|blis|blas)[^/]*$", libraries, re.MULTILINE)
        return torch.__version__ + (f" with {blas[1]}" if blas else "")


def since(start):
    return (time.perf_counter() - start) * 1000


engine = Engine()
answers = os.fdopen(3, "w")
with torch.inference_mode():
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"value": getattr(engine, request["method"])(**request.get("params", {}))}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)
