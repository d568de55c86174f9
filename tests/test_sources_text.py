"""Text repair: what is undone, what must stay, and properties of any text."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upwell.sources.text import has_unreadable_bytes, one_line, repair

UNDONE = [
    ("texttt{D}ual-texttt{H}ead (texttt{DHO})", "Dual-Head (DHO)"),
    (r"suffers from \textbf{Modality \emph{Collapse}}", "suffers from Modality Collapse"),
    (r"demonstrate that {\it model size}, {\em time}", "demonstrate that model size, time"),
    (r"by 23\%, A \& B, MC3\_18", "by 23%, A & B, MC3_18"),
    (r"a 256$\times$256 image, 10$\times$ faster", "a 256×256 image, 10× faster"),
    ("100times Faster, and 3 times", "100× Faster, and 3 times"),
    (r"$O(\sqrt{d/n})$ on ${\mathbb{R}}^d$", "O(√(d/n)) on R^d"),
    (r"$\tilde{\mathcal{O}}(n)$ and $$\alpha$$", "Õ(n) and α"),
    ("the $k$NN-MT and I$^2$OL-Net", "the kNN-MT and I^2OL-Net"),
    (r"the R\'enyi and Fr\'echet mean of Schr\"odinger and Erd\H{o}s", "the Rényi and Fréchet mean of Schrödinger and Erdős"),
    (r"new \color{ddtD}ecoupled (\color{ddtDDT})", "new Decoupled (DDT)"),
    (r"as in Obizhaeva~\cite{x13} and Figure~1", "as in Obizhaeva and Figure 1"),
    (r"\href{https://x.org}{here}, \textcolor{red}{new}", "here, new"),
    (r"issue, \ie, that, \etc. But \rafdb too", "issue, i.e., that, etc. But rafdb too"),
    ("mAP^{N}_{50}, MP_{+}", "mAP^N_50, MP_+"),
    ("the ``right to be forgotten''", 'the "right to be forgotten"'),
    ("models -- often--are---trained", "models – often–are—trained"),
    (r"x \unicode{x2014} y", "x — y"),
    ("ﬁnancial classiﬁcation", "financial classification"),
    ("cafe\u00a0x\u2009y\u200bz\ufeff", "cafe x yz"),
    ("cafe\u0301", "caf\u00e9"),
    ("Ã©tÃ© and donâ€™t", "été and don't"),
    ("AT&amp;T &gt; B", "AT&T > B"),
    ("H<sub>2</sub>O is <i>wet</i>", "H2O is wet"),
    ("<jats:p>One.</jats:p><jats:p>Two.</jats:p>", "One. Two."),
    ("nul\x00byte\x07", "nul byte"),
    ("Sensor simulation is\nof autonomous\r\ndriving.\n\nNext.", "Sensor simulation is of autonomous driving. Next."),
    ("recog\u00ad\nnition, per\u00adform, back(cid:173)", "recognition, perform, back"),
    ("perfor(cid:173) mance of Hamilton(cid:173) Jacobi", "performance of Hamilton-Jacobi"),
    ("adver-\nsarial", "adversarial"),
    ("self-\nattention, VQ-\nVAE", "self-attention, VQ-VAE"),
    ("inter-\nand intra-class", "inter- and intra-class"),
    ("geometry-\nunaware, where geometry", "geometry-unaware, where geometry"),
    ("smart \udce9t\udce9 \udc93x\udc94", 'smart été "x"'),
]  # fmt: skip

KEPT = [
    "costs $5 and $10, or $5-$10, 69.6$% of US$ 5",
    "100% of R^2, x_i and file_name",
    r"C:\new\folder and .\run",
    "~5% of x~N(0,1), http://a.org/~me",
    "pass --flag to {1.31 FID} or {0, 1}",
    "a < b > c, f<T>",
    'she said \\"and so\\" and left',
    "深度学习 и нейронные сети",
    "می\u200cخواهم",
    "ℓ_1, μ and ∇f",
    "the texture of text {x}",
]


@pytest.mark.parametrize(("damaged", "expected"), UNDONE)
def test_damage_is_undone(damaged, expected):
    assert repair(damaged) == expected


@pytest.mark.parametrize("text", KEPT)
def test_plain_text_is_left_alone(text):
    assert repair(text) == text


@pytest.mark.parametrize("text", [expected for _, expected in UNDONE])
def test_repaired_text_is_a_fixed_point(text):
    assert repair(text) == text


@pytest.mark.parametrize(
    "broken",
    [
        r"\href{http://x}{",
        r"$\frac{",
        r"\textbf{",
        "$" * 7,
        "\\",
        r"\begin{x}",
        "{" * 500,
        r"$\frac{a$ b",
        r"\unicode{xd800}",
    ],
)
def test_broken_latex_never_raises(broken):
    assert repair(repair(broken)) == repair(broken)


def test_unreadable_bytes_are_told_from_text():
    assert has_unreadable_bytes(b"caf\xe9".decode("utf-8", "surrogateescape"))
    assert not has_unreadable_bytes("café")


LATEX = st.lists(
    st.sampled_from(
        [
            "$",
            "\\",
            "{",
            "}",
            "~",
            "--",
            "``",
            "''",
            "\\alpha",
            "\\textbf{",
            "text",
            "tt{",
            "5",
            "%",
            "times",
            " ",
            "a",
            "^",
            "_",
            "\n",
            "-",
            "\u00ad",
            "(cid:173)",
            "&amp;",
            "é",
            "\ufb01",
            "\\'e",
            "\\unicode{x41}",
            "\\color{aB}",
            "&lt;i&gt;",
            "\\cite{a}",
            "\\%",
            "\udce9",
            "Ã©",
        ]
    )
).map("".join)
ANY = st.one_of(st.text(st.characters(exclude_categories=[])), LATEX)


@given(ANY)
@settings(max_examples=400, deadline=None)
def test_any_text_becomes_a_fixed_point_on_one_line(text):
    repaired = repair(text)
    assert repair(repaired) == repaired
    assert repaired == one_line(repaired)
    assert "\n" not in repaired
    repaired.encode()  # no lone surrogates


@given(st.lists(st.from_regex(r"[a-zA-Z0-9]{1,9}", fullmatch=True), min_size=1))
@settings(max_examples=50, deadline=None)
def test_words_stay_as_they_are(words):
    text = " ".join(word for word in words if "times" not in word)
    assert repair(text) == text


@pytest.mark.parametrize(
    "unit", ["plain words ", "$x$ ", "$5 ", "\\alpha ", "a-\nb ", "{", "texttt{a} ", "\\", "é ", "$a", "--", "<i ", "\\unicode{"]
)  # fmt: skip
def test_time_grows_with_length_only(unit):
    def seconds(n):
        text = unit * n
        best = float("inf")
        for _ in range(3):
            start = time.process_time()
            repair(text)
            best = min(best, time.process_time() - start)
        return best

    seconds(10)
    short, long = seconds(2_000), seconds(16_000)
    assert long < 8 * max(short, 0.004) * 3  # quadratic would be 64 times


# ---- language ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("en", "We show that alpha waves rise when the reader of a table is surprised by it."),
        ("en", "We explore quantum cardinality in finite-dimensional systems."),
        ("en", "Quantum state preparation: algorithms, hardware, benchmarks, open questions"),
        ("de", "Wir stellen ein Verfahren vor, mit dem sich neuronale Netze trainieren lassen."),
        ("fr", "Nous proposons une nouvelle méthode d'apprentissage pour la segmentation."),
        ("nl", "In dit artikel stellen wij een nieuwe methode voor om netwerken te trainen."),
        ("ru", "Предлагается новый метод обучения нейронных сетей на зашумлённых данных."),
        ("zh", "本文提出了一种新的深度学习方法,用于在带有噪声标签的数据上训练神经网络。"),
        ("ja", "本研究では、ノイズを含むラベルに対して頑健な学習手法を提案する。"),
        (None, "12 34 56 78"),
        (None, ""),
    ],
)
def test_languages_are_told(expected, text):
    from upwell.sources.language import language_of

    assert language_of(text) == expected
