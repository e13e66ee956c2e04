import { t } from "../../text/text";
import type { HandMode } from "../../sdk";
import { h, setText } from "../dom";

const modes: HandMode[] = ["open", "invited", "closed"];

/** HandModeSwitch says who may raise a hand, and lets it be changed. It shows what holds, not what was asked for. */
export class HandModeSwitch {
  readonly element: HTMLElement;
  private readonly inputs = new Map<HandMode, HTMLInputElement>();
  private readonly text = h("p", { class: "quiet" });

  constructor(change: (mode: HandMode) => void) {
    const choices = modes.map((mode) => {
      const input = h("input", { type: "radio", name: "hand-mode", value: mode, onchange: () => change(mode) });
      this.inputs.set(mode, input);
      return h("label", {}, input, h("span", {}, t(`panel.mode.${mode}`)));
    });
    this.element = h("fieldset", { class: "mode" }, h("legend", {}, t("panel.mode")),
      h("div", { class: "segments" }, ...choices), this.text);
  }

  show(mode: HandMode, busy: boolean): void {
    this.element.classList.toggle("asking", busy);
    if (busy) return;
    for (const [of, input] of this.inputs) input.checked = of === mode;
    setText(this.text, t(`panel.mode.${mode}.text`));
  }
}
