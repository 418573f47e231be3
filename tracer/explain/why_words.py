"""What *why?* says of each verdict. Fields in braces are filled in by `explain.why`.

{s} the gradient asked about, {name} its node, {n} what it is; {c} the culprit, {d} how it was computed, {cv} its value,
{input} what the gradient would have gone to, {i} its value, {up} and {local} what met at the edge.
"""

from __future__ import annotations

from tracer.text import Text
from tracer.trace.why import Question, Verdict

ASKED: dict[Question, Text] = {
    "zero": Text("Why is {what} zero?", "{what} はなぜ 0 なのか"),
    "nan": Text("Why is {what} not a number?", "{what} はなぜ nan なのか"),
    "inf": Text("Why is {what} infinite?", "{what} はなぜ無限大なのか"),
    "huge": Text("Why is {what} so large?", "{what} はなぜこれほど大きいのか"),
    "tiny": Text("Why is {what} so small?", "{what} はなぜこれほど小さいのか"),
    "none": Text("Why has {name} no gradient?", "{name} にはなぜ勾配がないのか"),
    "ordinary": Text("Where did {what} come from?", "{what} はどこから来たのか"),
}

BRIEF: dict[Verdict, Text] = {
    "ordinary": Text("ordinary", "異常なし"),
    "not yet": Text("not known yet", "まだわからない"),
    "closed gate": Text("closed gate", "閉じたゲート"),
    "saturated": Text("saturated", "飽和"),
    "saturated softmax": Text("saturated softmax", "softmax の飽和"),
    "zero factor": Text("zero factor", "0 を掛けている"),
    "exp underflow": Text("exp underflow", "exp が 0 につぶれた"),
    "masked": Text("not chosen", "選ばれていない"),
    "flat": Text("no slope here", "ここでは傾きが 0"),
    "cancelled": Text("cancellation", "打ち消し合い"),
    "gradient underflow": Text("gradient underflow", "勾配が 0 につぶれた"),
    "subnormal": Text("subnormal", "非正規化数"),
    "zero start": Text("started from 0", "出発点が 0"),
    "zeroed": Text("zeroed afterwards", "後から 0 にされた"),
    "cleared": Text("cleared afterwards", "後から消された"),
    "written": Text("written afterwards", "後から書き換えられた"),
    "hooked": Text("changed by a hook", "フックが変えた"),
    "no pass": Text("no backward pass", "逆伝播がまだない"),
    "takes none": Text("takes no gradient", "勾配を受け取らない"),
    "detached": Text("detached", "detach で切り離された"),
    "no_grad": Text("computed under no_grad", "no_grad の中で計算された"),
    "no slope": Text("nothing to differentiate", "微分できない"),
    "read": Text("read as a plain number", "ただの数として読まれた"),
    "unused": Text("not used for the loss", "損失に使われていない"),
    "after": Text("made after the loss", "損失より後に作られた"),
    "handed out": Text("handed out", "渡されただけ"),
    "set aside": Text("not asked for", "指定されていない"),
    "made a leaf": Text("made a leaf", "葉にされた"),
    "bad data": Text("came in so", "最初からこの値"),
    "bad update": Text("spoilt by an update", "更新で壊れた"),
    "log of zero": Text("log of 0", "0 の対数"),
    "log of negative": Text("log of a negative number", "負の数の対数"),
    "root of negative": Text("root of a negative number", "負の数の平方根"),
    "division by zero": Text("division by 0", "0 で割っている"),
    "zero over zero": Text("0 / 0", "0 ÷ 0"),
    "bad power": Text("bad power", "定まらない累乗"),
    "inf minus inf": Text("inf − inf", "inf − inf"),
    "zero times inf": Text("0 · inf", "0 · inf"),
    "overflow": Text("overflow", "オーバーフロー"),
    "empty": Text("no elements", "要素がない"),
    "bad operation": Text("not finite from here on", "ここから有限でない"),
    "infinite slope": Text("infinite slope", "無限大の傾き"),
    "gradient overflow": Text("gradient overflow", "勾配のオーバーフロー"),
    "dominating factor": Text("dominating factor", "大きな因子"),
    "small factor": Text("small factor", "小さな因子"),
    "exploding product": Text("exploding product", "積の爆発"),
    "vanishing product": Text("vanishing product", "積の消失"),
    "many contributions": Text("many contributions", "多くの寄与の和"),
    "accumulated": Text("accumulated over passes", "前の逆伝播からの蓄積"),
    "large start": Text("large start", "出発点が大きい"),
    "small start": Text("small start", "出発点が小さい"),
}

