/** Inputs to try, for each base model that answers in the page; all of them of the sizes it was trained on. */

const INPUTS: Readonly<Record<string, readonly string[]>> = {
  't2l-edge/t2l-mini-base': [
    'cat sun map',
    'web tree ink jar',
    'moon flag hen',
    'tea gold bus day',
  ],
};
/** A chat model reads whatever it is given. */
const TEXTS = ['water, neck, bugle, lute', 'happy', 'France', 'Aisha spent August in Japan.'];

/** Inputs for a base model. */
export function inputsFor(baseModel: string): readonly string[] {
  return INPUTS[baseModel] ?? TEXTS;
}
