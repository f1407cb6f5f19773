#include "session.h"

#include <chrono>
#include <cmath>
#include <cstring>
#include <system_error>

namespace atelier {
namespace {

std::string megabytes(int64_t bytes) { return std::to_string((bytes + 1048575) / 1048576) + " MB"; }

float* at(float* state, float* arena, Ref ref) { return ref >= 0 ? arena + ref : state + ~ref; }

// Adds the time since the last lap to one sum after the other; does nothing without sums.
class Laps {
 public:
  explicit Laps(double* sums) : sums_(sums) {
    if (sums_ != nullptr) last_ = Clock::now();
  }
  void next() {
    if (sums_ == nullptr) return;
    const auto now = Clock::now();
    *sums_++ += std::chrono::duration<double>(now - last_).count();
    last_ = now;
  }

 private:
  using Clock = std::chrono::steady_clock;
  double* sums_;
  Clock::time_point last_;
};

}  // namespace

Session::Session(const KernelTable& table, int threads, int64_t stateFloats, int64_t arenaFloats)
    : table_(table), stateFloats_(stateFloats), arenaFloats_(arenaFloats) {
  if (!state_.allocate(static_cast<size_t>(stateFloats) * 4) || !arena_.allocate(static_cast<size_t>(arenaFloats) * 4))
    throw OutOfMemory("cannot allocate " + megabytes(stateFloats * 4) + " of state and " + megabytes(arenaFloats * 4) +
                      " of scratch memory");
  try {
    pool_ = std::make_unique<ThreadPool>(threads);
  } catch (const std::system_error& error) {
    throw OutOfMemory("cannot start " + std::to_string(threads) + " threads: " + error.what());
  }
}

Session::~Session() {
  abort();
  join();
}

void Session::requireIdle() const {
  if (running_) throw Refused("a run is in progress; wait for it first");
}

int32_t Session::addProgram(Program program) {
  requireIdle();
  const Space space{stateFloats_, arenaFloats_};
  program.calls = decodeCalls(program.words, space);
  if (program.rows < 1) throw Refused("rows: expected 1 or more");
  if (program.hasImages) {
    const ImageInput& images = program.images;
    const double floats = static_cast<double>(images.N) * images.H * images.W * images.C;
    if (images.N < 1 || images.H < 1 || images.W < 1 || images.C < 1 || floats > 2e9) throw Refused("images: a bad shape");
    space.check(images.ref, 0, images.floats(), "images");
    if (images.N != program.rows) throw Refused("images: rows that are not the program's");
  }
  if (program.hasTargets) {
    const TargetInput& targets = program.targets;
    const double floats = static_cast<double>(targets.N) * targets.classes;
    if (targets.N < 1 || targets.classes < 1 || floats > 2e9) throw Refused("targets: a bad shape");
    space.check(targets.ref, 0, static_cast<int64_t>(floats), "targets");
    if (targets.N != program.rows) throw Refused("targets: rows that are not the program's");
  }
  for (const Ref scalar : program.scalars) space.check(scalar, 0, 1, "a scalar");
  for (const Output& output : program.outputs) {
    if (output.floats < 1) throw Refused("an output without floats");
    space.check(output.ref, 0, output.floats, "an output");
  }
  int64_t floats = program.hasImages && program.images.form == ImageForm::lanes ? program.images.floats() : 0;
  for (const Call& call : program.calls) {
    const int64_t wanted = workspaceFloats(table_, call);
    if (wanted > floats) floats = wanted;
  }
  const size_t bytes = static_cast<size_t>(floats) * 4 + 4096;
  if (bytes > workspace_.bytes()) {
    Block larger;
    if (!larger.allocate(bytes)) throw OutOfMemory("cannot allocate " + megabytes(floats * 4) + " of working memory");
    workspace_ = std::move(larger);
  }
  programs_.push_back(std::make_shared<const Program>(std::move(program)));
  return static_cast<int32_t>(programs_.size()) - 1;
}

void Session::read(int64_t offset, float* out, int64_t floats) const {
  requireIdle();
  if (offset < 0 || floats < 0 || offset > stateFloats_ - floats) throw Refused("read outside the state");
  memcpy(out, state_.as<float>() + offset, static_cast<size_t>(floats) * 4);
}

void Session::write(int64_t offset, const float* values, int64_t floats) {
  requireIdle();
  if (offset < 0 || floats < 0 || offset > stateFloats_ - floats) throw Refused("write outside the state");
  memcpy(state_.as<float>() + offset, values, static_cast<size_t>(floats) * 4);
}

void Session::upload(int32_t key, Dataset dataset) {
  requireIdle();
  datasets_[key] = std::move(dataset);
}

const Dataset& Session::dataset(int32_t key) const {
  const auto found = datasets_.find(key);
  if (found == datasets_.end()) throw Refused("no data set of this key");
  return found->second;
}

std::shared_ptr<const Program> Session::program(int32_t index) const {
  if (index < 0 || static_cast<size_t>(index) >= programs_.size()) throw Refused("no program of this number");
  return programs_[static_cast<size_t>(index)];
}

int64_t Session::sizeBytes() const {
  size_t bytes = state_.bytes() + arena_.bytes() + workspace_.bytes();
  for (const auto& [key, dataset] : datasets_) bytes += dataset.images.bytes() + dataset.labels.size() * 4;
  return static_cast<int64_t>(bytes);
}

Progress Session::progress() const {
  const std::lock_guard lock(progressMutex_);
  return progress_;
}

void Session::checkJob(const Job& job) const {
  const Dataset* dataset = job.dataset >= 0 ? &this->dataset(job.dataset) : nullptr;
  const int64_t whole = job.whole.program->rows;
  const bool gathers = dataset != nullptr;
  int64_t steps = job.steps;
  if (gathers) {
    const int64_t images = static_cast<int64_t>(job.order.size());
    steps = images / whole + (images % whole != 0);
    if (images % whole != 0 && (job.rest.program == nullptr || job.rest.program->rows != images % whole))
      throw Refused("the last batch has " + std::to_string(images % whole) + " images, and no program for that many");
    for (const int32_t index : job.order)
      if (index < 0 || index >= dataset->size)
        throw Refused("image " + std::to_string(index) + " of a data set of " + std::to_string(dataset->size));
    for (const auto* numbers : {&job.gather.mean, &job.gather.std})
      if (numbers->size() != static_cast<size_t>(dataset->C)) throw Refused("normalization needs one number a channel");
    for (const double std : job.gather.std)
      if (!(std > 0)) throw Refused("a standard deviation that is not above zero");
    const Augmentation& augmentation = job.gather.augmentation;
    for (const double amount : {augmentation.degrees, augmentation.zoom, augmentation.brightness, augmentation.contrast,
                                augmentation.cutoutProbability})
      if (!(amount >= 0) || amount > 1e6) throw Refused("an augmentation out of its range");
    if (augmentation.zoom >= 1) throw Refused("a zoom of 1 or more");
    if (augmentation.shift < 0 || augmentation.shift > 65536 || augmentation.cutoutSize < 0 ||
        augmentation.cutoutSize > 65536)
      throw Refused("an augmentation out of its range");
  }
  if (steps != job.steps) throw Refused("a number of steps that does not fit the order");
  if (static_cast<double>(job.columns) * static_cast<double>(steps) != static_cast<double>(job.scalars.size()))
    throw Refused("scalars that are not one row a step");
  if (job.gather.augmentation.mixup && (job.mixupColumn < 0 || job.mixupColumn >= job.columns))
    throw Refused("mixup without its scalar");
  size_t outputs = job.whole.outputs.size();
  if (job.finiteOutput >= static_cast<int64_t>(outputs)) throw Refused("no such output");
  for (const Job::Use* use : {&job.whole, &job.rest}) {
    if (use->program == nullptr) continue;
    const Program& program = *use->program;
    if ((program.hasImages || program.hasTargets) && !gathers) throw Refused("a program with images needs a data set");
    if (program.hasImages && (program.images.H != dataset->H || program.images.W != dataset->W || program.images.C != dataset->C))
      throw Refused("images of the program and of the data set differ in shape");
    if (program.hasImages && program.images.form == ImageForm::bytes && !keepsPixels(job.gather.augmentation))
      throw Refused("an augmentation that makes new pixels, for a program that takes bytes");
    if (program.hasTargets && dataset->largestLabel >= program.targets.classes)
      throw Refused("a label of " + std::to_string(dataset->largestLabel) + " with " +
                    std::to_string(program.targets.classes) + " classes");
    if (use->scalarColumns.size() != program.scalars.size()) throw Refused("a column for each scalar is needed");
    for (const int32_t column : use->scalarColumns)
      if (column >= job.columns) throw Refused("no such column of scalars");
    if (use->outputs.size() != outputs) throw Refused("programs that do not have the same outputs");
    for (const int32_t output : use->outputs)
      if (output < 0 || static_cast<size_t>(output) >= program.outputs.size()) throw Refused("no such output");
  }
}

void Session::start(Job job, std::function<void()> notify, std::function<void(Result)> finish) {
  requireIdle();
  checkJob(job);
  job.gather.dataset = job.dataset >= 0 ? &dataset(job.dataset) : nullptr;
  join();
  aborting_ = false;
  running_ = true;
  {
    const std::lock_guard lock(progressMutex_);
    progress_ = Progress{0, 0, std::vector<double>(job.whole.outputs.size(), 0)};
  }
  try {
    runner_ = std::thread([this, job = std::move(job), notify = std::move(notify), finish = std::move(finish)] {
      flushDenormals();
      Result result;
      try {
        result = runJob(job, notify);
      } catch (const std::bad_alloc&) {
        result.error = "cannot allocate the outputs of this run";
        result.outOfMemory = true;
      } catch (const std::exception& error) {
        result.error = error.what();
      }
      finish(std::move(result));
    });
  } catch (const std::system_error& error) {
    running_ = false;
    throw OutOfMemory(std::string("cannot start the run's thread: ") + error.what());
  }
}

void Session::join() {
  if (runner_.joinable()) runner_.join();
  running_ = false;
}

bool Session::outputIsFinite(const Output& output) const {
  const float* values = at(state_.as<float>(), arena_.as<float>(), output.ref);
  for (int32_t i = 0; i < output.floats; i++)
    if (!std::isfinite(values[i])) return false;
  return true;
}

// The last call that writes the output, and what state is written up to there: usually little or nothing (moving
// statistics), so that a copy of it makes the step undoable.
Session::FiniteCheck Session::planFiniteCheck(const Program& program, const Output& output) {
  FiniteCheck check;
  for (size_t i = 0; i < program.calls.size(); i++)
    for (const Written& written : program.calls[i].written)
      if (written.overlaps(output.ref, output.floats)) check.after = i;
  for (size_t i = 0; i <= check.after && i < program.calls.size(); i++)
    for (const Written& written : program.calls[i].written)
      if (written.ref < 0) check.undo.push_back({~written.ref + written.lo, written.hi - written.lo, {}});
  return check;
}

// One step; false when the finite output was not, with the state as it was before the step.
bool Session::runStep(const Job& job, const Job::Use& use, const Normalizer* normalizer, int64_t step,
                      const int32_t* indices, const Output* finite, FiniteCheck& check, double* callSeconds) {
  const Program& program = *use.program;
  float* state = state_.as<float>();
  float* arena = arena_.as<float>();
  const uint32_t globalStep = job.firstStep + static_cast<uint32_t>(step);
  const float* row = job.scalars.data() + step * job.columns;
  const int64_t workspaceFloats = static_cast<int64_t>(workspace_.bytes() / 4);
  const Context context{state, arena, workspace_.as<float>(), workspaceFloats, pool_.get(), job.gather.seed, globalStep};

  Laps laps(callSeconds);
  if (normalizer != nullptr && (program.hasImages || program.hasTargets))
    gatherBatch(table_, job.gather, *normalizer,
                {indices, program.rows, globalStep, job.mixupColumn >= 0 ? row[job.mixupColumn] : 1,
                 program.targets.classes, program.hasImages ? at(state, arena, program.images.ref) : nullptr,
                 program.images.form, program.hasTargets ? at(state, arena, program.targets.ref) : nullptr,
                 workspace_.as<float>()},
                *pool_);
  for (size_t i = 0; i < program.scalars.size(); i++)
    if (use.scalarColumns[i] >= 0) *at(state, arena, program.scalars[i]) = row[use.scalarColumns[i]];
  if (finite != nullptr)
    for (auto& [offset, floats, saved] : check.undo) saved.assign(state + offset, state + offset + floats);

  laps.next();
  for (size_t i = 0; i < program.calls.size(); i++) {
    execute(table_, context, program.calls[i]);
    laps.next();
    if (finite != nullptr && i == check.after && !outputIsFinite(*finite)) {
      for (const auto& [offset, floats, saved] : check.undo)
        memcpy(state + offset, saved.data(), static_cast<size_t>(floats) * 4);
      return false;
    }
  }
  return true;
}

Result Session::runJob(const Job& job, const std::function<void()>& notify) {
  using Clock = std::chrono::steady_clock;
  const auto began = Clock::now();
  auto lastNews = began;
  Result result;
  const size_t outputCount = job.whole.outputs.size();
  result.progress.sums.assign(outputCount, 0);
  result.outputs.resize(outputCount);
  if (job.measure) result.callSeconds.assign(1 + job.whole.program->calls.size(), 0);
  std::unique_ptr<Normalizer> normalizer;
  if (job.dataset >= 0) normalizer = std::make_unique<Normalizer>(job.gather);
  const int64_t images = static_cast<int64_t>(job.order.size());
  const auto finiteOutputOf = [&](const Job::Use& use) -> const Output* {
    if (job.finiteOutput < 0 || use.program == nullptr) return nullptr;
    return &use.program->outputs[static_cast<size_t>(use.outputs[static_cast<size_t>(job.finiteOutput)])];
  };
  const Output* const wholeFinite = finiteOutputOf(job.whole);
  const Output* const restFinite = finiteOutputOf(job.rest);
  FiniteCheck wholeCheck, restCheck;
  if (wholeFinite != nullptr) wholeCheck = planFiniteCheck(*job.whole.program, *wholeFinite);
  if (restFinite != nullptr) restCheck = planFiniteCheck(*job.rest.program, *restFinite);

  for (int64_t step = 0; step < job.steps; step++) {
    if (aborting_) {
      result.end = End::stopped;
      break;
    }
    const int64_t first = step * job.whole.program->rows;
    const bool isRest = normalizer != nullptr && first + job.whole.program->rows > images;
    const Job::Use& use = isRest ? job.rest : job.whole;
    const int32_t* indices = normalizer != nullptr ? job.order.data() + first : nullptr;
    if (!runStep(job, use, normalizer.get(), step, indices, isRest ? restFinite : wholeFinite,
                 isRest ? restCheck : wholeCheck, job.measure && !isRest ? result.callSeconds.data() : nullptr)) {
      result.end = End::notFinite;
      break;
    }
    for (size_t i = 0; i < outputCount; i++) {
      const Output& output = use.program->outputs[static_cast<size_t>(use.outputs[i])];
      const float* values = at(state_.as<float>(), arena_.as<float>(), output.ref);
      result.outputs[i].insert(result.outputs[i].end(), values, values + output.floats);
      for (int32_t j = 0; j < output.floats; j++) result.progress.sums[i] += values[j];
    }
    result.progress.stepsDone++;
    result.progress.rowsDone += use.program->rows;
    const auto now = Clock::now();
    if (now - lastNews >= std::chrono::milliseconds(50)) {
      lastNews = now;
      {
        const std::lock_guard lock(progressMutex_);
        progress_ = result.progress;
      }
      notify();
    }
  }
  result.seconds = std::chrono::duration<double>(Clock::now() - began).count();
  return result;
}

}  // namespace atelier
