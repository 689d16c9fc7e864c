/**
 * A program: trains one run of the tab Train by itself and prints its losses as JSON, with as many digits as the page shows.
 *
 * `deno run --allow-all losses.ts PLAN FORM`
 *
 * @module
 */

import { print } from "../../core/streams.ts";
import { runOptionsOf, type TrainForm } from "../../page/train/form.ts";
import type { PlanName } from "../../train/plan/plans.ts";
import { runTraining } from "../../train/run/run_training.ts";

const [plan, form] = Deno.args as [PlanName, string];
const { losses } = await runTraining(runOptionsOf(JSON.parse(form) as TrainForm, plan));
print(JSON.stringify(losses));
