#!/usr/bin/env bash
# Sets everything up once, then runs the experiments: see `./run_all.sh --help`.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: ./run_all.sh [TARGET...] [options]     train, evaluate and report
       ./run_all.sh list                      tables, runs and profiles
       ./run_all.sh status [TARGET...]        where every stage stands, here or in Slurm
       ./run_all.sh 1f                        parameters and GFLOPs of the full-size models
       ./run_all.sh audit                     checks of the published numbers: reports/audit
       ./run_all.sh verify [--profile P]      every printed number recomputed from the records
       ./run_all.sh check-gpu [--pretend]     whether profile full will train on this GPU: sixteen
                                              checks, under ten minutes (--pretend: without a GPU)
       ./run_all.sh test [pytest options]     ruff, the types and the tests
       ./run_all.sh setup                     only install
       ./run_all.sh ship-weights [RUN...] [--profile P]   copy finished pretraining, or
                                              the trained models of runs, into weights/
       ./run_all.sh ship-records [--profile P]   make own records the shipped ones

A TARGET is a table (1a), a run (blendmask-r50+tpr), all (default) or pretrain; with a profile
whose doses and scales are declared (mini, midi) also doses, doses-trained, one factor of these
(doses-speed), scale and scale-held-out (docs/mini-world.md), not in all.
Killed or interrupted, the same command goes on where it stopped.

Options: --profile P     sizes and schedule: smoke, mini (default), full
         --seeds 0,1     default: those of the profile
         --until-decided   rounds of seeds by the profile's declared plan, until the
                         claims of the tables are decided (docs/report.md)
         --dry-run       say what would run and why
         --accept-code   keep what other code made, finished or begun
         --force         run training and evaluation of the targets again
         --launcher L    local (default), or slurm: submit the stages as jobs and return
         --workers N     processes at a time (default: by the profile and the cores)
         --data-root DIR   YouTube-VIS and public weights, for profile full (default: $TPR_DATA)
         --official-val  train on all videos, write files for the server
         --limit-videos N, --limit-frames N, --max-iter N   a trial: all for real, but little of it
Slurm:   --partition P --account A --time T     of each job (docs/full-scale.md)
         --cpu-partition P                      of the jobs that need no GPU
         --nodes N --gpus-per-node G            of a training; one process a GPU
         --cores-per-gpu N                      default 8; loaders use them
         --sbatch KEY=VALUE                     any other option of sbatch

Environment: TPR_VENV     virtual environment to use (default .venv here)
             TPR_PYTHON   Python that makes it (default: the first python3.11 or newer)
             DETECTRON2_SPEC   pip requirement that replaces the default detectron2
             TPR_TORCH_INDEX   pip index with torch for another CUDA, e.g. for V100 or drivers
                          older than 580: https://download.pytorch.org/whl/cu126; kept until
                          it is set to another one, or to nothing
TEXT
}

say() { printf '%s\n' "$*" >&2; }
offline="it needs the network: pip's index (PyPI, or yours as PIP_INDEX_URL), or a folder of wheels \
as PIP_FIND_LINKS with PIP_NO_INDEX=1; behind a proxy set HTTPS_PROXY"
die() { say "run_all.sh: $*"; exit 1; }

# --- set-up ------------------------------------------------------------------------------------

# What is installed; the stamp is a copy of it, so a changed requirement sets up again.
wanted() {
    cat requirements.txt requirements-detectron2.txt
    printf 'DETECTRON2_SPEC=%s\n' "${DETECTRON2_SPEC:-}"
    [[ -z $torch_index ]] || printf 'TPR_TORCH_INDEX=%s\n' "$torch_index"
}

is_set_up() {
    [[ -x $venv/bin/python && -f $stamp ]] && [[ $(<"$stamp") == "$(wanted)" ]]
}

# Prints the first Python that can make the environment; says what is missing otherwise.
find_python() {
    local name path without_venv=""
    for name in ${TPR_PYTHON:+"$TPR_PYTHON"} python3.11 python3.12 python3.13 python3 python; do
        path=$(command -v "$name") || continue
        "$path" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
        "$path" -c 'import venv, ensurepip' 2>/dev/null && { printf '%s\n' "$path"; return; }
        without_venv=${without_venv:-$path}
    done
    [[ -z $without_venv ]] || die "$without_venv cannot make virtual environments:" \
        "install its venv module (Debian, Ubuntu: apt-get install python3-venv or python3.11-venv)"
    die "Python 3.11 or newer is needed and was not found; install it or set TPR_PYTHON to its path"
}

# A set-up that was killed while pip wrote files leaves packages that look whole: start over, but
# only in an environment that this script made.
make_venv() {
    if [[ -f $venv/.setup-unfinished && -f $venv/.made-by-run_all ]]; then
        say "An earlier set-up was interrupted: starting over"
        rm -rf "$venv"
    fi
    if [[ ! -f $venv/pyvenv.cfg || ! -x $venv/bin/python ]]; then
        mkdir -p "$venv"
        touch "$venv/.made-by-run_all" "$venv/.setup-unfinished"
        "$python" -m venv "$venv"
    fi
    touch "$venv/.setup-unfinished"
    "$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$venv/bin/python" -m ensurepip >/dev/null
}

