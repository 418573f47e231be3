"""Every key of the app, once: bindings, footer, help and the README's list are made from `KEYS`.

A key means the same on every screen. Each row has a key that a MacBook, a German and a Japanese (JIS) keyboard can
type without AltGr, Fn or a number pad (`reachable_everywhere`), and a key typed while a Japanese input method is on
(`ｎ`, `？`, `。`, the wide space) counts as its ASCII twin (`ascii_twin`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding
from textual.keys import _character_to_key, format_key

from tracer.text import Text

Place = Literal["app", "gallery", "walk", "stepper", "document", "lockstep", "endcard", "training", "compare"]
"""Where a row is bound: `app` is everywhere, `walk` the stepper and the lockstep screen, the others one screen each."""


@dataclass(frozen=True)
class Key:
    """One thing a user can do, and the keys that do it."""

    action: str
    """Textual action; the screen of `place` (or the app) has `action_<name>`. `{key}` in it stands for the key."""
    keys: tuple[str, ...]
    """Names as Textual gives them, or the character itself. The first is the one the footer shows."""
    short: Text
    """Beside the key in the footer: a word or two."""
    words: Text
    """In the help: what happens, in a phrase."""
    place: Place
    priority: bool = False
    """Taken before a focused panel can scroll with it. Never set for characters, or text fields would lose them."""
    face: str = ""
    """How the keys are written in lists, where they are many."""
    weight: int = 0
    """The footer leaves out the smallest first when the terminal is narrow; 0 is help only."""

    def faces(self, between: str = "  ") -> str:
        """All of its keys, as they are written in lists."""
        return self.face or between.join(map(face_of, self.keys))

    def bindings(self) -> list[Binding]:
        """One Textual binding for every key of the row."""
        return [
            Binding(name_of(key), self.action.replace("{key}", key), self.short.en, priority=self.priority)
            for key in self.keys
        ]


def name_of(key: str) -> str:
    """Textual's name of a key that may be written as its character: `,` is `comma`."""
    return _character_to_key(key) if len(key) == 1 else key


def face_of(key: str) -> str:
    """A key as it is printed on the key: `→`, `shift+→`, `ctrl+p`, `,`."""
    *modifiers, last = key.split("+") if len(key) > 1 else [key]
    special = {"enter": "enter", "escape": "esc", "pagedown": "PgDn", "pageup": "PgUp", "tab": "tab"}
    return "+".join([*modifiers, special.get(last) or format_key(name_of(last))])


