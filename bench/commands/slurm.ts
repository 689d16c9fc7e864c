/**
 * Files for Slurm: a list of runs, the script of an array of them, and the script that submits it with the job that makes the
 * tables when all have ended.
 *
 * @module
 */

/**
 * The files by name.
 *
 * @param lines A command a run.
 * @param collect The command that makes tables of them.
 * @param threads Processors of a run.
 */
export function slurmFiles(
  lines: readonly string[],
  collect: string,
  threads: number,
): Readonly<Record<"jobs.txt" | "runs.sbatch" | "collect.sbatch" | "submit.sh", string>> {
  return {
    "jobs.txt": lines.map((line) => `${line}\n`).join(""),
    // Slurm sends SIGTERM before the time is up and when a job is preempted: the run then keeps a checkpoint and ends with
    // 143, and the job is queued again.
    "runs.sbatch": `#!/bin/sh
#SBATCH --job-name=slipstream-runs
#SBATCH --array=1-${lines.length}
#SBATCH --cpus-per-task=${threads}
#SBATCH --requeue
#SBATCH --signal=B:TERM@120
#SBATCH --open-mode=append
#SBATCH --output=runs-%a.log
line=$(sed -n "\${SLURM_ARRAY_TASK_ID}p" "$SLIPSTREAM_JOBS")
$line &
run=$!
trap 'kill -TERM $run' TERM
wait $run
status=$?
# A signal ends the first wait; the second one waits for the run's own end.
if kill -0 $run 2>/dev/null; then wait $run; status=$?; fi
if [ $status = 143 ]; then
  exec scontrol requeue "\${SLURM_ARRAY_JOB_ID}_\${SLURM_ARRAY_TASK_ID}"
fi
exit $status
`,
    "collect.sbatch": `#!/bin/sh
#SBATCH --job-name=slipstream-collect
#SBATCH --output=collect.log
exec ${collect}
`,
    "submit.sh": `#!/bin/sh
# Run it in the project's folder: sh DIR/submit.sh. It prints the numbers of the array and of the job that collects.
set -eu
here=$(dirname "$(realpath "$0")")
array=$(sbatch --parsable --chdir="$PWD" --output="$here/runs-%a.log" \\
  --export=ALL,SLIPSTREAM_JOBS="$here/jobs.txt" "$here/runs.sbatch")
echo "$array"
sbatch --parsable --chdir="$PWD" --output="$here/collect.log" \\
  --dependency="afterok:$array" "$here/collect.sbatch"
`,
  };
}
