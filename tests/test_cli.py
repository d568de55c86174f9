"""The command line: arguments, exit codes and messages; nothing here starts a server."""

import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

UPWELL = [sys.executable, "-c", "from flows.cli import main; main()"]


def upwell(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*UPWELL, *arguments], cwd=cwd, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "nowhere"], "nowhere"),
        (["run", "*.bib"], "*.bib"),
        (["run", "empty"], "empty"),
        (["run", "--bucket", "day"], "--bucket day"),
        (["run", "--saved-year", "3"], "--saved-year 3: Input should be greater than"),
        (["run", "--nope"], "Unknown option: --nope"),
        (["rn"], 'Did you mean "run"?'),
        (["run", "--watch-list", "gone.toml"], "gone.toml: the watch list cannot be read"),
        (["run", "--watch-list", "broken.toml"], "broken.toml"),
        (["run", "--theme", " "], "theme"),
        (["remove"], "nothing to remove: give --paper or --source"),
        (["remove", "--paper", "p1"], "outputs: no such folder"),
        (["prune", "--keep", "0"], "--keep"),
        (["prune", "--keep", "1"], "outputs: no such folder"),
        (["verify"], "outputs: no such folder; name a folder of outputs with --outputs"),
        (["rebuild"], "outputs: no such folder"),
        (["rejects"], "outputs holds no run yet; start one with `upwell run`"),
        (["rejects", "--examples", "-1"], "--examples"),
        (["theme", "mamba"], "outputs holds no run yet: start one with `upwell run`"),
        (["theme", " ", "empty"], "has no word to look for"),
        (["theme", "mamba", "nowhere"], "nowhere"),
        (["theme", "mamba", "--also", " "], "the phrase ' ' has no word"),
        (["theme", "mamba", "--watch-list", "gone.toml"], "gone.toml: the watch list cannot be"),
        (["theme", "mamba", "--limit", "0"], "--limit"),
        pytest.param(
            ["run", "--dask"],
            "--dask needs the extra `dask`: uv sync --extra dask",
            marks=pytest.mark.skipif(
                find_spec("prefect_dask") is not None, reason="the extra `dask` is installed"
            ),
        ),
    ],
)
def test_unusable_arguments_are_exit_code_2(
    upwell_here: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path: Path,
    arguments: list[str],
    words: str,
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.toml").write_text('[[theme]]\nname = "a\n')
    done = upwell_here(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize(
    ("arguments", "url", "words"),
    [
        (["gone"], "", "gone: no such folder"),
        (["."], "", "no Prefect server is configured; start one with"),
        (
            [".", "--wait", "1"],
            "http://127.0.0.1:9/api",
            "no Prefect server answers at http://127.0.0.1:9/api",
        ),
        ([".", "--cron", "at dawn"], "", "--cron 'at dawn'"),
        ([".", "--timezone", "Mars/Base"], "", "'Mars/Base'"),
    ],
)
def test_serve_says_what_it_misses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], url: str, words: str
) -> None:
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PREFECT_API_URL", url)
    done = upwell("serve", *arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_run_says_at_once_that_its_server_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    done = upwell("run", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "no Prefect server answers at http://127.0.0.1:9/api (" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom flows.cli import app\n"
        "app(['--help'], exit_on_error=False, result_action='return_value')\n"
        "heavy = {'prefect', 'polars', 'numpy', 'bertopic', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "run" in done.stdout


def test_trying_a_theme_starts_no_server(tmp_path: Path) -> None:
    code = "import sys\nimport flows.trial\nassert 'prefect' not in sys.modules\n"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False)
    assert done.returncode == 0


def test_version(tmp_path: Path) -> None:
    assert upwell("--version", cwd=tmp_path).stdout.strip() == "0.1.0"


def test_keeping_house_from_the_shell(tmp_path: Path) -> None:
    from datetime import date

    from upwell.config import SourceConfig
    from upwell.store import collect

    landing, outputs = tmp_path / "landing", tmp_path / "outputs"
    landing.mkdir()
    words = " ".join(f"word{n}" for n in range(20))
    for name in ("a", "b"):
        (landing / f"{name}.jsonl").write_text(f'{{"title": "{name}", "abstract": "{words}"}}\n')
    collect(outputs, [landing], config=SourceConfig(), today=date(2026, 3, 1), join=True)
    for name in ("1", "2"):
        (outputs / "runs" / name).mkdir(parents=True)

    def said(*arguments: str, code: int = 0) -> str:
        done = upwell(*arguments, "--outputs", str(outputs), cwd=tmp_path)
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    assert "2/SHA256SUMS: missing, so the run cannot be checked" in said("verify", code=1)
    assert "1 run removed: 1" in said("prune", "--keep", "1").replace("\N{NO-BREAK SPACE}", " ")
    assert "no file of the corpus" in said("remove", "--source", "c*", code=1)
    assert "taken out: source a* (1\N{NO-BREAK SPACE}record). The next" in said(
        "remove", "--source", "a*"
    )
    (landing / "b.jsonl").unlink()
    rebuilt = said("rebuild").replace("\N{NO-BREAK SPACE}", " ")
    assert "read again: 1 file with 0 records" in rebuilt, "what was taken out stays out"
    assert f"gone, with its papers: {landing / 'b.jsonl'}" in rebuilt
    (outputs / "runs" / "2").rmdir()
    assert f"all is well in {outputs}" in said("verify")