# fmt: off
_WALK: tuple[Key, ...] = (
    Key("step(1)", ("right", "pagedown"), Text("step", "進む"),
        Text("one step forward (Page Down: a presenter's remote)", "一歩進む（Page Down はプレゼン用リモコン）"),
        "walk", priority=True, weight=100),
    Key("step(-1)", ("left", "pageup"), Text("back", "戻る"),
        Text("one step back", "一歩戻る"), "walk", priority=True, weight=99),
    Key("finer", (",",), Text("finer", "細かく"),
        Text("smaller steps: node, edge, part of an edge", "歩幅を細かく（ノード→辺→辺の中の計算）"),
        "walk", weight=90),
    Key("coarser", (".",), Text("coarser", "粗く"),
        Text("bigger steps: edge, node, scope, pass", "歩幅を粗く（辺→ノード→まとまり→伝播全体）"),
        "walk", weight=89),
    Key("play", ("space",), Text("play", "再生"), Text("play and pause", "自動で進める・止める"), "walk", weight=80),
    Key("slower", ("<",), Text("slower", "遅く"), Text("play slower", "再生を遅くする"), "walk"),
    Key("faster", (">",), Text("faster", "速く"), Text("play faster", "再生を速くする"), "walk"),
    Key("first", ("0", "home"), Text("start", "最初"), Text("to the very start", "最初のステップへ"), "walk"),
    Key("last", ("$", "end"), Text("end", "最後"), Text("to the very end", "最後のステップへ"), "walk"),
    Key("forward_start", ("f",), Text("forward", "順伝播"),
        Text("to the start of the forward pass", "順伝播の始まりへ"), "walk"),
    Key("backward_start", ("b",), Text("backward", "逆伝播"),
        Text("to the start of the backward pass", "逆伝播の始まりへ"), "walk"),
    Key("stop(1)", ("r",), Text("read on", "次の説明"),
        Text("read on: to the lesson's next stop (without a lesson: the next pass)",
             "次の説明がある場面へ（レッスン以外では次の伝播へ）"), "walk", weight=65),
    Key("stop(-1)", ("R",), Text("read back", "前の説明"),
        Text("to the lesson's stop before", "前の説明があった場面へ"), "walk"),
    Key("values_or_gradients", ("v",), Text("emphasis", "強調"),
        Text("emphasise values, gradients or both alike; the rest is dimmed",
             "値を強調・勾配を強調・両方同じ、を切り替える（ほかは薄くなる）"), "walk", weight=35),
    Key("notation", ("d",), Text("notation", "記法"),
        Text("boxes or textbook notation", "箱の図と教科書の図を切り替える"), "walk", weight=40),
    Key("panel(1)", ("tab",), Text("panel", "パネル"), Text("next panel", "次のパネルへ"), "walk", weight=75),
    Key("panel(-1)", ("shift+tab",), Text("panel", "パネル"), Text("previous panel", "前のパネルへ"), "walk"),
)

