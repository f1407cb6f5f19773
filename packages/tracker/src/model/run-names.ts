/** Ids and names of runs nobody has named. */

/** Random bytes as from crypto.getRandomValues. */
export type RandomBytes = (count: number) => Uint8Array;

/** Random bytes of the platform, in Node and in browsers. */
export const randomBytes: RandomBytes = (count) => crypto.getRandomValues(new Uint8Array(count));

const idAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";

/** A run id: 8 characters of a–z and 0–9, 2.8e12 of them. */
export function newRunId(random: RandomBytes = randomBytes): string {
  let id = "";
  while (id.length < 8) {
    for (const byte of random(16)) {
      // 252 = 7·36: larger bytes would favour the first letters.
      if (byte < 252 && id.length < 8) id += idAlphabet[byte % 36];
    }
  }
  return id;
}

/** A name such as youthful-dawn-13, where `number` counts the runs of the project from 1. */
export function newRunName(number: number, random: RandomBytes = randomBytes): string {
  const [a, b] = random(2) as unknown as [number, number];
  return `${adjectives[a % adjectives.length]}-${nouns[b % nouns.length]}-${number}`;
}

const adjectives =
  "amber ancient astral autumn azure balmy bold brave breezy bright brisk calm celestial cerulean charmed clear copper coral cosmic crimson crisp dainty deep distant dry dusky eager early earnest easy electric elegant fair faithful fallen fancy fast fearless firm fluent fresh frosty gallant generous gentle gilded glad gleaming golden graceful grand hearty hidden honest icy jolly jovial keen kind lemon light lilac lively logical lucid lunar mellow mild misty neat noble northern olive pearly pious pleasant polished polar proud quiet radiant rare robust rosy royal rural sage scarlet serene silver smooth snowy solar southern spring stellar still sunny super swift tidy true upbeat vague valiant vibrant vivid warm wild winter wise young youthful zesty".split(
    " ",
  );

const nouns =
  "aardvark armadillo bird blaze bloom breeze brook bush butterfly canyon cherry cloud comet cosmos darkness dawn dew disco donkey dragon dream durian dust eagle elevator ember energy etchings falcon feather field fire firefly flower fog forest frog frost galaxy glade glitter grass grove haze hill lake lantern leaf lion meadow meteor microwave monkey moon morning mountain music night oath ocean orchid paper pebble pine planet plasma plant pond rain resonance river salad sea serenity shadow shape silence sky smoke snow snowflake sound spaceship star stream sun sunset surf sweep terrain thunder tree universe valley violet voice vortex water waterfall wave wildflower wind wood yogurt".split(
    " ",
  );
