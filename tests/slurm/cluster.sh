#!/usr/bin/env bash
# A Slurm of one node, as root, without systemd or cgroups, for tests. Usage: cluster.sh FOLDER
# Prints "ready" when jobs can be submitted, and ends when its standard input does. Clients need SLURM_CONF=FOLDER/slurm.conf.
set -euo pipefail
folder=$(realpath "${1:?a folder for configuration and state}")
node=$(hostname -s)
mkdir -p "$folder/controller" "$folder/daemon"
# munged refuses a socket whose folders others may not enter.
chmod 711 "$folder"
cat >"$folder/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$node(127.0.0.1)
SlurmctldPort=${2:-16817}
SlurmdPort=${3:-16818}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket,cred_expire=5
CryptoType=crypto/munge
StateSaveLocation=$folder/controller
SlurmdSpoolDir=$folder/daemon
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=2
ReturnToService=2
SwitchType=switch/none
NodeName=$node NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=2000 State=UNKNOWN
PartitionName=all Nodes=$node Default=YES MaxTime=INFINITE State=UP
CONF
# A job that is queued again begins once its credential has expired: cred_expire.
export SLURM_CONF=$folder/slurm.conf
pids=()
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
}
trap finish EXIT
dd if=/dev/urandom of="$folder/munge.key" bs=128 count=1 status=none
chmod 600 "$folder/munge.key"
munged --foreground --force --socket="$folder/munge.socket" --key-file="$folder/munge.key" \
  --pid-file="$folder/munged.pid" --seed-file="$folder/munged.seed" \
  --log-file="$folder/munged.log" >"$folder/munged.out" 2>&1 &
pids+=($!)
for _ in $(seq 100); do [ -S "$folder/munge.socket" ] && break; sleep 0.1; done
slurmctld -D -f "$SLURM_CONF" >"$folder/slurmctld.out" 2>&1 &
pids+=($!)
slurmd -D -f "$SLURM_CONF" -N "$node" >"$folder/slurmd.out" 2>&1 &
pids+=($!)
for _ in $(seq 150); do
  sinfo -h -o %T 2>/dev/null | grep -qE 'idle|mix' && break
  sleep 0.2
done
echo ready
cat >/dev/null