_STEPPER: tuple[Key, ...] = (
    Key("go_to", ("g",), Text("go to", "移動"),
        Text("go to a step by its number", "ステップ番号を指定して移動"), "stepper", weight=20),
    Key("search", ("/",), Text("search", "検索"),
        Text("find nodes: by name, operation, scope, line, value, gradient",
             "ノードを探す（名前・演算・まとまり・行・値・勾配）"), "stepper", weight=56),
    Key("hit(1)", (";",), Text("next hit", "次の候補"),
        Text("to the next of the nodes found", "見つかったノードの次のものへ"), "stepper"),
    Key("hit(-1)", (":",), Text("hit before", "前の候補"),
        Text("to the one before", "見つかったノードの前のものへ"), "stepper"),
    Key("extremes", ("T",), Text("top gradients", "大きな勾配"),
        Text("the ten largest gradients here, and the ten smallest",
             "ここまでの勾配の、大きい方から 10 個と小さい方から 10 個"), "stepper"),
    Key("why", ("y",), Text("why?", "なぜ？"),
        Text("why is this gradient zero, nan, huge or tiny, and where did it come from",
             "この勾配がなぜ 0・nan・巨大・微小・なしなのか、原因までたどる。ふつうの勾配なら出どころ"),
        "stepper", weight=58),
    Key("paths", ("a",), Text("paths", "経路"),
        Text("all routes by which gradient comes to the node, their products and shares",
             "このノードに勾配が届くすべての経路と、その積・割合"), "stepper", weight=57),
    Key("breakpoint", ("*",), Text("breakpoint", "ブレーク"),
        Text("a breakpoint at the selected node; again: take it away",
             "選んだノードにブレークポイントを置く。もう一度で外す"), "stepper"),
    Key("breakpoints", ("B",), Text("breakpoints", "ブレーク一覧"),
        Text("list of breakpoints: a condition to stop at, on, off, remove",
             "ブレークポイントの一覧（条件の追加・オンオフ・削除）"), "stepper"),
    Key("run_to(1)", (")",), Text("run", "実行"),
        Text("run to the next breakpoint", "次のブレークポイントまで進む"), "stepper"),
    Key("run_to(-1)", ("(",), Text("run back", "逆に実行"),
        Text("back to the breakpoint before", "前のブレークポイントまで戻る"), "stepper"),
    Key("watch", ("w",), Text("watch", "ウォッチ"),
        Text("watch the selected node: its numbers stay on screen; again: no longer",
             "選んだノードの値と勾配を表示し続ける（ウォッチ）。もう一度でやめる"), "stepper"),
    Key("watches", ("W",), Text("watches", "ウォッチ一覧"),
        Text("list of watches: add one by typing, remove", "ウォッチの一覧（入力して追加・削除）"), "stepper"),
    Key("jump_back", ("ctrl+o",), Text("jump back", "移動前へ"),
        Text("back to where the last jump began (search, go to, breakpoint, why, path)",
             "移動する前の場所へ戻る（検索・移動・ブレークポイント・なぜ・経路）"), "stepper"),
    Key("jump_on", ("ctrl+n",), Text("jump on", "移動先へ"),
        Text("forward again to where one came back from", "戻る前にいた場所へ進む"), "stepper"),
    Key("unfold", ("enter",), Text("unfold", "展開"),
        Text("open the selected node in place, down to its numbers; again: fold it",
             "選んだノードをその場で数の計算まで展開する。もう一度で折りたたむ"), "stepper", weight=58),
    Key("fold_around", ("backspace", "F"), Text("fold", "折りたたむ"),
        Text("fold the part around the selected box (else around the one at work)",
             "選んだ箱（なければ実行中の箱）の周りを折りたたむ"), "stepper", weight=57),
    Key("inspect", ("z",), Text("look closer", "詳しく"),
        Text("the selected node: every digit, and its check", "選んだノードの全桁の値と検算"), "stepper"),
    Key("select('left')", ("h", "shift+left"), Text("select", "選択"),
        Text("select the node to the left", "左のノードを選ぶ"), "stepper"),
    Key("select('down')", ("j", "shift+down"), Text("select", "選択"),
        Text("select the node below", "下のノードを選ぶ"), "stepper"),
    Key("select('up')", ("k", "shift+up"), Text("select", "選択"),
        Text("select the node above", "上のノードを選ぶ"), "stepper"),
    Key("select('right')", ("l", "shift+right"), Text("select", "選択"),
        Text("select the node to the right", "右のノードを選ぶ"), "stepper"),
    Key("slice(1)", ("i",), Text("next slice", "次の断面"),
        Text("values of a tensor with three axes or more: the next slice", "3 軸以上のテンソルの値: 次の断面へ"),
        "stepper"),
    Key("slice(-1)", ("I",), Text("slice before", "前の断面"),
        Text("values of a tensor: the slice before", "テンソルの値: 前の断面へ"), "stepper"),
    Key("zoom(-1)", ("-",), Text("zoom out", "縮小"),
        Text("the graph with one sign a node; values of a tensor in front: as a heat map",
             "グラフを 1 ノード 1 文字に縮める。テンソルの値が前にあるときは色で表示（ヒートマップ）"),
        "stepper", weight=4),
    Key("zoom(1)", ("+",), Text("zoom in", "拡大"),
        Text("the graph in boxes with their numbers; values of a tensor in front: in numbers",
             "グラフを箱と数で表示する。テンソルの値が前にあるときは数で表示"), "stepper", weight=3),
    Key("minimap", ("m",), Text("map", "全体図"),
        Text("a small map of the whole graph: click or drag in it to go there",
             "グラフ全体の小さな地図を出す・しまう。クリックやドラッグでそこへ移る"), "stepper", weight=2),
    Key("nudge(1)", ("n",), Text("nudge", "少し増やす"),
        Text("nudge the selected leaf up, and watch the change travel", "選んだ葉を少し増やし、変化の伝わり方を見る"),
        "stepper", weight=60),
    Key("nudge(-1)", ("N",), Text("nudge down", "少し減らす"),
        Text("nudge the selected leaf down", "選んだ葉を少し減らす"), "stepper"),
    Key("edit", ("e",), Text("edit", "変更"),
        Text("give a leaf another value and run again", "葉の値を変えて、もう一度実行する"), "stepper", weight=55),
    Key("predict", ("p",), Text("predict", "予想"),
        Text("predict the next gradient, then see it checked", "次の勾配を予想して、答え合わせをする"),
        "stepper", weight=70),
    Key("export", ("x",), Text("export", "書き出し"),
        Text("save the picture as SVG, PNG, PDF or DOT", "図を SVG・PNG・PDF・DOT で書き出す"), "stepper", weight=45),
    Key("copy", ("c",), Text("copy", "コピー"),
        Text("copy a command that opens exactly this", "この場面を開くコマンドをコピーする"), "stepper"),
)

