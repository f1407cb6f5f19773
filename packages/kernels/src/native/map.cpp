// Element-wise expressions over whole arrays, in blocks over all threads: see expression.h.
#include "expression.h"

namespace atelier::ATELIER_VARIANT {

void map(const Context& context, const MapArgs& args) {
  const Expression expression(context, args);
  const int block = expression.block();
  const int64_t blocks = (int64_t{args.count} + block - 1) / block;
  const int64_t cost = int64_t{args.count} * (args.inputs + args.code + args.outputs);
  int64_t tasks = cost < 65536 ? 1 : (cost + 65535) / 65536;
  if (tasks > 64) tasks = 64;
  if (tasks > blocks) tasks = blocks;
  context.pool->each(static_cast<int>(tasks), [&](int task) {
    Expression::Registers registers(expression);
    const Share share(blocks, tasks, task);
    for (int64_t index = share.begin; index < share.end; index++) {
      const int64_t first = index * block, left = args.count - first;
      expression.run(registers, first, static_cast<int>(left < block ? left : block));
    }
  });
}

}  // namespace atelier::ATELIER_VARIANT
