#!/usr/bin/env bash
# A graph of 10 stages on a real Slurm of this machine alone. The process that submits is killed, one
# job is preempted, another one's process is killed; in the end every stage must have been finished
# exactly once. Stages only count (tests/helpers/suite_fakes.py). Takes about two minutes.
#     apt-get install slurm-wlm munge; tests/slurm/run.sh        (as root, with the suite set up)
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
repository=$(dirname "$(dirname "$here")")
. "$here/cluster.sh"

export PATH=${TPR_VENV:-$repository/.venv}/bin:$PATH PYTHONPATH=$repository:$repository/tests
export TPR_FAKE_TICK=4
work=$(mktemp -d)
root=$work/suite
runs=$root/runs/smoke
trap 'stop_cluster "$work"; sleep 1; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

say() { printf '\n%s --- %s\n' "$(date +%T)" "$*"; }
die() { say "FAILED: $*"; tail -n 20 "$work"/*.log "$runs"/*/log.txt; exit 1; }
suite() { python -m tests.helpers.suite_fakes "$root" --profile smoke "$@"; }
targets=(blendmask-r50 blendmask-r50+tpr blendmask-r101)
slurm=(--launcher slurm --partition test --gpus-per-node 0 --time 30)
submit() { suite "${targets[@]}" "${slurm[@]}"; }
status() { suite status "${targets[@]}"; }
queue() { squeue --noheader --format=%j; }

until_under_way() {
    for _ in $(seq 600); do
        grep --quiet --no-messages '"done": [1-4],' "$runs/$1-"*/progress.json && return
        sleep 0.2
    done
    die "$1 does not get on"
}
until_empty() {
    for _ in $(seq 600); do
        [[ -z $(queue) ]] && return
        sleep 0.3
    done
    die "the queue does not get empty"
}
job_of() { sed -n 's/.*"job": "\([0-9]*\)".*/\1/p' "$runs/$1-"*/submitted.json; }

say "a cluster of one machine"
start_cluster "$work"
sinfo
mkdir -p "$root/experiments"
cp -r "$repository/experiments/manifests" "$root/experiments/"

say "submitting, killed with -9 when four jobs are in the queue"
python -m tests.helpers.suite_fakes "$root" --profile smoke "${targets[@]}" "${slurm[@]}" &
submitter=$!
for _ in $(seq 1000); do
    [[ $(queue | wc -l) -ge 4 ]] && break
    sleep 0.02
done
kill -9 $submitter
wait $submitter || true
echo "jobs in the queue: $(queue | wc -l)"
[[ $(queue | wc -l) -lt 10 ]] || die "all were submitted before the kill"

say "the same command again"
submit
status
[[ $(queue | sort -u | wc -l) == "$(queue | wc -l)" ]] || die "a stage is in the queue twice"

say "a training is preempted: the signal that Slurm sends before it takes the nodes away"
until_under_way train-blendmask-r50-seed0
preempted=$(job_of train-blendmask-r50-seed0)
scancel --signal=USR2 "$preempted"
until [[ $(squeue --noheader --format=%T --jobs="$preempted") == PENDING ]]; do sleep 0.2; done
status

say "the process of another training is killed with -9"
until_under_way train-blendmask-r101-seed0
kill -9 "$(sed -n 's/^begin train-blendmask-r101-seed0-[0-9a-f]* //p' "$runs/calls.txt")"
until_empty
status || true
[[ $(status | grep --count "^failed") == 2 ]] || die "one training and its evaluation should have failed"

say "the same command again: only these two are submitted"
submit | tee "$work/again.txt"
grep --quiet "^2 jobs submitted, 0 were in the queue" "$work/again.txt" || die "other than 2 jobs"
until_empty

say "the same command again: nothing is left to do"
submit
status
say "what happened in the preempted and in the killed training"
grep --no-filename -E "start:|Caught|Requeued|[0-9]/5" "$runs"/train-blendmask-r50-seed0-*/log.txt
echo
grep --no-filename -E "start:|[0-9]/5" "$runs"/train-blendmask-r101-seed0-*/log.txt
[[ $(grep --count ^end "$runs/calls.txt") == 10 ]] || die "a stage ended other than once"
[[ $(sort -u <(sed -n 's/^end \([^ ]*\).*/\1/p' "$runs/calls.txt") | wc -l) == 10 ]] || die "not 10"
say "10 stages, each finished once"