_DOCUMENT: tuple[Key, ...] = (
    Key("block(1)", ("J",), Text("next block", "次のブロック"),
        Text("to the next block (→ gets there by itself)", "次のブロックへ（→ で進んでも着きます）"),
        "document", weight=92),
    Key("block(-1)", ("K",), Text("block before", "前のブロック"),
        Text("to the start of this block, then to the one before", "このブロックの始め、次に前のブロックへ"),
        "document", weight=50),
    Key("outline", ("o",), Text("outline", "目次"),
        Text("the headings and blocks of the document, to go to one", "文書の見出しとブロックの一覧から移動する"),
        "document", weight=91),
    Key("scroll(1)", ("down",), Text("scroll", "スクロール"),
        Text("the page (or the panel with the focus) a line down", "文書（または選んだパネル）を一行下へ"), "document"),
    Key("scroll(-1)", ("up",), Text("scroll", "スクロール"),
        Text("a line up", "一行上へ"), "document"),
)

_LOCKSTEP: tuple[Key, ...] = (
    Key("difference", ("=", "u"), Text("first difference", "最初の違い"),
        Text("to the first thing the two runs do differently", "二つの実行が最初に食い違う場面へ"),
        "lockstep", weight=85),
    Key("change(1)", (";",), Text("by size", "大きい順"),
        Text("to the largest difference, then to the next largest", "差がいちばん大きいところへ、次に大きいところへ"),
        "lockstep", weight=84),
    Key("change(-1)", (":",), Text("larger", "より大きい差"),
        Text("back to the larger difference", "一つ前の、より大きい差へ戻る"), "lockstep"),
    Key("alone", ("enter",), Text("walk one", "片方だけ"),
        Text("walk this run alone, with all panels", "この実行だけを、すべてのパネルでたどる"), "lockstep", weight=55),
)

_GALLERY: tuple[Key, ...] = (
    Key("open", ("enter",), Text("open", "開く"),
        Text("open the lesson", "レッスンを開く"), "gallery", weight=100),
    Key("find", ("/",), Text("find", "探す"),
        Text("find a lesson, a model or a file", "レッスン・モデル・ファイルを探す"), "gallery", weight=90),
    Key("quiz", ("p",), Text("as a quiz", "クイズ"),
        Text("open it as a quiz: you predict the gradients", "クイズとして開き、勾配を予想する"), "gallery", weight=60),
    Key("export", ("x",), Text("export", "書き出し"),
        Text("save its graph as SVG, PNG, PDF or DOT", "図を SVG・PNG・PDF・DOT で書き出す"), "gallery", weight=50),
    Key("move(1)", ("j", "down"), Text("down", "下へ"), Text("next line", "次の行へ"), "gallery"),
    Key("move(-1)", ("k", "up"), Text("up", "上へ"), Text("previous line", "前の行へ"), "gallery"),
)

_ENDCARD: tuple[Key, ...] = (
    Key("next_lesson", ("enter",), Text("next lesson", "次のレッスン"),
        Text("the next lesson", "次のレッスンへ"), "endcard", weight=100),
    Key("answer", ("space",), Text("answer", "答え"), Text("show the answer", "答えを見る"), "endcard", weight=90),
    Key("change", ("e",), Text("change a number", "数を変える"),
        Text("change a number of this lesson and run it again", "数を変えて、もう一度実行する"), "endcard", weight=80),
    Key("again", ("left",), Text("last step", "最後の図"),
        Text("back to the last step", "最後のステップへ戻る"), "endcard", weight=60),
)

