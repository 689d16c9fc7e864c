/**
 * A program: trains runs of the tab Train, each by itself, and prints their losses as JSON, with as many digits as the page
 * shows.
 *
 * `deno run --allow-all losses.ts FORM PLAN…`
 *
 * @module
 */

import { print } from "../../core/streams.ts";
import { openDevice } from "../../kernels/open.ts";
import { runOptionsOf, type TrainForm } from "../../page/train/form.ts";
import type { PlanName } from "../../train/plan/plans.ts";
import { runTraining } from "../../train/run/run_training.ts";

const [form, ...plans] = Deno.args as [string, ...PlanName[]];
// One device for all, whose kernels are compiled once.
const { device } = await openDevice({ device: "webgpu" });
const all = [];
for (const plan of plans) {
  const options = runOptionsOf(JSON.parse(form) as TrainForm, plan);
  const open = { device, host: null };
  const { losses } = await runTraining({ ...options, device: { ...options.device, open } });
  all.push(losses);
}
device.dispose();
print(JSON.stringify(all));
