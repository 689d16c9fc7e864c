"""A short PyTorch DLRM to time beside ours: same shapes, same weights, same minibatches, in one of three forms.

  eager   nn.EmbeddingBag with sparse gradients and torch.optim.SGD, as DLRM's own program has them
  graphs  one tensor for all tables; the whole step is captured once as a CUDA graph and replayed (on a CPU: not captured)
  fbgemm  FBGEMM's table-batched embeddings, whose kernel updates rows in the backward pass

Started by `deno task bench peers`; reads a folder written by it:
  config.json        bottom, top, dim, table_rows, batch, batches, learning_rate
  model.safetensors  bot_l.*, top_l.* and, unless the tables are drawn here, emb_l.*
  dense.f32, ids.u32, labels.f32   batches of inputs; ids table by table within a batch
The first line of output says what it is, or why it cannot be: {"unavailable": ...}. Then each line `run N` on standard
input trains N minibatches and answers with one line of JSON.
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
    """Both MLPs and the interaction; a subclass looks rows up: [T, B] ids to a list of T tensors [B, D], or one [T, B, D]."""

    def __init__(self, config):
        super().__init__()
        self.bot_l = mlp(config["bottom"], True)
        self.top_l = mlp(config["top"], False)
        features = len(config["table_rows"]) + 1
        pairs = [(i, j) for i in range(features) for j in range(i)]
        self.register_buffer("li", torch.tensor([i for i, _ in pairs]), persistent=False)
        self.register_buffer("lj", torch.tensor([j for _, j in pairs]), persistent=False)

    def forward(self, dense, ids):
        x = self.bot_l(dense)
        v = torch.stack([x, *self.look_up(ids)], dim=1)
        z = torch.bmm(v, v.transpose(1, 2))
        flat = z[:, self.li, self.lj]
        return self.top_l(torch.cat([x, flat], dim=1))

    def train_step(self, dense, ids, labels):
        """Trains one minibatch and gives its loss."""
        loss = nn.functional.binary_cross_entropy_with_logits(self(dense, ids), labels)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def dense_parameters(self):
        return [*self.bot_l.parameters(), *self.top_l.parameters()]


def draw_rows(rows, dim, device):
    return torch.empty(rows, dim, device=device).uniform_(-(rows ** -0.5), rows ** -0.5)


class Eager(Dlrm):
    def __init__(self, config, tables):
        super().__init__(config)
        self.emb_l = nn.ModuleList(
            nn.EmbeddingBag(weight.shape[0], config["dim"], mode="sum", sparse=True, _weight=weight)
            for weight in tables
        )

    def ready(self, config, device):
        self.offsets = torch.arange(config["batch"], device=device)
        self.optimizer = torch.optim.SGD(self.parameters(), lr=config["learning_rate"])

    def look_up(self, ids):
        return [table(ids[t], self.offsets) for t, table in enumerate(self.emb_l)]


class Graphs(Dlrm):
    """Rows are gathered from one tensor and their gradients added to it, which a CUDA graph can hold, unlike sparse ones."""

    def __init__(self, config, tables):
        super().__init__(config)
        self.register_buffer("rows", torch.cat(tables), persistent=False)
        starts = np.cumsum([0, *config["table_rows"][:-1]])
        self.register_buffer("starts", torch.from_numpy(starts).reshape(-1, 1), persistent=False)

    def ready(self, config, device):
        # A tensor, so that the steps before the capture can be made at rate 0 and leave the weights as they are.
        self.lr = torch.zeros((), device=device)
        self.graph = None
        if device == "cuda":
            self.capture(config)
        self.lr.fill_(config["learning_rate"])

    def look_up(self, ids):
        self.places = (ids + self.starts).reshape(-1)
        self.vectors = self.rows[self.places].requires_grad_(True)
        return self.vectors.reshape(*ids.shape, -1)

    def one_step(self, dense, ids, labels):
        loss = nn.functional.binary_cross_entropy_with_logits(self(dense, ids), labels)
        parameters = self.dense_parameters()
        *grads, vectors = torch.autograd.grad(loss, [*parameters, self.vectors])
        with torch.no_grad():
            for p, grad in zip(parameters, grads):
                p.sub_(grad * self.lr)
            self.rows.index_add_(0, self.places, vectors * -self.lr)
        return loss.detach()

    def capture(self, config):
        B, T = config["batch"], len(config["table_rows"])
        self.inputs = (
            torch.zeros(B, config["bottom"][0], device="cuda"),
            torch.zeros(T, B, dtype=torch.int64, device="cuda"),
            torch.zeros(B, 1, device="cuda"),
        )
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                self.one_step(*self.inputs)
        torch.cuda.current_stream().wait_stream(side)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.loss = self.one_step(*self.inputs)

    def train_step(self, dense, ids, labels):
        if self.graph is None:
            return self.one_step(dense, ids, labels)
        for to, value in zip(self.inputs, (dense, ids, labels)):
            to.copy_(value)
        self.graph.replay()
        return self.loss.clone()


class Fbgemm(Dlrm):
    def __init__(self, config, tables):
        super().__init__(config)
        import fbgemm_gpu.split_table_batched_embeddings_ops_common as common
        import fbgemm_gpu.split_table_batched_embeddings_ops_training as training
        from fbgemm_gpu.split_embedding_configs import EmbOptimType

        on_gpu = config["device"] == "cuda"
        self.emb = training.SplitTableBatchedEmbeddingBagsCodegen(
            [
                (
                    rows,
                    config["dim"],
                    common.EmbeddingLocation.DEVICE if on_gpu else common.EmbeddingLocation.HOST,
                    training.ComputeDevice.CUDA if on_gpu else training.ComputeDevice.CPU,
                )
                for rows in config["table_rows"]
            ],
            optimizer=EmbOptimType.EXACT_SGD,
            learning_rate=config["learning_rate"],
        )
        for weight, values in zip(self.emb.split_embedding_weights(), tables):
            weight.data.copy_(values)

    def ready(self, config, device):
        self.optimizer = torch.optim.SGD(self.dense_parameters(), lr=config["learning_rate"])
        T, B = len(config["table_rows"]), config["batch"]
        self.offsets = torch.arange(T * B + 1, device=device)

    def look_up(self, ids):
        found = self.emb(ids.reshape(-1), self.offsets)
        return found.reshape(ids.shape[1], ids.shape[0], -1).unbind(1)


FORMS = {"eager": Eager, "graphs": Graphs, "fbgemm": Fbgemm}


def loaded_blas():
    """The BLAS library in this process, which decides torch's speed on a CPU."""
    try:
        with open("/proc/self/maps") as file:
            paths = {line.split()[-1] for line in file if "/" in line}
    except OSError:
        return ""
    names = sorted(path for path in paths if "blas" in path.lower() or "mkl" in path.lower())
    return names[0] if names else ""


