// A session: parameters and scratch of one model, resident data sets, programs, and the thread that runs many
// steps of them while JavaScript does something else. Knows nothing of Node-API.
#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "gather.h"
#include "memory.h"
#include "validate.h"

namespace atelier {

struct OutOfMemory : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct ImageInput {
  Ref ref;
  int32_t N, H, W, C;
  ImageForm form;
  int64_t floats() const { return floatsOf(form, N, int64_t{H} * W * C); }
};

struct TargetInput {
  Ref ref;
  int32_t N, classes;
};

struct Output {
  Ref ref;
  int32_t floats;
};

struct Program {
  std::vector<int32_t> words;
  std::vector<Call> calls;
  bool hasImages = false, hasTargets = false;
  ImageInput images{};
  TargetInput targets{};
  int32_t rows = 1;  // images a step
  std::vector<Ref> scalars;
  std::vector<Output> outputs;
};

struct Job {
  // Which program runs a step, and how its scalars and outputs correspond to the job's.
  struct Use {
    std::shared_ptr<const Program> program;  // null: none
    std::vector<int32_t> scalarColumns;      // a column of `scalars` for each scalar of the program, −1: leave
    std::vector<int32_t> outputs;            // program output for each output of the job
  };
  Use whole, rest;
  int32_t dataset = -1;
  std::vector<int32_t> order;
  int64_t steps = 0;
  std::vector<float> scalars;  // [steps, columns]
  int32_t columns = 0;
  int32_t mixupColumn = -1;
  Gather gather;
  uint32_t firstStep = 0;
  int32_t finiteOutput = -1;  // index among the job's outputs
  bool measure = false;
};

enum class End { done, stopped, notFinite };

struct Progress {
  int64_t stepsDone = 0, rowsDone = 0;
  std::vector<double> sums;
};

struct Result {
  Progress progress;
  std::vector<std::vector<float>> outputs;
  End end = End::done;
  double seconds = 0;
  std::vector<double> callSeconds;  // when measuring: gathering, then each call of `whole`, summed over the steps
  std::string error;
  bool outOfMemory = false;
};

class Session {
 public:
  // Throws Refused, OutOfMemory.
  Session(const KernelTable& table, int threads, int64_t stateFloats, int64_t arenaFloats);
  ~Session();

  int32_t addProgram(Program program);
  void read(int64_t offset, float* out, int64_t floats) const;
  void write(int64_t offset, const float* values, int64_t floats);
  void upload(int32_t key, Dataset dataset);
  const Dataset& dataset(int32_t key) const;
  std::shared_ptr<const Program> program(int32_t index) const;

  // Starts the job on its own thread. `notify` may be called from there at any time: progress() has news;
  // `finish` is the last call.
  void start(Job job, std::function<void()> notify, std::function<void(Result)> finish);
  void abort() { aborting_ = true; }
  Progress progress() const;
  bool running() const { return running_; }
  // Ends the runner's thread after `finish`; called from JavaScript's thread.
  void join();

  const KernelTable& table() const { return table_; }
  int threads() const { return pool_->threads(); }
  int64_t sizeBytes() const;

 private:
  Result runJob(const Job& job, const std::function<void()>& notify);
  struct FiniteCheck {
    struct Saved {
      int64_t offset, floats;
      std::vector<float> values;
    };
    size_t after = 0;         // the call after which the output is final
    std::vector<Saved> undo;  // state written up to there
  };
  static FiniteCheck planFiniteCheck(const Program& program, const Output& output);
  bool runStep(const Job& job, const Job::Use& use, const Normalizer* normalizer, int64_t step, const int32_t* indices,
               const Output* finite, FiniteCheck& check, double* callSeconds);
  void requireIdle() const;
  void checkJob(const Job& job) const;
  bool outputIsFinite(const Output& output) const;

  const KernelTable& table_;
  int64_t stateFloats_, arenaFloats_;
  Block state_, arena_, workspace_;
  std::vector<std::shared_ptr<const Program>> programs_;
  std::map<int32_t, Dataset> datasets_;
  std::unique_ptr<ThreadPool> pool_;
  std::thread runner_;
  std::atomic<bool> aborting_{false}, running_{false};
  mutable std::mutex progressMutex_;
  Progress progress_;
};

}  // namespace atelier
