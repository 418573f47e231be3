"""The field's words, each with what it means here, in English and Japanese."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from tracer.text import Lang, Text


@dataclass(frozen=True)
class Entry:
    """One word of the field."""

    word: Text
    means: Text
    forms: Text
    """How it looks in a sentence: alternatives separated by `|`, longer ones win."""


def _entry(en: str, ja: str, means_en: str, means_ja: str, forms_en: str = "", forms_ja: str = "") -> Entry:
    return Entry(Text(en, ja), Text(means_en, means_ja), Text(forms_en or en, forms_ja or ja))


GLOSSARY: Mapping[str, Entry] = {
    "computation graph": _entry(
        "computation graph",
        "計算グラフ",
        "A calculation drawn as points and arrows: each point a number, each arrow one use of it.",
        "計算を点と矢印で描いたもの。点は一つの数、矢印はその数を一度使うことを表します。",
        "computation graph|graph",
        "計算グラフ|グラフ",
    ),
    "node": _entry(
        "node",
        "ノード",
        "One number of the computation: given by the program, or computed from others.",
        "計算に現れる一つの数。プログラムが与えたものか、ほかの数から計算したものです。",
        "node|nodes",
    ),
    "edge": _entry(
        "edge",
        "辺",
        "One use of a number as an input. x · x uses x twice, so two edges leave it.",
        "ある数を入力として一度使うこと。x · x では x を二度使うので、辺も 2 本です。",
        "edge|edges",
    ),
    "leaf": _entry(
        "leaf",
        "葉",
        "A number the program put in itself: an input or a parameter. Gradients are gathered here.",
        "プログラムが直接与えた数。入力やパラメータです。勾配は最後にここに集まります。",
        "leaf|leaves",
    ),
    "constant": _entry(
        "constant",
        "定数",
        "A plain number in a formula, like the 2 in x + 2. Nobody asks for its gradient.",
        "x + 2 の 2 のような、式の中のただの数。勾配を求める相手ではありません。",
        "constant|constants",
    ),
    "operation": _entry(
        "operation",
        "演算",
        "One step of the calculation, such as +, × or tanh. It knows its own slope.",
        "足し算、掛け算、tanh などの計算の一歩。どの演算も自分の傾きを知っています。",
        "operation|operations|op|ops",
    ),
    "parameter": _entry(
        "parameter",
        "パラメータ",
        "A leaf that training may change, to make the loss smaller.",
        "損失を小さくするために、訓練で動かしてよい葉。",
        "parameter|parameters",
    ),
    "tensor": _entry(
        "tensor",
        "テンソル",
        "Many numbers in a row, a table or a stack of tables, handled as one value. Each has its own gradient.",
        "一列、表、または表の束に並べた数の集まりを、まとめて一つの値として扱うもの。勾配は要素ごとにあります。",
        "tensor|tensors",
    ),
    "shape": _entry(
        "shape",
        "形",
        "How long a tensor is in each direction: (2, 3) is a table of two rows and three columns.",
        "テンソルの各方向の長さ。(2, 3) なら 2 行 3 列の表です。",
        "shape|shapes",
        "形は|形が|形に|形と|同じ形|形の",
    ),
    "axis": _entry(
        "axis",
        "軸",
        "One of the directions of a tensor, counted from 0: in a table, axis 0 runs down the rows, axis 1 along a row.",
        "テンソルの方向の一つ。0 から数えます。表なら軸 0 は行が並ぶ縦方向、軸 1 は列が並ぶ横方向です。",
        "axis|axes",
        "軸",
    ),
    "element": _entry(
        "element",
        "要素",
        "One number of a tensor: W[0, 1] stands in row 0 and column 1.",
        "テンソルの中の一つの数。W[0, 1] は 0 行 1 列にあります。",
        "element|elements",
    ),
    "dtype": _entry(
        "type (dtype)",
        "型（dtype）",
        "How a tensor's numbers are stored: float32 keeps about 7 digits, float64 about 16, int64 whole numbers.",
        "テンソルの数の持ち方。float32 は約 7 桁、float64 は約 16 桁、int64 は整数です。",
        "dtype|float32|float64|float16|int64",
        "dtype|float32|float64|float16|int64",
    ),
    "broadcast": _entry(
        "broadcast",
        "ブロードキャスト",
        "Using a smaller tensor again and again to meet a larger one. On the way back, all uses' gradients add up.",
        "小さいテンソルを繰り返し使って大きいテンソルに合わせること。逆伝播では、使った分の勾配をすべて足します。",
        "broadcast|broadcasting",
    ),
    "matrix product": _entry(
        "matrix product",
        "行列積",
        "A @ B: each number is a row of A times a column of B, added up. (m, n) @ (n, p) gives (m, p).",
        "A @ B のこと。A の行と B の列を掛けて足した数が並びます。(m, n) @ (n, p) は (m, p) になります。",
        "matrix product|matrix products",
    ),
    "Jacobian": _entry(
        "Jacobian",
        "ヤコビ行列",
        "The table of all local gradients between the elements of an output and those of an input. It is never formed.",
        "出力の各要素と入力の各要素の間の局所勾配をすべて並べた表。実際に作ることはありません。",
        "Jacobian|Jacobians",
    ),
    "view": _entry(
        "view",
        "ビュー",
        "A tensor that looks at another one's memory in a new shape: no number is copied.",
        "ほかのテンソルのメモリを別の形で見たもの。数は複製されません。",
        "view|views",
        "ビュー",
    ),
    "norm": _entry(
        "norm ‖·‖",
        "ノルム ‖·‖",
        "The length of a tensor taken as one arrow, the root of the sum of all squares: how large it is as a whole.",
        "テンソルを一本の矢印とみたときの長さ。すべての要素の二乗和の平方根で、全体の大きさを表します。",
        "norm|norms|‖·‖",
        "ノルム|‖·‖",
    ),
    "forward pass": _entry(
        "forward pass",
        "順伝播",
        "Computing all values, from the leaves to the result.",
        "葉から結果へ向かって、値を順に計算すること。",
        "forward pass|forward",
    ),
    "backward pass": _entry(
        "backward pass",
        "逆伝播",
        "Handing gradients back, from the result to the leaves, one edge at a time.",
        "結果から葉へ向かって、辺を 1 本ずつたどって勾配を渡していくこと。",
        "backward pass|backward passes|backward|walk back",
    ),
    "root": _entry(
        "root",
        "出発点",
        "The number a backward pass begins at, usually the loss. Its own gradient is 1.",
        "逆伝播を始める数。ふつうは損失です。自分自身に対する勾配は 1 です。",
    ),
    "gradient": _entry(
        "gradient",
        "勾配",
        "How far the result moves when this number is nudged, per unit of the nudge: ∂y/∂x.",
        "この数を少し動かしたとき、結果がその何倍動くか。∂y/∂x と書きます。",
        "gradient|gradients",
    ),
    "upstream gradient": _entry(
        "upstream gradient",
        "上流の勾配",
        "The gradient that has already arrived at a node, from the side of the result.",
        "結果の側から、そのノードにすでに届いている勾配。",
        "upstream gradient|upstream",
    ),
    "local gradient": _entry(
        "local gradient",
        "局所勾配",
        "What one operation alone does to a nudge of its input: the slope of that one step.",
        "入力を少し動かしたとき、その演算だけを見て出力がどう動くか。一歩分の傾きです。",
        "local gradient|local gradients|local",
    ),
    "contribution": _entry(
        "contribution",
        "寄与",
        "What one edge delivers: the upstream gradient times the local gradient.",
        "1 本の辺が届ける量。上流の勾配と局所勾配の積です。",
        "contribution|contributions",
    ),
    "route": _entry(
        "route",
        "経路",
        "A way from the result back to a number. Where there are several, their contributions add up.",
        "結果からある数へ戻る道。何本もあれば、それぞれの寄与を足し合わせます。",
        "route|routes",
    ),
    "chain rule": _entry(
        "chain rule",
        "連鎖律",
        "If y moves 5 times as far as b, and b twice as far as x, then y moves 10 times as far as x: multiply.",
        "b を動かすと y が 5 倍動き、x を動かすと b が 2 倍動くなら、x を動かすと y は 10 倍動く。掛ければよいのです。",
    ),
    "accumulate": _entry(
        "accumulate",
        "累積",
        "To add a new gradient to what is already there (+=), within a pass and from pass to pass.",
        "新しい勾配を、すでにある勾配に足すこと（+=）。一回の逆伝播の中でも、次の逆伝播でも足されます。",
        "accumulate|accumulates|accumulated|add up|adds up|added up|added",
        "累積|足し合わ|足され",
    ),
    "zero_grad": _entry(
        "zero_grad",
        "勾配のゼロ化",
        "Setting gradients back to 0 before the next pass, which would add to them otherwise.",
        "次の逆伝播の前に勾配を 0 に戻すこと。戻さないと、前回の分に足されてしまいます。",
        "zero_grad|cleared|zeroed",
        "勾配のゼロ化|勾配を消します",
    ),
    "loss": _entry(
        "loss",
        "損失",
        "One number that says how wrong the result is. Training makes it small.",
        "結果がどれだけ間違っているかを表す一つの数。訓練ではこれを小さくします。",
    ),
    "gradient descent": _entry(
        "gradient descent",
        "勾配降下法",
        "Moving every parameter a little against its gradient, so that the loss falls.",
        "どのパラメータも勾配と逆向きに少し動かして、損失を減らす方法。",
    ),
    "learning rate": _entry(
        "learning rate",
        "学習率",
        "How long a step of gradient descent is: the gradient is multiplied by it.",
        "勾配降下法の一歩の大きさを決める数。勾配に掛けて使います。",
    ),
    "optimizer": _entry(
        "optimizer",
        "オプティマイザ",
        "The rule that turns gradients into new numbers for the parameters: SGD, Adam.",
        "勾配からパラメータの新しい値を決める規則。SGD や Adam です。",
        "optimizer|optimizers|SGD|Adam|AdamW",
        "オプティマイザ|SGD|AdamW|Adam",
    ),
    "momentum": _entry(
        "momentum",
        "モーメンタム",
        "Keeping part of the earlier steps, like a ball that rolls on: steady slopes gather speed.",
        "前の歩みの一部を残すこと。転がる球のように、同じ向きの坂では速くなります。",
        "momentum",
    ),
    "bias correction": _entry(
        "bias correction",
        "バイアス補正",
        "Adam's running averages begin at 0 and are too small at first; dividing by 1 − βᵗ makes up for it.",
        "Adam の移動平均は 0 から始まるため最初は小さすぎます。1 − βᵗ で割ってそれを補うことです。",
    ),
    "weight decay": _entry(
        "weight decay",
        "重み減衰",
        "A pull of every parameter towards 0 at each step, so that none grows without need.",
        "一歩ごとにパラメータを 0 へ少し引き戻し、必要以上に大きくならないようにすること。",
    ),
    "nudge": _entry(
        "nudge",
        "少し動かす",
        "To change a number by a tiny amount and watch what follows. Gradients tell the answer beforehand.",
        "数をほんのわずかに変えて、何が起きるかを見ること。勾配はその答えを先に教えてくれます。",
        "nudge|nudges|nudging|nudged",
        "少し動か",
    ),
    "unfold": _entry(
        "unfold",
        "展開",
        "To open a tensor's node in its place and see what happens inside: smaller ops, down to single numbers. "
        "Nothing outside changes.",
        "テンソルのノードをその場で開き、中の計算を小さな演算や一つ一つの数まで見ること。外側は変わりません。",
        "unfold|unfolds|unfolded|unfolding",
    ),
    "fold": _entry(
        "fold",
        "折りたたむ",
        "To close what was opened: what was unfolded becomes the one node it was, a part of a large graph one box.",
        "開いたものを閉じること。展開したものは元の一つのノードに、大きなグラフの一部は一つの箱に戻ります。",
        "fold|folds|folded|folding",
        "折りたた|まとめてあります",
    ),
    "stack": _entry(
        "stack",
        "重ね",
        "Parts of a graph that repeat each other, as layers, heads and positions do, drawn as one box: layer ×12.",
        "層・ヘッド・位置のように同じ形で繰り返す部分を、一つの箱に重ねて描いたもの。layer ×12 のように書きます。",
        "is a stack|stack of parts",
        "重ねた箱",
    ),
    "port": _entry(
        "port",
        "ポート",
        "A parameter as a row ⊳ in the boxes that use it, instead of a box with wires across the whole picture.",
        "パラメータを、それを使う箱の中の ⊳ の行で表したもの。図を横切る線を引かずに済みます。",
        "port|ports",
        "ポート",
    ),
    "gradient flow": _entry(
        "share of the gradient flow",
        "勾配の流れの割合",
        "Each route from the loss to a leaf counts with the size of its product of local gradients; the share of a "
        "part is what the routes through it make up, from 0 to 100 %.",
        "損失から葉までの経路ごとに局所勾配の積の大きさをとり、ある部分を通る経路の分が全体に占める割合。"
        "0〜100 % です。",
        "gradient flow",
        "勾配の流れ",
    ),
    "finite difference": _entry(
        "finite difference",
        "差分",
        "The slope found by trying: nudge up, nudge down, divide. Slow, but it needs no calculus, so it can check one.",
        "実際に少し増やし、少し減らして求める傾き。遅いけれど微分の公式を使わないので、検算になります。",
        "finite difference|finite differences",
        "有限差分|差分",
    ),
    "kink": _entry(
        "kink",
        "折れ目",
        "A corner in a function, like relu at 0: left and right of it the slopes differ, at it there is none.",
        "関数の角。relu なら 0 の点です。左右で傾きが違い、その点の傾きは定まりません。",
        "kink|kinks",
    ),
    "gate": _entry(
        "gate",
        "ゲート",
        "relu seen from behind: open it passes the gradient unchanged, closed it passes nothing.",
        "逆伝播から見た relu の働き。開いていれば勾配をそのまま通し、閉じていれば何も通しません。",
        "gate|gates",
    ),
    "saturation": _entry(
        "saturation",
        "飽和",
        "Where a function such as tanh has become flat: hardly any gradient passes.",
        "tanh などが平らになった状態。勾配がほとんど通らなくなります。",
        "saturation|saturate|saturates|saturated|flattens out",
        "飽和",
    ),
    "topological order": _entry(
        "topological order",
        "トポロジカル順序",
        "An order in which everything comes after what it was made from. Walked backwards, every gradient is complete "
        "before it is handed on.",
        "どの値も、その材料より後に来る並べ方。これを逆にたどれば、勾配は必ず出そろってから次へ渡されます。",
        "topological order",
        "トポロジカル順序|トポロジカルソート",
    ),
    "by hand": _entry(
        "pass by hand",
        "手順による逆伝播",
        "A backward pass in the order the program chose, with its mistakes if it makes any.",
        "プログラムが自分で決めた順に行う逆伝播。間違いがあれば、そのまま記録されます。",
        "this pass hands|pass by hand",
        "この手順|手順による逆伝播",
    ),
    "overflow": _entry(
        "overflow",
        "オーバーフロー",
        "A result too large for a float, about 1.8e308. It becomes inf.",
        "浮動小数点数の上限（約 1.8e308）を超えること。値は inf になります。",
        "overflow|overflows",
    ),
    "inf": _entry(
        "inf",
        "inf",
        "Infinity: the result of an overflow or of 1 / 0. Computing goes on with it.",
        "無限大。オーバーフローや 1 / 0 の結果です。計算はそのまま続きます。",
        "inf|-inf",
        "inf|-inf",
    ),
    "nan": _entry(
        "nan",
        "nan",
        "Not a number: the result of 0 / 0, inf − inf, 0 · inf, or log of a negative number. It spreads.",
        "数ではない値。0 / 0、inf − inf、0 · inf、負の数の log などの結果です。触れた計算はすべて nan になります。",
    ),
}  # fmt: skip
"""By key, in the order in which a newcomer meets them."""


@cache
def _pattern(lang: Lang) -> tuple[re.Pattern[str], Mapping[str, str]]:
    forms = {form.lower(): key for key, entry in GLOSSARY.items() for form in entry.forms[lang].split("|")}
    body = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    edge = r"(?<![\w.]){}(?![\w.]*\w)" if lang == "en" else "{}"
    return re.compile(edge.format(f"(?:{body})"), re.IGNORECASE), forms


def words_in(text: str, lang: Lang) -> tuple[str, ...]:
    """Keys of the glossary's words that `text` uses, in order of appearance, each once."""
    pattern, forms = _pattern(lang)
    return tuple(dict.fromkeys(forms[match.group().lower()] for match in pattern.finditer(text)))
