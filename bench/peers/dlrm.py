"""A short eager PyTorch DLRM to time beside ours: same shapes, same weights, same minibatches.

Started by `deno task bench peers`; reads a folder written by it:
  config.json        bottom, top, dim, table_rows, batch, batches, learning_rate
  model.safetensors  bot_l.*, top_l.* and, unless the tables are drawn here, emb_l.*
  dense.f32, ids.u32, labels.f32   batches of inputs; ids table by table within a batch
Then each line `run N` on standard input trains N minibatches and answers with one line of JSON.
"""

import json
import signal
import struct
import sys
import time

import numpy as np
import torch
from torch import nn


def load_safetensors(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        tensors = {}
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            begin, end = entry["data_offsets"]
            file.seek(8 + length + begin)
            values = np.frombuffer(file.read(end - begin), dtype=np.float32).copy()
            tensors[name] = torch.from_numpy(values).reshape(entry["shape"])
        return tensors


def mlp(widths, last_relu):
    layers = []
    for i, (k, n) in enumerate(zip(widths, widths[1:])):
        layers.append(nn.Linear(k, n))
        if last_relu or i + 2 < len(widths):
            layers.append(nn.ReLU())
    return nn.Sequential(*layers)


class Dlrm(nn.Module):
    def __init__(self, config):
        super().__init__()
        dim = config["dim"]
        self.bot_l = mlp(config["bottom"], True)
        self.top_l = mlp(config["top"], False)
        self.emb_l = nn.ModuleList(
            nn.EmbeddingBag(rows, dim, mode="sum", sparse=True,
                            _weight=torch.empty(rows, dim).uniform_(-(rows ** -0.5), rows ** -0.5))
            for rows in config["table_rows"]
        )
        features = len(config["table_rows"]) + 1
        pairs = [(i, j) for i in range(features) for j in range(i)]
        self.register_buffer("li", torch.tensor([i for i, _ in pairs]), persistent=False)
        self.register_buffer("lj", torch.tensor([j for _, j in pairs]), persistent=False)

    def forward(self, dense, ids, offsets):
        x = self.bot_l(dense)
        vectors = [x] + [table(ids[t], offsets) for t, table in enumerate(self.emb_l)]
        v = torch.stack(vectors, dim=1)
        z = torch.bmm(v, v.transpose(1, 2))
        flat = z[:, self.li, self.lj]
        return self.top_l(torch.cat([x, flat], dim=1))


def loaded_blas():
    """The BLAS library in this process, which decides torch's speed on a CPU."""
    try:
        with open("/proc/self/maps") as file:
            paths = {line.split()[-1] for line in file if "/" in line}
    except OSError:
        return ""
    names = sorted(path for path in paths if "blas" in path.lower() or "mkl" in path.lower())
    return names[0] if names else ""


def main(folder, device, threads):
    # An interrupt at the terminal reaches both processes; the one that started this one ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if threads > 0:
        torch.set_num_threads(threads)
    with open(f"{folder}/config.json") as file:
        config = json.load(file)
    B, count, T = config["batch"], config["batches"], len(config["table_rows"])
    torch.manual_seed(0)
    model = Dlrm(config)
    missing = model.load_state_dict(load_safetensors(f"{folder}/model.safetensors"), strict=False)
    if any(not name.startswith("emb_l.") for name in missing.missing_keys) or missing.unexpected_keys:
        raise SystemExit(f"weights do not fit the model: {missing}")
    model.to(device)
    dense = torch.from_numpy(np.fromfile(f"{folder}/dense.f32", np.float32)).reshape(count, B, -1).to(device)
    ids = torch.from_numpy(np.fromfile(f"{folder}/ids.u32", np.uint32).astype(np.int64)).reshape(count, T, B).to(device)
    labels = torch.from_numpy(np.fromfile(f"{folder}/labels.f32", np.float32)).reshape(count, B, 1).to(device)
    offsets = torch.arange(B, device=device)
    optimizer = torch.optim.SGD(model.parameters(), lr=config["learning_rate"])
    loss_of = nn.BCEWithLogitsLoss()
    name = torch.cuda.get_device_name() if device == "cuda" else f"{torch.get_num_threads()} threads"
    print(json.dumps({"torch": torch.__version__, "device": device, "name": name, "blas": loaded_blas()}), flush=True)
    step = 0
    for line in sys.stdin:
        words = line.split()
        if len(words) != 2 or words[0] != "run":
            break
        losses = []
        if device == "cuda":
            torch.cuda.synchronize()
        begun = time.perf_counter()
        for _ in range(int(words[1])):
            i = step % count
            loss = loss_of(model(dense[i], ids[i], offsets), labels[i])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
            step += 1
        if device == "cuda":
            torch.cuda.synchronize()
        ms = (time.perf_counter() - begun) * 1000
        print(json.dumps({"ms": ms, "losses": [float(x) for x in losses]}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