install_detectron2() {
    if [[ -n ${DETECTRON2_SPEC:-} ]]; then
        # its build needs the installed torch; what it imports is in requirements.txt
        "${pip[@]}" "setuptools<81" wheel ninja
        "${pip[@]}" --no-deps --no-build-isolation "$DETECTRON2_SPEC"
        return
    fi
    local packages
    packages=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    # tagged for Python 3.10 because of a compiled file that is never loaded
    "${pip[@]}" --no-deps --only-binary=:all: --require-hashes --python-version 3.10 \
        --implementation cp --upgrade --target "$packages" -r requirements-detectron2.txt
}

# To pip one version of torch for two CUDAs is the same: that from another index must go first.
install_torch() {
    if [[ $(cat "$venv/.torch-index" 2>/dev/null) != "$torch_index" ]]; then
        rm -f "$stamp" "$venv/.torch-index" # until torch is there again the environment is of no use
        "$venv/bin/python" -m pip uninstall --yes --quiet torch torchvision
    fi
    [[ -n $torch_index ]] || return 0 # then it comes with the other requirements
    grep -E '^(torch|torchvision)==' requirements.txt >"$venv/.torch.txt"
    "${pip[@]}" --index-url "$torch_index" -r "$venv/.torch.txt" &&
        printf '%s' "$torch_index" >"$venv/.torch-index"
}

install() {
    is_set_up && return # another set-up finished while this one waited for the lock
    say "Setting up $venv with $("$python" --version): once, about 3 minutes and 6 GB"
    make_venv
    # --no-compile: of 11,000 modules only those are compiled that the check below imports
    local pip=("$venv/bin/python" -m pip install --disable-pip-version-check --no-input --no-compile)
    install_torch || die "TPR_TORCH_INDEX=$torch_index does not have what requirements.txt names" \
        "as torch and torchvision (see above); without it the default build is installed"
    "${pip[@]}" -r requirements.txt || die "set-up failed (see above); the same command tries again." \
        "If nothing could be downloaded: $offline"
    install_detectron2 || die "installing detectron2 failed (see above); the same" \
        "command tries again. If nothing could be downloaded: $offline, or DETECTRON2_SPEC (docs/install.md)"
    # what it compiles is kept even if the user's Python keeps none: every stage would compile it again
    PYTHONDONTWRITEBYTECODE='' PYTHONWARNINGS=ignore "$venv/bin/python" -c \
        'import experiments.pipeline.libraries, matplotlib.pyplot, jinja2, markdown, pandas, scipy.stats, av' ||
        die "the installed packages do not work together (see above)"
    command -v "${CC:-cc}" >/dev/null ||
        say "No C compiler: the evaluator does without its compiled parts, with the same numbers, slower"
    wanted >"$stamp.tmp"
    mv "$stamp.tmp" "$stamp"
    rm -f "$venv/.setup-unfinished"
}

# Whether each compiled part of the evaluator is there and not older than its source.
is_built() {
    local source parts
    for source in tpr/*/_*.c; do
        parts=("${source%.c}".*.so)
        [[ -f ${parts[0]} && ! $source -nt ${parts[0]} ]] || return 1
    done
}

# They lie in the checkout, so another checkout with the same environment builds its own.
build() {
    command -v "${CC:-cc}" >/dev/null || return 0
    "$venv/bin/python" -W ignore setup.py --quiet build_ext --inplace >/dev/null 2>&1 || true
}

# Locks file descriptor 9, which this shell and pip keep open: the lock goes when the last of them ends.
lock() {
    "$python" - <<'PYTHON'
import fcntl
import sys

try:
    fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    print("Waiting for another set-up of the same environment", file=sys.stderr)
    fcntl.flock(9, fcntl.LOCK_EX)
except OSError as error:
    sys.exit(f"run_all.sh: cannot lock beside the environment ({error.strerror}): "
             "set TPR_VENV to a folder on a local disk")
PYTHON
}

set_up() {
    local python
    python=$(find_python)
    mkdir -p "$(dirname "$venv")"
    { lock && install; } 9>"$venv.lock"
}

# --- commands ----------------------------------------------------------------------------------

run_tests() {
    export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
    # compiled once, even if the user's Python keeps nothing: tests start some hundred processes
    export PYTHONDONTWRITEBYTECODE=''
    python -m ruff check .
    python -m ruff format --check .
    python -m basedpyright
    # a file of tests stays in one process, as its tests share what they make
    exec python -m pytest -n auto --maxprocesses 4 --dist loadfile "$@"
}

case ${1:-} in -h | --help | help) usage; exit ;; esac

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
venv=${TPR_VENV:-$here/.venv}
[[ $venv == /* ]] || venv=$PWD/$venv
stamp=$venv/.installed
# once chosen it stays; set but empty it is the default again
torch_index=${TPR_TORCH_INDEX-$(cat "$venv/.torch-index" 2>/dev/null || true)}
cd "$here"

is_set_up || set_up
is_built || build
# the installed packages before the user's: a yaml.py of theirs is not ours to load
packages=("$venv"/lib/python3*/site-packages)
export PATH="$venv/bin:$PATH" PYTHONPATH="$here:${packages[0]}${PYTHONPATH:+:$PYTHONPATH}"
export PYTHONUTF8=1 # whatever the locale: names and messages go beyond ASCII
unset PYTHONOPTIMIZE # detectron2 cannot do without docstrings

case ${1:-} in
    setup) say "Set up: $venv" ;;
    test) shift; run_tests "$@" ;;
    audit) shift; exec python -m reports.audit "$@" ;;
    verify) shift; exec python -m reports.verify "$@" ;;
    check-gpu) shift; exec python -m experiments.gpu_check "$@" ;;
    *) exec python -m experiments "$@" ;;
esac