_TRAINING: tuple[Key, ...] = (
    Key("play", ("space",), Text("run/pause", "実行・一時停止"),
        Text("run, and pause", "訓練を続ける・一時停止する"), "training", weight=100),
    Key("step(1)", ("right", "pagedown"), Text("one step", "1 ステップ"),
        Text("one step on; at the newest, train one more", "次のステップへ。最新なら 1 ステップ訓練する"),
        "training", priority=True, weight=99),
    Key("step(-1)", ("left", "pageup"), Text("back", "戻る"),
        Text("one step back, to see what was", "一つ前のステップを見る"), "training", priority=True, weight=70),
    Key("open_step", ("enter",), Text("open", "開く"),
        Text("walk the step shown; with a cell selected: at the very nodes that made it",
             "このステップを開いてたどる（マスを選択中なら、その値を作ったノードへ）"),
        "training", weight=98),
    Key("panel(1)", ("tab",), Text("panel", "パネル"),
        Text("next panel; after the last of a page, the next page", "次のパネルへ（ページの最後なら次のページへ）"),
        "training", weight=90),
    Key("panel(-1)", ("shift+tab",), Text("panel", "パネル"), Text("previous panel", "前のパネルへ"), "training"),
    Key("panel_number({key})", tuple("123456789"), Text("panel", "パネル"),
        Text("to the panel with this number", "この番号のパネルへ"), "training", face="1 … 9"),
    Key("values_or_gradients", ("v",), Text("gradients", "勾配"),
        Text("every panel's values, or their gradients", "すべてのパネルを値と勾配で切り替える"),
        "training", weight=88),
    Key("enlarge", ("z",), Text("enlarge", "拡大"),
        Text("this panel alone, with what it tells; again: all of them",
             "このパネルだけを説明とともに大きく表示する。もう一度で全部に戻す"), "training", weight=86),
    Key("layer(1)", ("U",), Text("layer", "層"),
        Text("one layer up, towards the output", "一つ上（出力側）の層へ"), "training", weight=50),
    Key("layer(-1)", ("D",), Text("layer", "層"), Text("one layer down", "一つ下（入力側）の層へ"), "training"),
    Key("head(1)", ("H",), Text("head", "ヘッド"), Text("next head", "次のヘッドへ"), "training", weight=49),
    Key("head(-1)", ("G",), Text("head", "ヘッド"), Text("head before", "前のヘッドへ"), "training"),
    Key("place(1)", ("P",), Text("position", "位置"), Text("next position", "次の位置へ"), "training", weight=48),
    Key("place(-1)", ("O",), Text("position", "位置"), Text("position before", "前の位置へ"), "training"),
    Key("document(1)", ("A",), Text("document", "文書"),
        Text("another document of the batch", "バッチの中の次の文書へ"), "training"),
    Key("document(-1)", ("Z",), Text("document", "文書"), Text("the document before", "前の文書へ"), "training"),
    Key("parameter(1)", (";",), Text("parameter", "パラメータ"),
        Text("the next parameter, in panels that show one", "一つのパラメータを表示するパネル: 次のパラメータへ"),
        "training"),
    Key("parameter(-1)", (":",), Text("parameter", "パラメータ"),
        Text("the parameter before", "前のパラメータへ"), "training"),
    Key("history", ("X",), Text("over time", "推移"),
        Text("this step, or the training so far along the x axis",
             "このステップと、ここまでの訓練の推移（横軸がステップ）を切り替える"), "training", weight=47),
    Key("log_scale", ("Y",), Text("log", "対数"),
        Text("linear or logarithmic scale", "目盛りを線形と対数で切り替える"), "training", weight=46),
    Key("select('left')", ("h", "shift+left"), Text("select", "選択"),
        Text("select the cell to the left", "左のマスを選ぶ"), "training", weight=30),
    Key("select('down')", ("j", "shift+down"), Text("select", "選択"),
        Text("select the cell below", "下のマスを選ぶ"), "training"),
    Key("select('up')", ("k", "shift+up"), Text("select", "選択"),
        Text("select the cell above", "上のマスを選ぶ"), "training"),
    Key("select('right')", ("l", "shift+right"), Text("select", "選択"),
        Text("select the cell to the right", "右のマスを選ぶ"), "training"),
    Key("finer", (",",), Text("smaller", "細かく"),
        Text("smaller strides: 100, 10, 1 steps", "歩幅を小さく（100→10→1 ステップ）"), "training", weight=45),
    Key("coarser", (".",), Text("bigger", "粗く"),
        Text("bigger strides: 1, 10, 100 steps", "歩幅を大きく（1→10→100 ステップ）"), "training", weight=44),
    Key("go_to", ("g",), Text("go to", "移動"),
        Text("go to a step by its number; beyond the newest: train up to there, and pause",
             "番号を指定してステップへ移動。最新より先なら、そこまで訓練して止まる"), "training", weight=65),
    Key("first", ("0", "home"), Text("start", "最初"), Text("to the first step", "最初のステップへ"),
        "training", weight=35),
    Key("last", ("$", "end"), Text("newest", "最新"),
        Text("to the newest step, and stay there", "最新のステップを表示し続ける"), "training", weight=34),
    Key("settings", ("s",), Text("settings", "設定"),
        Text("change settings and switches: go on with them from here, or begin a new run",
             "設定やスイッチを変えて、ここから続ける・新しい訓練を始める"), "training", weight=60),
    Key("copy", ("c",), Text("copy", "コピー"),
        Text("copy a command that opens this step", "このステップを開くコマンドをコピーする"), "training"),
    Key("export", ("x",), Text("save", "書き出し"),
        Text("save the panel in front as SVG, PNG, PDF, CSV or JSON, or the whole run as a report",
             "手前のパネルを SVG・PNG・PDF・CSV・JSON に、または訓練全体をレポートに書き出す"), "training"),
)

