"""`tracer sample`: texts that a trained model writes; or one of them, symbol by symbol."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tracer.cli.asked import finite, whole
from tracer.cli.ending import as_ctrl_c
from tracer.cli.runs import open_folder
from tracer.cli.terminal import choose_lang, interactive, line_of, plain
from tracer.errors import ExpressionError
from tracer.text import Lang, Text
from tracer.trace.generation import Generation
from tracer.trace.trace import Trace
from tracer.train.entry import MOST_STEPS
from tracer.train.process import record_sample, sample

MOST = 1_000_000
"""Texts at once."""
TOP = 5
"""Probabilities that stand in a line."""


@dataclass(frozen=True)
class Asked:
    """What `tracer sample` was asked for, as it was typed."""

    temperature: str
    number: str
    seed: str
    at: str | None
    as_json: bool
    walk: bool


def write_samples(folder: Path, asked: Asked, *, ascii_only: bool, lang: str | None) -> int:
    """Print the texts, a line each; or walk through how one comes about."""
    words = choose_lang(lang)
    temperature = finite("--temperature", asked.temperature)
    if temperature < 0:
        raise ExpressionError(
            f"--temperature {temperature:g}: it must be 0 or more; 0 takes the most probable symbol each time.",
            ja=f"--temperature {temperature:g}: 0 以上の数です。0 なら毎回もっとも確率の高い文字を選びます。",
        )
    number = whole("--number", asked.number, 1, MOST)
    seed = whole("--seed", asked.seed, 0, 2**63 - 1)
    at = None if asked.at is None else whole("--at", asked.at, 0, MOST_STEPS)
    if asked.walk and interactive():
        from tracer.tui.runs import walk_sample

        chosen = None if lang is None else words
        return walk_sample(open_folder(folder).folder, at, seed, temperature, ascii_only=ascii_only, lang=chosen)
    job = open_folder(folder).job()
    with as_ctrl_c():
        if asked.walk:
            trace, _ = record_sample(job, at=at, temperature=temperature, seed=seed)
            if not asked.as_json:
                print(in_words_of(temperature)[words])
            for record in positions(trace):
                print(
                    json.dumps(record, ensure_ascii=False)
                    if asked.as_json
                    else _in_words(record, _POSITION if temperature else _MOST_PROBABLE, words)
                )
            return 0
        for text in sample(job, at=at, number=number, temperature=temperature, seed=seed):
            if asked.as_json:
                print(json.dumps({"text": text, "temperature": temperature}, ensure_ascii=False), flush=True)
            else:
                print(plain(text), flush=True)
    return 0


def positions(trace: Trace) -> Iterator[dict[str, Any]]:
    """What was read, weighed, drawn and kept at each position of a recorded generation: see `tracer sample --help`."""
    told = Generation(trace)
    for token in told.tokens:
        cursor = trace.cursor(token.ends)
        probs = told.probabilities(cursor)
        top = [] if probs is None else np.argsort(-probs, kind="stable")[:TOP].tolist()
        yield {
            "position": token.position,
            "read": told.symbol(token.read),
            "top": [] if probs is None else [[told.symbol(i), float(probs[i])] for i in top],
            "drawn": told.symbol(token.drawn),
            "cache": [
                {"layer": one.layer, "keys": list(one.keys.shape), "values": list(one.values.shape)}
                for one in told.caches(cursor)
            ],
        }


def in_words_of(temperature: float) -> Text:
    """How the symbols of a walk come about."""
    return (_DRAWN if temperature else _TAKEN).format(temperature=f"{temperature:g}")


def _in_words(record: dict[str, Any], words: Text, lang: Lang) -> str:
    top = "  ".join(f"{_symbol(symbol)} {probability:.3f}" for symbol, probability in record["top"])
    cache = "  ".join(f"{one['layer']} k{_shape(one['keys'])} v{_shape(one['values'])}" for one in record["cache"])
    read, drawn = _symbol(record["read"]), _symbol(record["drawn"])
    told = words.format(position=record["position"], read=read, top=top, drawn=drawn)[lang]
    return line_of(f"{told}   {cache}")


def _shape(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape))


def _symbol(symbol: str | None) -> str:
    return "BOS" if symbol is None else symbol if symbol.isprintable() and symbol != " " else repr(symbol)


_POSITION = Text(
    en="{position}  reads {read}  →  {top}  →  draws {drawn}",
    ja="{position}  入力 {read}  →  {top}  →  抽選 {drawn}",
)
_MOST_PROBABLE = Text(
    en="{position}  reads {read}  →  {top}  →  takes {drawn}",
    ja="{position}  入力 {read}  →  {top}  →  選択 {drawn}",
)
_DRAWN = Text(
    "temperature {temperature}: each symbol is drawn with the probability it has here",
    "温度 {temperature}: 文字はここに示す確率で抽選します",
)
_TAKEN = Text(
    "temperature 0: the most probable symbol is taken each time", "温度 0: 毎回もっとも確率の高い文字を選びます"
)