def build(form, config, folder, device):
    weights = load_safetensors(f"{folder}/model.safetensors")
    torch.manual_seed(0)
    tables = [
        weights.pop(f"emb_l.{t}.weight", None) for t in range(len(config["table_rows"]))
    ]
    tables = [draw_rows(rows, config["dim"], device) if w is None else w for rows, w in zip(config["table_rows"], tables)]
    model = FORMS[form](config, tables)
    missing = model.load_state_dict(weights, strict=False)
    if any(not name.startswith("emb") for name in missing.missing_keys) or missing.unexpected_keys:
        raise SystemExit(f"weights do not fit the model: {missing}")
    model.to(device)
    model.ready(config, device)
    return model


def main(folder, device, threads, form):
    # An interrupt at the terminal reaches both processes; the one that started this one ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if threads > 0:
        torch.set_num_threads(threads)
    with open(f"{folder}/config.json") as file:
        config = {**json.load(file), "device": device}
    B, count, T = config["batch"], config["batches"], len(config["table_rows"])
    try:
        if device == "cuda" and not torch.cuda.is_available():
            raise RuntimeError("torch finds no CUDA device")
        model = build(form, config, folder, device)
    except (ImportError, RuntimeError, OSError) as error:
        print(json.dumps({"unavailable": f"{type(error).__name__}: {error}".splitlines()[0]}), flush=True)
        return
    dense = torch.from_numpy(np.fromfile(f"{folder}/dense.f32", np.float32)).reshape(count, B, -1).to(device)
    ids = torch.from_numpy(np.fromfile(f"{folder}/ids.u32", np.uint32).astype(np.int64)).reshape(count, T, B).to(device)
    labels = torch.from_numpy(np.fromfile(f"{folder}/labels.f32", np.float32)).reshape(count, B, 1).to(device)
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
            losses.append(model.train_step(dense[i], ids[i], labels[i]))
            step += 1
        if device == "cuda":
            torch.cuda.synchronize()
        ms = (time.perf_counter() - begun) * 1000
        print(json.dumps({"ms": ms, "losses": [float(x) for x in losses]}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