_COMPARE: tuple[Key, ...] = (
    Key("open_step", ("enter",), Text("in lockstep", "並べてたどる"),
        Text("walk the step shown of both runs side by side, from the first node that differs",
             "両方のこのステップを並べ、最初に食い違うノードからたどる"), "compare", weight=100),
    Key("difference", ("=", "u"), Text("first difference", "最初の違い"),
        Text("to the first step at which the two runs differ", "二つの訓練が最初に食い違うステップへ"),
        "compare", weight=95),
    Key("values_or_gradients", ("v",), Text("by depth", "層ごと"),
        Text("losses over the steps, or gradient norm by depth", "損失の推移と、層ごとの勾配ノルムを切り替える"),
        "compare", weight=92),
    Key("why", ("y",), Text("why?", "なぜ？"),
        Text("what an experiment asks, and its answer; of other runs, what is read of this one's gradients",
             "実験の問いと答え。ほかの訓練では、勾配の診断の全文"), "compare", weight=91),
    Key("step(1)", ("right", "pagedown"), Text("step", "進む"), Text("one step on", "次のステップへ"),
        "compare", priority=True, weight=90),
    Key("step(-1)", ("left", "pageup"), Text("back", "戻る"), Text("one step back", "一つ前のステップへ"),
        "compare", priority=True, weight=89),
    Key("panel(1)", ("tab",), Text("other run", "別の訓練"),
        Text("of more than two runs: compare the first with the next one",
             "三つ以上のとき: 最初の訓練と比べる相手を替える"), "compare", weight=40),
    Key("panel(-1)", ("shift+tab",), Text("other run", "別の訓練"),
        Text("with the one before", "一つ前の訓練と比べる"), "compare"),
    Key("go_to", ("g",), Text("go to", "移動"),
        Text("go to a step by its number", "番号を指定してステップへ移動"), "compare", weight=65),
    Key("finer", (",",), Text("smaller", "細かく"),
        Text("smaller strides: 100, 10, 1 steps", "歩幅を小さく（100→10→1 ステップ）"), "compare", weight=45),
    Key("coarser", (".",), Text("bigger", "粗く"),
        Text("bigger strides: 1, 10, 100 steps", "歩幅を大きく（1→10→100 ステップ）"), "compare", weight=44),
    Key("first", ("0", "home"), Text("start", "最初"), Text("to the first step", "最初のステップへ"),
        "compare", weight=35),
    Key("last", ("$", "end"), Text("end", "最後"), Text("to the last step", "最後のステップへ"),
        "compare", weight=34),
)

