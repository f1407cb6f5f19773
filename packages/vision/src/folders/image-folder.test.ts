import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { openDataset } from "../open-dataset.ts";
import type { DataProgress } from "../progress.ts";
import { loadImage } from "./decode.ts";
import { chooseSize } from "./decode-all.ts";

type Content = Buffer | string | Promise<Buffer>;

const plain = (height: number, width: number, background: string) =>
  sharp({ create: { width, height, channels: 3, background } });
const png = (background = "#808080", height = 8, width = 6) =>
  plain(height, width, background).png().toBuffer();
const jpeg = (background: string) => plain(8, 6, background).jpeg().toBuffer();

async function folderOf(files: { readonly [path: string]: Content }): Promise<string> {
  const folder = await temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), await content);
  }
  return folder;
}

/** `count` grey images a class, the same for every class. */
function classes(names: readonly string[], count: number): { [path: string]: Content } {
  const paths = names.flatMap((name) => Array.from({ length: count }, (_, index) => `${name}/${index}.png`));
  return Object.fromEntries(paths.map((path, index) => [path, png(`rgb(${index},${index},${index})`)]));
}

const noTest = { testFraction: 0 };

describe("pixels", () => {
  test("grey images keep their values, have one channel and the size they share", async () => {
    const folder = await folderOf({
      "b/1.png": png("#0a0a0a"),
      "a/2.webp": plain(8, 6, "#ffffff").webp({ lossless: true }).toBuffer(),
      "a/1.JPG": jpeg("#333333"),
      "b/2.png": png("#0b0b0b"),
    });
    const { train, test, skipped } = await openDataset(folder, noTest);
    expect(train).toMatchObject({ size: 4, shape: [8, 6, 1], classNames: ["a", "b"] });
    expect([...train.labels]).toEqual([0, 0, 1, 1]);
    expect([0, 48, 96].map((at) => train.images[at])).toEqual([0x33, 0xff, 0x0a]);
    expect(test).toBeUndefined();
    expect(skipped).toEqual([]);
  });

  test("sixteen bits a value become eight", async () => {
    const wide = Uint16Array.from({ length: 48 }, () => 0x4040);
    const raw = sharp(wide, { raw: { width: 6, height: 8, channels: 1 } });
    const file = raw.toColourspace("grey16").png().toBuffer();
    const folder = await folderOf({ "a/1.png": file, "b/1.png": png() });
    expect((await sharp(await file).metadata()).depth).toBe("ushort");
    expect((await openDataset(folder, noTest)).train.images[0]).toBe(0x40);
  });

  test("one colour image makes all of them colour, unless told otherwise", async () => {
    const folder = await folderOf({ "a/1.png": png("#ff0000"), "b/1.png": png("#808080") });
    const colour = (await openDataset(folder, noTest)).train;
    expect(colour.shape).toEqual([8, 6, 3]);
    expect([...colour.images.subarray(0, 3), ...colour.images.subarray(144, 147)]).toEqual([
      255, 0, 0, 128, 128, 128,
    ]);
    const grey = (await openDataset(folder, { ...noTest, channels: 1 })).train;
    expect([grey.images[0], grey.images[48]]).toEqual([76, 128]);
    await expect(openDataset(folder, { channels: 4 })).rejects.toThrow(
      "expected 1 channel (grey) or 3 (colour), got 4",
    );
  });

  test("EXIF rotation is undone and transparency is laid on white", async () => {
    const halves = Buffer.concat([Buffer.alloc(8 * 8, 0), Buffer.alloc(8 * 8, 255)]); // dark above light, 16 × 8
    const upright = sharp(halves, { raw: { width: 8, height: 16, channels: 1 } });
    const rotated = upright.rotate(270).jpeg({ quality: 100 }).withMetadata({ orientation: 6 }).toBuffer();
    const clear = sharp({
      create: { width: 8, height: 16, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } },
    });
    const { train } = await openDataset(
      await folderOf({ "a/1.jpg": rotated, "b/1.png": clear.png().toBuffer() }),
      noTest,
    );
    expect(train.shape).toEqual([16, 8, 1]);
    expect(train.images[0]).toBeLessThan(10);
    expect(train.images[127]).toBeGreaterThan(245);
    expect(train.images[128]).toBe(255);
  });

  test("images of several sizes become squares, and `size` and `input` say otherwise", async () => {
    const folder = await folderOf({ "a/1.png": png("#808080", 100, 40), "b/1.png": png("#808080", 30, 50) });
    expect((await openDataset(folder, noTest)).train.shape).toEqual([40, 40, 1]);
    expect((await openDataset(folder, { ...noTest, size: [5, 7] })).train.shape).toEqual([5, 7, 1]);
    expect((await openDataset(folder, { ...noTest, input: [28, 28, 3] })).train.shape).toEqual([28, 28, 3]);
    await expect(openDataset(folder, { size: [0, 7] })).rejects.toThrow("got [0, 7]");
  });

  test("loadImage gives what training saw", async () => {
    const gradient = Buffer.from(Uint8Array.from({ length: 30 * 20 * 3 }, (_, index) => (index * 7) % 256));
    const file = sharp(gradient, { raw: { width: 30, height: 20, channels: 3 } })
      .png()
      .toBuffer();
    const folder = await folderOf({ "a/1.png": file, "b/1.png": png("#123456") });
    for (const input of [
      [20, 30, 3],
      [10, 10, 3],
      [28, 28, 1],
      [40, 10, 3],
    ] as const) {
      const { train } = await openDataset(folder, { ...noTest, input });
      const [height, width, channels] = input;
      const alone = await loadImage(join(folder, "a/1.png"), { height, width, channels });
      expect(alone).toEqual(train.images.subarray(0, height * width * channels));
    }
    expect(await loadImage(join(folder, "a/1.png"), { height: 20, width: 30, channels: 3 })).toEqual(
      new Uint8Array(gradient),
    );
    await expect(
      loadImage(join(folder, "none.png"), { height: 1, width: 1, channels: 1 }),
    ).rejects.toMatchObject({
      code: "bad-file",
    });
  });
});

