/**
 * The calculator: the closed form of an epoch at the shares that are chosen, for every system that has room on the machine.
 *
 * @param {HTMLElement} root Where the calculators are.
 */
export function startCalculators(root) {
  for (const form of root.querySelectorAll("form.calculator")) {
    const epochs = JSON.parse(form.dataset.epochs);
    const { workload, machine, hot, skipped } = form.elements;
    const body = form.querySelector("tbody");

    const chosen = () =>
      epochs.find((one) => one.workload === workload.value && one.machine === machine.value);
    // A workload begins with its own share of hot inputs.
    const begin = () => {
      const epoch = chosen();
      hot.value = Math.round(100 * epoch.hot_share);
      skipped.value = Math.round(100 * epoch.drop_share);
    };
    const calculate = () => {
      const hotShare = hot.value / 100, skippedShare = skipped.value / 100;
      const times = chosen().systems.map(({ system, cold_s, hot_s, skipped_s }) => ({
        system,
        seconds: cold_s + hotShare * (hot_s - skippedShare * skipped_s),
      }));
      const fae = times.find(({ system }) => system === "FAE")?.seconds;
      form.elements["hot-said"].value = `${hot.value} %`;
      form.elements["skipped-said"].value = `${skipped.value} %`;
      body.replaceChildren(...times.map(({ system, seconds }) => {
        const row = document.createElement("tr"), name = document.createElement("th");
        name.scope = "row";
        name.textContent = system;
        row.append(name, cell(clock(seconds)), cell(fae ? (fae / seconds).toFixed(2) : ""));
        return row;
      }));
    };

    workload.addEventListener("change", begin);
    form.addEventListener("input", calculate);
    form.addEventListener("change", calculate);
    form.addEventListener("submit", (event) => event.preventDefault());
    begin();
    calculate();
    form.hidden = false;
  }

  function cell(text) {
    const made = document.createElement("td");
    made.className = "right";
    made.textContent = text;
    return made;
  }

  /** `2:05` minutes, or seconds where it is less than one. */
  function clock(seconds) {
    const whole = Math.round(seconds);
    return seconds < 60
      ? `${seconds.toFixed(1)} s`
      : `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")} min`;
  }
}
