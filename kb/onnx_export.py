"""Builds the ONNX graph of a small BERT sentence encoder from its safetensors, with int8 weights.

Needs neither PyTorch nor the network. The graph takes one text's token ids and gives its unit vector: pooling and
normalising are inside, and as one text goes in at a time there is no padding and no mask.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

BLOCK = 32  # weights that share one scale where a row of them is too coarse
BALANCE = 0.8  # how much of a large channel's size goes from the input into the matrix
FINE = frozenset(f"encoder.layer.{number}.output.dense" for number in range(3))
OPSET = 20  # the first with Gelu

Array = NDArray[np.float32]
Weights = dict[str, Array]
_TINY = np.finfo(np.float32).tiny


class ExportError(Exception):
    """The source model is not one this module can build."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a BERT encoder, as its config.json gives them."""

    layers: int
    heads: int
    hidden: int
    epsilon: float


def read_shape(model: Path) -> Shape:
    """Read the sizes. Raise ExportError if it is not a BERT with GELU and absolute positions."""
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    kind = (config.get("model_type"), config.get("hidden_act"), config.get("position_embedding_type", "absolute"))
    if kind != ("bert", "gelu", "absolute"):
        raise ExportError(f"{model}: {kind} is not a BERT with gelu and absolute positions")
    return Shape(
        layers=config["num_hidden_layers"],
        heads=config["num_attention_heads"],
        hidden=config["hidden_size"],
        epsilon=config["layer_norm_eps"],
    )


def build(model: Path) -> onnx.ModelProto:
    """Return the checked graph: `input_ids` (1, tokens) int64 -> `embedding` (1, hidden) float32 of length one."""
    return _Builder(read_shape(model), load_file(str(model / "model.safetensors"))).build()


