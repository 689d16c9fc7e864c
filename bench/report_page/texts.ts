/**
 * What the page says whatever the results: what the project is, how to read the page, and what always deviates.
 *
 * @module
 */

import { type Markup, markup } from "../../figures/markup.ts";
import { badge } from "./origins.ts";

/** The study. */
const PAPER = "https://arxiv.org/abs/2404.04270";

/** For a newcomer. */
export const LEDE: Markup =
  markup`Much of a recommender's training time can go into fetching and updating learned vectors, one for each item, user or category. <a href="${PAPER}">Slipstream</a> skips training inputs that touch only vectors which have stopped changing.`;

/** Terms and what they mean here. */
export const TERMS: readonly (readonly [string, Markup | string])[] = [
  [
    "Embedding row",
    "The learned vector of one item, user or category. A model has tables of millions of such rows; one minibatch of training inputs touches a few thousand.",
  ],
  [
    "Hot, cold",
    "A few rows get most of the lookups. The most used ones that fit into a set budget of fast memory are hot, all others cold. An input is hot if it looks up hot rows only.",
  ],
  [
    "Stale",
    "A hot row is stale if none of its numbers changed by more than a threshold over a window of minibatches: training it further seems to do nothing.",
  ],
  [
    "Window",
    "Some minibatches in the middle of training, before and after which hot rows are copied and compared. Nothing is skipped before its end.",
  ],
  [
    "Plans",
    markup`What is trained, and in which order. <code>baseline</code>: every input, shuffled. <code>fae</code>: every input, hot and cold ones in minibatches of their own, so that hot ones need no transfers. <code>slipstream</code>: as <code>fae</code>, but hot inputs whose rows are stale are dropped. <code>random-drop</code>: a control that drops the same share D of the hot inputs blindly.`,
  ],
  [
    "Drop share (D)",
    "The share of the hot inputs behind the window that slipstream aims to drop: it sets its threshold so that a sample of them loses this share. What was dropped in the end can differ a little.",
  ],
  [
    "AUC, log-loss",
    "Quality on inputs that were not trained on. AUC: the chance that a click is ranked above a non-click; higher is better, 0.5 is guessing. Log-loss: lower is better.",
  ],
  [
    "RM1 to RM4",
    "The study's four workloads: RM1 is a model of user histories (TBSM, Taobao), RM2 to RM4 are DLRMs (Criteo Kaggle, Criteo Terabyte, Avazu).",
  ],
  [
    "Twin",
    "A generator of inputs with the statistics of one of these data sets, which are too large to ship.",
  ],
  [
    "Systems",
    "Ways to train on a CPU with GPUs. XDL, the PyTorch hybrid and DLRM with Intel's kernels keep all rows in the CPU's memory; FAE keeps copies of hot rows on every GPU; Hotline trains the hot part of a minibatch while the cold part's rows are fetched. Slipstream skips inputs on top of one of them. The hybrid baseline is DLRM in plain PyTorch: rows on the CPU (the host), the neural network (MLPs) on the GPUs, and vectors copied between them over the link (PCIe). GPU only keeps all rows on the GPUs.",
  ],
  [
    "Epoch, iteration, stages",
    "An epoch is one pass over all training inputs, an iteration the training of one minibatch. Its stages: prepare (read and group inputs), gather (look rows up), upload and download (over the link), forward, interact and backward (the network), update-rows, update-dense, allreduce (sums over GPUs), sync-hot (hot rows between host and device), snapshot, search and classify (Slipstream's own). Exposed time is what is left of a stage when what runs beside it is taken away.",
  ],
  [
    "Calibrated, draws",
    "Three numbers of the model that no source gives are set so that published ratios of other systems come out (calibrated). A draw takes every uncertain number from its range, those published ratios included; a range holds 90 % of the draws and is no confidence interval.",
  ],
  [
    "Where a number is from",
    markup`${badge("measured")} ran on this machine, drawn solid and in cool colours. ${
      badge("recorded")
    } ran earlier, on the machine and at the revision that the section names, in green. ${
      badge("generated")
    } is how inputs are drawn, which is no finding, in violet. ${
      badge("predicted")
    } by a model of the paper's machine, hatched or dashed and in warm colours. ${
      badge("published")
    } in the paper, or by the source that is named, hollow and grey. They are never mixed in one number.`,
  ],
  ["Intervals", "Whiskers and bands are 95 % intervals, unless a caption says otherwise."],
];

/** What holds for every result. */
export const STANDING_DEVIATIONS: readonly string[] = [
  "Data: the paper trained on the original logs; here their twins stand in, so that AUC and hot shares are those of the twins and not of the logs. Real logs train with the same commands.",
  "Sizes: unless a result says that it is of full size, models and data are cut down so that two processor cores suffice. Staleness needs long training, so that small runs show less of it.",
  "Machine: the paper trained on a server with GPUs. On a machine without one, a single processor is both the host and the device, so that the transfers which Slipstream saves cost next to nothing here.",
  "Predicted numbers come from a model of the paper's machine that replays counted epochs of the twins at their published sizes; nothing ran on that machine. They are as good as the model: see its comparison with real runs (validate) and the ranges.",
  "Published numbers are the paper's own and were not measured again.",
];