_APP: tuple[Key, ...] = (
    Key("command_palette", ("ctrl+p",), Text("more", "その他"),
        Text("every command by its name (palette)", "名前からコマンドを選ぶ（パレット）"), "app", weight=41),
    Key("switch_lang", ("L", "ctrl+l"), Text("日本語", "English"),
        Text("日本語で表示する", "Show everything in English"), "app", weight=50),
    Key("switch_theme", ("t",), Text("theme", "配色"),
        Text("next colours: dark, light, high contrast, colour-blind-safe",
             "配色を替える（暗い・明るい・高コントラスト・色覚対応）"), "app", weight=5),
    Key("help", ("?", "f1"), Text("help", "ヘルプ"),
        Text("this help: the keys and the words", "このヘルプ（キーと用語）"), "app", weight=95),
    Key("back", ("q",), Text("quit", "終了"),
        Text("back; from the first screen: quit", "戻る（最初の画面では終了）"), "app", weight=94),
    Key("close", ("escape",), Text("close", "閉じる"), Text("back, but never quit", "戻る（終了はしない）"), "app"),
    Key("quit", ("ctrl+q",), Text("quit", "終了"), Text("quit at once", "すぐに終了する"), "app", priority=True),
)
# fmt: on

KEYS: tuple[Key, ...] = _WALK + _STEPPER + _DOCUMENT + _LOCKSTEP + _TRAINING + _COMPARE + _GALLERY + _ENDCARD + _APP


def bindings(place: Place) -> list[Binding]:
    """What a screen (or the app) writes: `BINDINGS = bindings("stepper")`."""
    return [binding for key in KEYS if key.place == place for binding in key.bindings()]


def rows(*places: Place) -> tuple[Key, ...]:
    """The rows of these places, in the table's order."""
    return tuple(key for key in KEYS if key.place in places)


_TYPED_EVERYWHERE = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789,.;:/?!<>+-*=$%&()\"'_#"
) | {"space", "enter", "tab", "shift+tab", "escape", "backspace", "left", "right", "up", "down"}


def reachable_everywhere(key: str) -> bool:
    """Whether a MacBook, a German (QWERTZ) and a Japanese (JIS) keyboard all type `key` with at most Shift or Ctrl.

    Home, End, Page keys and F-keys need Fn on a MacBook; `[ ] { } \\ | @ ~` need AltGr (or Option) on a German one;
    some terminals keep Shift with an arrow for themselves.
    """
    if key.startswith("ctrl+"):
        return len(key) == len("ctrl+x") and key[-1].isalpha()
    return key in _TYPED_EVERYWHERE


# What a key gives while a Japanese input method is on. Everything in U+FF01..FF5E is 0xFEE0 above its ASCII twin.
_TWINS = str.maketrans("　、。・「」ー￥“”’", ' ,./[]-\\""\'') | {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}


def ascii_twin(text: str) -> str:
    """`text` with full-width letters, digits, signs and spaces as ASCII: `Ｎ` is `N`, `３．５` is `3.5`."""
    return text.translate(_TWINS)