describe("damaged and foreign files", () => {
  const withDamage = async () => {
    const whole = await sharp(Buffer.alloc(3e4, 7), { raw: { width: 100, height: 100, channels: 3 } })
      .jpeg()
      .toBuffer();
    return folderOf({
      ...classes(["a", "b"], 2),
      "a/cut.jpg": whole.subarray(0, whole.length / 2),
      "a/text.png": "not an image",
      "b/anim.gif": "GIF89a",
      "b/notes.txt": "ignored",
      "b/.hidden.png": "ignored",
      ".git/x.png": "ignored",
    });
  };

  test("are skipped and named", async () => {
    const { train, skipped } = await openDataset(await withDamage(), { ...noTest, size: [8, 6] });
    expect(train.size).toBe(4);
    expect(skipped.map(({ path }) => path.split("/").slice(-2).join("/")).sort()).toEqual([
      "a/cut.jpg",
      "a/text.png",
      "b/anim.gif",
    ]);
    expect(skipped.filter(({ reason }) => reason.startsWith("cannot be decoded: "))).toHaveLength(2);
  });

  test("are refused when strict", async () => {
    const failure = openDataset(await withDamage(), { ...noTest, strict: true });
    await expect(failure).rejects.toThrow(/anim\.gif: .* \(3 of the files in .* cannot be used\)/);
  });

  test("links inside the folder are followed, links out of it are not", async () => {
    const outside = await folderOf({ "secret.png": png(), "more/1.png": png() });
    const folder = await folderOf(classes(["a", "b"], 1));
    await symlink("0.png", join(folder, "a", "again.png"));
    await symlink(join(outside, "secret.png"), join(folder, "a", "out.png"));
    await symlink(join(outside, "more"), join(folder, "c"));
    await symlink("nowhere", join(folder, "b", "gone.png"));
    await symlink("..", join(folder, "b", "loop"));
    const { train, skipped } = await openDataset(folder, noTest);
    expect(train).toMatchObject({ size: 3, classNames: ["a", "b"] });
    expect(skipped.map(({ path, reason }) => `${path.slice(folder.length + 1)}: ${reason}`).sort()).toEqual([
      "a/out.png: a link that leads out of the folder",
      "b/gone.png: a link that leads nowhere",
      "b/loop: a link that leads out of the folder",
      "c: a link that leads out of the folder",
    ]);
  });
});

