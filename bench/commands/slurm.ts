/**
 * Files for Slurm: a list of commands, the script of an array of them, and the script that submits it, with the job that
 * collects what they left when all have ended.
 *
 * @module
 */

/**
 * The files by name.
 *
 * @param lines A command a job.
 * @param collect The command that makes one thing of what they left; null for none.
 * @param threads Processors of a job.
 */
export function slurmFiles(
  lines: readonly string[],
  collect: string | null,
  threads: number,
): Readonly<Record<string, string>> {
  return {
    "jobs.txt": lines.map((line) => `${line}\n`).join(""),
    // Slurm sends SIGTERM before the time is up and when a job is preempted: the run then keeps a checkpoint and ends with
    // 143, and the job is queued again. A line may be several commands, which are told as one group; of those, the first
    // that fails is the last, and the shell around them waits for it.
    "runs.sbatch": `#!/bin/sh
#SBATCH --job-name=slipstream-runs
#SBATCH --array=1-${lines.length}
#SBATCH --cpus-per-task=${threads}
#SBATCH --requeue
#SBATCH --signal=B:TERM@120
#SBATCH --open-mode=append
#SBATCH --output=runs-%a.log
line=$(sed -n "\${SLURM_ARRAY_TASK_ID}p" "$SLIPSTREAM_JOBS")
told= run=
trap 'told=1; tell' TERM
tell() { [ -z "$run" ] || kill -s TERM -- -"$run" 2>/dev/null || kill -s TERM "$run"; }
setsid sh -ec 'trap : TERM; eval "$1"' sh "$line" &
run=$!
[ -z "$told" ] || tell
wait $run
status=$?
# Each signal ends a wait; the last one is for the run's own end.
while kill -0 $run 2>/dev/null; do wait $run; status=$?; done
if [ $status = 143 ]; then
  exec scontrol requeue "\${SLURM_ARRAY_JOB_ID}_\${SLURM_ARRAY_TASK_ID}"
fi
exit $status
`,
    ...collect === null ? {} : {
      "collect.sbatch": `#!/bin/sh
#SBATCH --job-name=slipstream-collect
#SBATCH --output=collect.log
exec ${collect}
`,
    },
    "submit.sh": `#!/bin/sh
# Run it in the project's folder: sh DIR/submit.sh. It prints the number of the array${
      collect === null ? "" : " and of the job that collects"
    }.
set -eu
here=$(dirname "$(realpath "$0")")
array=$(sbatch --parsable --chdir="$PWD" --output="$here/runs-%a.log" \\
  --export=ALL,SLIPSTREAM_JOBS="$here/jobs.txt" "$here/runs.sbatch")
echo "$array"
${
      collect === null ? "" : `sbatch --parsable --chdir="$PWD" --output="$here/collect.log" \\
  --dependency="afterok:$array" "$here/collect.sbatch"
`
    }`,
  };
}
