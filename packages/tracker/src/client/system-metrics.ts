/** How busy the machine is, sampled beside a run. */
import { statfs } from "node:fs/promises";
import { availableParallelism, cpus, freemem, totalmem } from "node:os";

/**
 * A sampler of: cpu.percent and process.cpu.percent since the last sample (of all cores together), memory.percent,
 * process.memory.bytes, disk.percent of the file system of `folder`.
 */
export function systemSampler(folder: string): () => Promise<Record<string, number>> {
  let before = { times: cpuTimes(), process: process.cpuUsage(), at: performance.now() };
  return async () => {
    const now = { times: cpuTimes(), process: process.cpuUsage(), at: performance.now() };
    const busy = now.times.busy - before.times.busy;
    const all = now.times.all - before.times.all;
    const own = now.process.user + now.process.system - before.process.user - before.process.system;
    const seconds = (now.at - before.at) / 1000;
    before = now;
    return {
      ...(all > 0 && { "cpu.percent": (100 * busy) / all }),
      ...(seconds > 0 && { "process.cpu.percent": (100 * own) / 1e6 / seconds / availableParallelism() }),
      "memory.percent": 100 * (1 - freemem() / totalmem()),
      "process.memory.bytes": process.memoryUsage.rss(),
      ...(await diskUse(folder)),
    };
  };
}

function cpuTimes(): { readonly busy: number; readonly all: number } {
  let busy = 0;
  let all = 0;
  for (const { times } of cpus()) {
    const sum = times.user + times.nice + times.sys + times.irq;
    busy += sum;
    all += sum + times.idle;
  }
  return { busy, all };
}

async function diskUse(folder: string): Promise<{ readonly "disk.percent"?: number }> {
  const { blocks, bavail } = await statfs(folder).catch(() => ({ blocks: 0, bavail: 0 })); // the folder may be gone
  return blocks > 0 ? { "disk.percent": 100 * (1 - bavail / blocks) } : {};
}
