# A Slurm cluster of this machine alone, for tests: source it, then start_cluster DIR, stop_cluster DIR.
# Needs Debian's slurm-wlm and munge, and root. All files, keys and sockets are in DIR.

# Prints the configuration. Four processors are pretended, so that several jobs run at a time.
slurm_conf() {
    local dir=$1 host
    host=$(hostname -s)
    cat <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket,cred_expire=10
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=2,sched_min_interval=100000,batch_sched_delay=0
KillWait=2
ReturnToService=2
MpiDefault=none
JobRequeue=1
NodeName=$host NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=test Nodes=$host Default=YES MaxTime=60 OverSubscribe=NO
CONF
}

start_cluster() {
    local dir=$1
    mkdir -p "$dir/state" "$dir/spool"
    chmod 755 "$dir"
    (umask 077 && head -c 128 /dev/urandom >"$dir/munge.key")
    munged --force --key-file="$dir/munge.key" --socket="$dir/munge.socket" \
        --pid-file="$dir/munged.pid" --log-file="$dir/munged.log" --seed-file="$dir/munge.seed"
    export SLURM_CONF=$dir/slurm.conf
    slurm_conf "$dir" >"$SLURM_CONF"
    slurmctld
    slurmd
    for _ in $(seq 100); do
        [[ $(sinfo --noheader --format=%T 2>/dev/null) == idle ]] && return
        sleep 0.3
    done
    echo "the cluster did not start:" >&2
    tail -n 5 "$dir"/*.log >&2
    return 1
}

stop_cluster() {
    local dir=$1 name
    scancel --user="$(id -un)" 2>/dev/null || true
    sleep 1
    for name in slurmd slurmctld munged; do
        [[ -f $dir/$name.pid ]] && kill "$(<"$dir/$name.pid")" 2>/dev/null
    done
    return 0
}