describe("classes and parts", () => {
  test.each([
    [
      "an empty class",
      { ...classes(["a", "b"], 1), "c/readme.txt": "" },
      'the class folder "c" has no readable',
    ],
    ["one class", classes(["a"], 2), 'at least two folders, one a class, found only "a"'],
    [
      "a test class that is not in train",
      { ...classes(["train/shirt", "train/bag"], 1), ...classes(["test/shirts", "test/bag"], 1) },
      'the class "shirts" is in test but not in train; did you mean "shirt"?',
    ],
  ])("refused: %s", async (_, files: { readonly [path: string]: Content }, message) => {
    await expect(openDataset(await folderOf(files))).rejects.toThrow(message);
  });

  test("train and test folders are the parts, others beside them are mentioned", async () => {
    const folder = await folderOf({
      ...classes(["train/a", "train/b"], 3),
      ...classes(["test/a", "test/b"], 1),
      "val/a/1.png": png(),
    });
    const notices: string[] = [];
    const { train, test } = await openDataset(folder, { onNotice: (message) => notices.push(message) });
    expect([train.size, test?.size]).toEqual([6, 2]);
    expect(notices).toEqual([`${folder}: only train and test are used, not val`]);
  });

  test("without them a stratified test set is split off, the same each time", async () => {
    const folder = await folderOf(classes(["a", "b"], 20));
    const notices: string[] = [];
    const first = await openDataset(folder, { onNotice: (message) => notices.push(message) });
    expect(notices).toEqual([`${folder}: no test folder: 6 of 40 images are set aside for testing`]);
    expect([first.train.size, first.test?.size]).toEqual([34, 6]);
    expect([...first.test!.labels]).toEqual([0, 0, 0, 1, 1, 1]);
    expect(await openDataset(folder)).toEqual(first);
    expect((await openDataset(folder, { seed: 1 })).test?.checksum).not.toBe(first.test?.checksum);
  });

  test("images in folders below a class folder belong to the class", async () => {
    const folder = await folderOf({ "a/x/1.png": png(), "a/2.png": png(), "b/1.png": png() });
    expect([...(await openDataset(folder, noTest)).train.labels]).toEqual([0, 0, 1]);
  });
});

test("progress counts to the total, and aborting stops", async () => {
  const folder = await folderOf(classes(["a", "b"], 10));
  const seen: DataProgress[] = [];
  await openDataset(folder, { onProgress: (progress) => seen.push(progress) });
  expect(seen.at(-1)).toEqual({ what: "decoding images", unit: "images", done: 20, total: 20 });
  const controller = new AbortController();
  const opening = openDataset(folder, { signal: controller.signal, onProgress: () => controller.abort() });
  await expect(opening).rejects.toMatchObject({ code: "stopped" });
});

test("the default size is shared and small, or a square of 28 to 64", () => {
  expect(
    chooseSize([
      [28, 28],
      [28, 28],
    ]),
  ).toEqual([28, 28]);
  expect(
    chooseSize([
      [96, 80],
      [96, 80],
    ]),
  ).toEqual([96, 80]);
  expect(
    chooseSize([
      [600, 800],
      [600, 800],
    ]),
  ).toEqual([64, 64]);
  expect(
    chooseSize([
      [10, 12],
      [12, 10],
    ]),
  ).toEqual([28, 28]);
  expect(chooseSize([])).toEqual([28, 28]);
});

test("an image of more than 100 megapixels is refused by its header", async () => {
  const bomb = await png();
  bomb.writeUInt32BE(20_000, 16); // width
  bomb.writeUInt32BE(20_000, 20); // height
  bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
  const folder = await folderOf({ ...classes(["a", "b"], 1), "a/bomb.png": bomb });
  const { skipped } = await openDataset(folder, noTest);
  expect(skipped).toEqual([
    { path: join(folder, "a/bomb.png"), reason: expect.stringContaining("pixel limit") },
  ]);
});