ANSWERS: dict[str, Text] = {
    # nothing wrong
    "ordinary": Text(
        "{s} is {n}. The route of the largest contributions, {steps} edges long, brings {brought} from {root}.",
        "{s} は {n} です。寄与が最大の経路（辺 {steps} 本）は {root} から {brought} を運びます。",
    ),
    "ordinary, one route": Text(
        "{s} is {n}. It came by this one route from {root}, factor by factor.",
        "{s} は {n} です。{root} からこの経路だけを通り、因子を一つずつ掛けながら届きました。",
    ),
    "ordinary, no route": Text("{s} is {n}: nothing is wrong with it.", "{s} は {n} で、異常はありません。"),
    "ordinary, the root": Text(
        "{name} is where the pass begins: its gradient is {n} because nothing comes before it.",
        "{name} は逆伝播の出発点で、勾配は {n} です。これより前には何もありません。",
    ),
    "not yet": Text(
        "Not known yet at this position: no backward pass has brought it here.",
        "この時点ではまだわかりません。逆伝播がここまで来ていません。",
    ),
    "not yet until": Text(
        "Not known yet: step on to position {until}.",
        "まだわかりません。位置 {until} まで進むとわかります。",
    ),
    # nothing got through
    "closed gate": Text(
        "The gate {d} is closed{line}: its input is not above 0, so nothing gets through.",
        "ゲート {d} が閉じています{line}。入力が 0 より大きくないので、何も通しません。",
    ),
    "saturated": Text(
        "{d} is saturated{line}: it lies on its flat end, where its local gradient is {local}.",
        "{d} は飽和しています{line}。曲線の平らな端にあり、局所勾配は {local} です。",
    ),
    "saturated softmax": Text(
        "The softmax at {c} is saturated{line}: a probability is so near 0 or 1 that it no longer reacts to {input}.",
        "{c} の softmax が飽和しています{line}。確率が 0 か 1 に張りつき、{input} が動いても反応しません。",
    ),
    "zero factor": Text(
        "{c} is {cv}{line}, and it is the other factor of a product: upstream times 0 is 0.",
        "積のもう一方の因子 {c} が {cv} です{line}。上流の勾配に 0 を掛けると 0 になります。",
    ),
    "zero factor, a constant": Text(
        "The other factor of the product is the constant {cv}{line}: upstream times 0 is 0.",
        "積のもう一方の因子は定数 {cv} です{line}。上流の勾配に 0 を掛けると 0 になります。",
    ),
    "exp underflow": Text(
        "{d} underflows to 0{line}: e to so negative a number is smaller than the smallest float, "
        "and an exponential's slope is its value.",
        "{d} が 0 につぶれています{line}。指数が負に大きすぎて最小の浮動小数点数を下回り、傾きも値と同じ 0 です。",
    ),
    "masked": Text(
        "{c} did not choose this number{line}: another input, element or limit won, so nothing comes back to {input}.",
        "{c} はこの数を選びませんでした{line}。別の入力、要素、限界値が選ばれたので、{input} には何も戻りません。",
    ),
    "flat": Text(
        "{d} does not react to a small nudge of {input} here{line}: its local gradient is 0.",
        "ここでは {input} を少し動かしても {d} は動きません{line}。局所勾配は 0 です。",
    ),
    "cancelled": Text(
        "What reaches {c} ({cr}) cancels: what some of it brings, the rest takes away. The sum is {cg}.",
        "{c} に届くもの（{cr}）が互いに打ち消し合っています。和は {cg} です。",
    ),
    "gradient underflow": Text(
        "At {c} the product {up} · {local} is smaller than the smallest {kind}, about {limit}: the gradient underflows "
        "to 0{line}.",
        "{c} での積 {up} · {local} は {kind} の最小値（約 {limit}）より小さく、勾配が 0 につぶれました{line}。",
    ),
    "subnormal": Text(
        "{n} is among the last numbers of {kind} before 0, which hold few digits. The product shrinks most at {c}.",
        "{n} は {kind} で 0 の直前にある非正規化数で、桁がほとんど残っていません。最も縮むのは {c} です。",
    ),
    "zero start": Text(
        "The pass started from 0 at {c}, so everything it reaches is 0.",
        "逆伝播が {c} で 0 から始まっているので、届くものはすべて 0 です。",
    ),
    # the program changed it
    "zeroed": Text("{s} was set to 0 afterwards, by the program.", "{s} は、後からプログラムが 0 にしました。"),
    "cleared": Text(
        "The gradient of {name} was let go: the program set it to None.",
        "{name} の勾配はプログラムが消しました（None にしました）。",
    ),
    "written": Text(
        "{n} is not what the pass brought: the program wrote it afterwards (clipped, scaled or assigned).",
        "{n} は逆伝播が届けた値ではありません。後からプログラムが書き込みました（クリッピングや代入など）。",
    ),
    "hooked": Text(
        "A hook of the program gave another gradient back at {c}: {cg}.",
        "{c} では、プログラムのフックが別の勾配 {cg} を返しました。",
    ),
    # it is not there
    "no pass": Text(
        "There is no backward pass yet: backward() has not been called.",
        "逆伝播がまだありません。backward() が呼ばれていません。",
    ),
    "takes none": Text(
        "{c} takes no gradient{line}: it was made without requires_grad, or is a plain number.",
        "{c} は勾配を受け取りません{line}。requires_grad なしで作られたか、ただの数です。",
    ),
    "detached": Text(
        "{d} cuts the graph{line}: what comes after has the same numbers, but no way back.",
        "{d} で計算グラフが切れています{line}。その先は同じ値ですが、戻る経路がありません。",
    ),
    "no_grad": Text(
        "{d} was computed with gradients off, by no_grad{line}: the way back was not recorded.",
        "{d} は勾配を記録しない状態（no_grad）で計算されました{line}。戻る経路は残っていません。",
    ),
    "no slope": Text(
        "{d} answers with whole numbers, places or truth values{line}: a small nudge changes nothing, so no gradient "
        "can pass.",
        "{d} の結果は整数、番号、真偽値です{line}。少し動かしても変わらないので、勾配は通りません。",
    ),
    "read": Text(
        "The program took {c} out as a plain number and went on with that{line}; what followed is not on the graph.",
        "プログラムは {c} をただの数として取り出して先へ進みました{line}。その先はグラフに載っていません。",
    ),
    "unused": Text(
        "Nothing that the loss was computed from uses {c}.",
        "損失の計算には {c} が使われていません。",
    ),
    "after": Text(
        "{name} was made after the pass began at the loss: the loss cannot depend on it.",
        "{name} は損失より後に作られたので、損失はこれに依存しません。",
    ),
    "handed out": Text(
        "autograd.grad handed the gradient to the program and left none in {name}.",
        "autograd.grad は勾配をプログラムに渡しただけで、{name} には残していません。",
    ),
    "set aside": Text(
        "backward(inputs=...) named other leaves, so {name} keeps no gradient.",
        "backward(inputs=...) はほかの葉を指定したので、{name} に勾配は残りません。",
    ),
    "made a leaf": Text(
        "{c} was made a leaf by requires_grad_(){line}: gradient goes no further.",
        "{c} は requires_grad_() で葉にされました{line}。勾配はここから先へ進みません。",
    ),
    # not finite
    "bad data": Text(
        "{c} is {cv} from the start{line}: it came in with the data.",
        "{c} は最初から {cv} です{line}。データとして入ってきました。",
    ),
    "bad update": Text(
        "{c} was finite until an update made it {cv}{line}: the gradient then was {cg}.",
        "{c} は更新で {cv} になりました{line}。それまでは有限で、そのときの勾配は {cg} です。",
    ),
    "inf minus inf": Text(
        "At {c} infinite numbers of opposite sign meet: inf − inf is no number.",
        "{c} で符号の異なる無限大どうしが出会いました。inf − inf は定まりません。",
    ),
    "zero times inf": Text(
        "{up} arrives at {c}, the slope there is infinite, and 0 times infinity is no number{line}.",
        "{c} に届くのは {up} で、そこでの傾きは無限大です。0 と無限大の積は定まりません{line}。",
    ),
    "infinite slope": Text(
        "The slope of {d} is infinite at {input} = {i}{line}.",
        "{input} = {i} で {d} の傾きは無限大です{line}。",
    ),
    "gradient overflow": Text(
        "At {c} the gradient becomes larger than the largest float: it overflows.",
        "{c} で勾配が浮動小数点数の上限を超え、オーバーフローしました。",
    ),
    # large and small
    "dominating factor": Text(
        "{s} is {n} because of one factor: through {d} it is multiplied by {factor}{line}.",
        "{s} が {n} になったのは一つの因子のためです。{d} を通るとき {factor} 倍されます{line}。",
    ),
    "small factor": Text(
        "{s} is {n} because of one factor: through {d} it is multiplied by {factor}{line}.",
        "{s} が {n} になったのは一つの因子のためです。{d} を通るとき {factor} 倍されます{line}。",
    ),
    "exploding product": Text(
        "{s} is {n} because factors above 1 follow each other: {k} of them, from {c} on, multiply to {factor}.",
        "{s} が {n} になったのは 1 より大きい因子が続くためです。{c} から {k} 個を掛けると {factor} です。",
    ),
    "vanishing product": Text(
        "{s} is {n} because factors below 1 follow each other: {k} of them, from {c} on, multiply to {factor}.",
        "{s} が {n} になったのは 1 より小さい因子が続くためです。{c} から {k} 個を掛けると {factor} です。",
    ),
    "many contributions": Text(
        "{cr} add up at {c}: together they are {factor} times the largest of them.",
        "{c} では {cr}が足されます。合わせると最大の寄与の {factor} 倍です。",
    ),
    "accumulated": Text(
        "Most of {n} was there before this pass: earlier passes left it, and nobody set it to zero.",
        "{n} の大部分はこの逆伝播より前からありました。前の逆伝播の勾配が 0 に戻されないまま残っています。",
    ),
    "large start": Text(
        "The pass did not start from 1 at {c} but from {factor}, and every gradient grows with it.",
        "逆伝播は {c} で 1 ではなく {factor} から始まり、どの勾配もその分だけ大きくなります。",
    ),
    "small start": Text(
        "The pass did not start from 1 at {c} but from {factor}, and every gradient shrinks with it.",
        "逆伝播は {c} で 1 ではなく {factor} から始まり、どの勾配もその分だけ小さくなります。",
    ),
}
for _verdict, _said in (
    ("log of zero", ("The logarithm of 0", "0 の対数")),
    ("log of negative", ("The logarithm of a negative number", "負の数の対数")),
    ("root of negative", ("The square root of a negative number", "負の数の平方根")),
    ("division by zero", ("A division by 0", "0 での割り算")),
    ("zero over zero", ("0 divided by 0", "0 ÷ 0")),
    ("bad power", ("A power that is not defined", "定まらない累乗")),
    ("overflow", ("A number larger than the largest float", "浮動小数点数の上限を超えた数")),
    ("empty", ("An average of no elements", "要素のない平均")),
    ("bad operation", ("A number that is not finite", "有限でない数")),
):
    ANSWERS[_verdict] = Text(
        f"{_said[0]}: {{d}} gives {{cv}}{{line}}, though what went in is finite.",
        f"{_said[1]}です。{{d}} は {{cv}} になります{{line}}。入力は有限です。",
    )