class _Builder:
    """Collects nodes and weights while the encoder is written down from input to output."""

    def __init__(self, shape: Shape, weights: Weights) -> None:
        self.shape = shape
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.known: set[str] = set()

    def build(self) -> onnx.ModelProto:
        hidden = self._embeddings("input_ids")
        norm = "embeddings.LayerNorm"
        for number in range(self.shape.layers):
            hidden = self._layer(hidden, f"encoder.layer.{number}", norm)
            norm = f"encoder.layer.{number}.output.LayerNorm"
        mean = self._node("ReduceMean", [hidden, self._ints("axis_tokens", [1])], keepdims=0)
        norm = self._node("ReduceL2", [mean, self._ints("axis_hidden", [-1])], keepdims=1)
        self.nodes.append(helper.make_node("Div", [mean, norm], ["embedding"]))
        graph = helper.make_graph(
            self.nodes,
            "sentence_encoder",
            [helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "tokens"])],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [1, self.shape.hidden])],
            self.initializers,
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
        built = helper.make_model(graph, opset_imports=opsets, ir_version=9, producer_name="deskhand")
        onnx.checker.check_model(built)
        return built

    def _node(self, operator: str, inputs: list[str], domain: str = "", **attributes: Any) -> str:
        output = f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], domain=domain, **attributes))
        return output

    def _constant(self, name: str, values: NDArray[np.generic]) -> str:
        if name not in self.known:
            self.known.add(name)
            self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _ints(self, name: str, values: list[int]) -> str:
        return self._constant(name, np.array(values, np.int64))

    def _embeddings(self, ids: str) -> str:
        """Words as int8 rows with a scale each: they are half of the model's memory and looked up, not multiplied."""
        table = self.weights["embeddings.word_embeddings.weight"]
        scale = np.maximum(np.abs(table).max(axis=1, keepdims=True) / 127.0, _TINY).astype(np.float32)
        rows = self._constant("words", np.rint(table / scale).astype(np.int8))
        picked = self._node("Cast", [self._node("Gather", [rows, ids])], to=TensorProto.FLOAT)
        words = self._node("Mul", [picked, self._node("Gather", [self._constant("word_scales", scale), ids])])

        # A single text is all of token type 0, so that row becomes a part of the positions.
        places = self.weights["embeddings.position_embeddings.weight"]
        places = places + self.weights["embeddings.token_type_embeddings.weight"][0]
        count = self._node("Shape", [ids], start=1, end=2)
        start, axis = self._ints("first", [0]), self._ints("axis_first", [0])
        position = self._node("Slice", [self._constant("places", places), start, count, axis])
        return self._norm(self._node("Add", [words, position]), "embeddings.LayerNorm")

    def _layer(self, hidden: str, name: str, norm: str) -> str:
        """One layer; `norm` names the layer norm that its input comes out of."""
        attended = self._attention(hidden, f"{name}.attention.self", norm)
        attended = self._dense(attended, [f"{name}.attention.output.dense"])
        hidden = self._norm(self._node("Add", [attended, hidden]), f"{name}.attention.output.LayerNorm")
        wide = self._dense(hidden, [f"{name}.intermediate.dense"], f"{name}.attention.output.LayerNorm")
        narrow = self._dense(self._node("Gelu", [wide]), [f"{name}.output.dense"])
        return self._norm(self._node("Add", [narrow, hidden]), f"{name}.output.LayerNorm")

    def _attention(self, hidden: str, name: str, norm: str) -> str:
        together = self._dense(hidden, [f"{name}.{part}" for part in ("query", "key", "value")], norm)
        parts = [f"{name}.{part}.out" for part in ("query", "key", "value")]
        sizes = self._ints("thirds", [self.shape.hidden] * 3)
        self.nodes.append(helper.make_node("Split", [together, sizes], parts, axis=-1))
        return self._node("MultiHeadAttention", parts, domain="com.microsoft", num_heads=self.shape.heads)

    def _dense(self, hidden: str, names: list[str], norm: str = "") -> str:
        """A matrix product on int8; several matrices that read the same input become one.

        The input gets one scale for the whole text, so a few large channels would cost all others their precision.
        Behind a layer norm its own weights tell which these are: there, input and matrix are rescaled against each
        other. The inputs of the first feed-forward outputs have such channels too, but nothing tells which: these
        few go to the slower operator with a scale for every block.
        """
        matrix = np.concatenate([self.weights[f"{name}.weight"] for name in names])
        bias = self._constant(f"{names[0]}.bias", np.concatenate([self.weights[f"{name}.bias"] for name in names]))
        if names[0] in FINE:
            return self._node("Add", [self._blocked(hidden, matrix, names[0]), bias])
        if norm:
            factor = self._balance(matrix, norm)
            matrix = matrix * factor
            hidden = self._node("Mul", [hidden, self._constant(f"{names[0]}.factor", 1.0 / factor)])
        rows, scales = quantise(matrix)
        inputs = [
            hidden,
            self._constant(f"{names[0]}.int8", rows.T),
            self._constant(f"{names[0]}.scales", scales),
            self._constant(f"{names[0]}.zeros", np.zeros(len(scales), np.int8)),
            bias,
        ]
        return self._node("DynamicQuantizeMatMul", inputs, domain="com.microsoft")

    def _balance(self, matrix: Array, norm: str) -> Array:
        """Return the factor per channel that moves most of a large input's size into the matrix."""
        size = 3.0 * np.abs(self.weights[f"{norm}.weight"]) + np.abs(self.weights[f"{norm}.bias"])
        size, largest = np.maximum(size, 1e-3), np.maximum(np.abs(matrix).max(axis=0), 1e-3)
        return np.asarray(size**BALANCE / largest ** (1.0 - BALANCE), np.float32)

    def _blocked(self, hidden: str, matrix: Array, name: str) -> str:
        packed, scales = quantise_blocks(matrix)
        return self._node(
            "MatMulNBits",
            [hidden, self._constant(f"{name}.blocks", packed), self._constant(f"{name}.scales", scales)],
            domain="com.microsoft",
            K=matrix.shape[1],
            N=matrix.shape[0],
            bits=8,
            block_size=BLOCK,
            accuracy_level=4,  # the product itself is done on int8 as well
        )

    def _norm(self, hidden: str, name: str) -> str:
        inputs = [hidden, *(self._constant(f"{name}.{p}", self.weights[f"{name}.{p}"]) for p in ("weight", "bias"))]
        return self._node("LayerNormalization", inputs, axis=-1, epsilon=self.shape.epsilon)


def quantise(matrix: Array) -> tuple[NDArray[np.int8], Array]:
    """Return int8 rows within -63..63 and a scale a row.

    Seven bits, because processors without dot-product instructions add pairs of products in 16 bits: with eight
    they would overflow, and vectors would depend on the machine.
    """
    scales = np.maximum(np.abs(matrix).max(axis=1) / 63.0, _TINY).astype(np.float32)
    return np.rint(matrix / scales[:, None]).astype(np.int8), scales


def quantise_blocks(matrix: Array) -> tuple[NDArray[np.uint8], Array]:
    """Return (rows, blocks, BLOCK) bytes around 128 and one scale a block, as MatMulNBits wants its weights."""
    rows, columns = matrix.shape
    if columns % BLOCK:
        raise ExportError(f"{columns} columns do not divide into blocks of {BLOCK}")
    blocks = matrix.reshape(rows, columns // BLOCK, BLOCK)
    scales = np.maximum(np.abs(blocks).max(axis=2) / 127.0, _TINY).astype(np.float32)
    return (np.rint(blocks / scales[..., None]) + 128).astype(np.uint8), scales
