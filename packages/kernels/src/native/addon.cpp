// The surface that packages/kernels/src/index.ts types: sessions as externals, typed arrays in, promises out.
// JavaScript names things; here they are numbers.
#include "napi.h"
#include "variants.h"

namespace atelier {
namespace {

constexpr napi_type_tag sessionTag = {0x617465c6e2d14f0bull, 0x9b1e5a3370c84d21ull};

// A session and the run it may be in, owned by an external and by its run.
struct Handle {
  std::unique_ptr<Session> session;
  napi_env env = nullptr;
  bool closing = false;

  // The run in progress.
  napi_threadsafe_function channel = nullptr;
  napi_deferred deferred = nullptr;
  napi_ref onProgress = nullptr;
  napi_ref self = nullptr;
  Result result;
  std::atomic<bool> newsPending{false};
  // The environment is going away; the channel must not be touched again.
  std::atomic<bool> channelGone{false};
};

// What the runner's thread says through the channel; `finish` is its last word.
enum class Message : intptr_t { news, finish };

void send(Handle* handle, napi_threadsafe_function channel, Message message) {
  if (handle->channelGone) return;
  void* data = reinterpret_cast<void*>(static_cast<intptr_t>(message));
  if (napi_call_threadsafe_function(channel, data, napi_tsfn_nonblocking) == napi_closing) handle->channelGone = true;
}

void endAtExit(void* data) {
  auto* handle = static_cast<Handle*>(data);
  if (handle->session == nullptr) return;
  handle->session->abort();
  handle->session->join();
}

Handle* toHandle(napi_env env, napi_value value) {
  bool tagged = false;
  if (napi_check_object_type_tag(env, value, &sessionTag, &tagged) != napi_ok || !tagged)
    throw Refused("expected a session");
  void* data = nullptr;
  succeed(napi_get_value_external(env, value, &data));
  return static_cast<Handle*>(data);
}

Session& toSession(napi_env env, napi_value value) {
  Handle* handle = toHandle(env, value);
  if (handle->session == nullptr || handle->closing) throw Refused("the session is closed");
  return *handle->session;
}

void finalizeHandle(napi_env env, void* data, void*) {
  auto* handle = static_cast<Handle*>(data);
  napi_remove_env_cleanup_hook(env, endAtExit, handle);
  delete handle;
}

napi_value description(napi_env env, napi_value*) {
  napi_value object, variants, kernels, opcodes;
  succeed(napi_create_object(env, &object));
  succeed(napi_create_array(env, &variants));
  uint32_t index = 0;
  for (const KernelTable* table : runnableVariants())
    succeed(napi_set_element(env, variants, index++, fromText(env, table->name)));
  setProperty(env, object, "variants", variants);

  succeed(napi_create_object(env, &kernels));
#define REF(field) #field,
#define INT(field) #field,
#define FLOAT(field) #field ":f32",
#define KERNEL(Name, name, ...)                                              \
  {                                                                          \
    static const char* const fields[] = {__VA_ARGS__};                       \
    napi_value list;                                                         \
    succeed(napi_create_array(env, &list));                                  \
    uint32_t place = 0;                                                      \
    for (const char* field : fields)                                         \
      succeed(napi_set_element(env, list, place++, fromText(env, field)));   \
    setProperty(env, kernels, #name, list);                                  \
  }
  ATELIER_KERNELS
#undef KERNEL
#undef REF
#undef INT
#undef FLOAT
  setProperty(env, object, "kernelFields", kernels);

  succeed(napi_create_object(env, &opcodes));
#define OPCODE(name) setProperty(env, opcodes, #name, fromNumber(env, static_cast<double>(MapOp::name)));
  ATELIER_MAP_OPCODES
#undef OPCODE
  setProperty(env, object, "mapOpcodes", opcodes);
  return object;
}

// createSession(variant, threads, stateFloats, arenaFloats)
napi_value createSession(napi_env env, napi_value* arguments) {
  const std::string variant = toText(env, arguments[0], "variant");
  const KernelTable* table = findVariant(variant);
  if (table == nullptr) {
    std::string known;
    for (const KernelTable* each : runnableVariants()) known += std::string(known.empty() ? "" : ", ") + each->name;
    throw Refused("variant \"" + variant + "\" is not for this machine; it can run " + known);
  }
  const int32_t threads = toInt32(env, arguments[1], "threads");
  if (threads < 1 || threads > 256) throw Refused("threads: expected 1 to 256");
  const int64_t stateFloats = toInteger(env, arguments[2], "stateFloats");
  const int64_t arenaFloats = toInteger(env, arguments[3], "arenaFloats");
  if (stateFloats < 0 || stateFloats > INT32_MAX || arenaFloats < 0 || arenaFloats > INT32_MAX)
    throw OutOfMemory("state and scratch memory are limited to 2^31 floats each");
  auto handle = std::make_unique<Handle>();
  handle->env = env;
  handle->session = std::make_unique<Session>(*table, threads, stateFloats, arenaFloats);
  napi_value external;
  succeed(napi_create_external(env, handle.get(), finalizeHandle, nullptr, &external));
  Handle* owned = handle.release();
  succeed(napi_add_env_cleanup_hook(env, endAtExit, owned));
  succeed(napi_type_tag_object(env, external, &sessionTag));
  return external;
}

napi_value variantOf(napi_env env, napi_value* arguments) {
  return fromText(env, toSession(env, arguments[0]).table().name);
}

// addProgram(session, words, images [ref,N,H,W,C,form] or [], targets [ref,N,classes] or [], scalars [ref…],
//            outputs [ref,floats…], rows)
napi_value addProgram(napi_env env, napi_value* arguments) {
  Session& session = toSession(env, arguments[0]);
  Program program;
  program.words = toArray<int32_t>(env, arguments[1], "words").copy();
  const auto images = toArray<int32_t>(env, arguments[2], "images");
  const auto targets = toArray<int32_t>(env, arguments[3], "targets");
  const auto outputs = toArray<int32_t>(env, arguments[5], "outputs");
  if (images.length != 0 && images.length != 6) throw Refused("images: expected 6 numbers");
  if (targets.length != 0 && targets.length != 3) throw Refused("targets: expected 3 numbers");
  if (outputs.length % 2 != 0) throw Refused("outputs: expected pairs");
  program.rows = toInt32(env, arguments[6], "rows");
  program.hasImages = images.length == 6;
  if (program.hasImages) {
    const int32_t form = images.data[5];
    if (form < 0 || form > static_cast<int32_t>(ImageForm::lanes)) throw Refused("images: no such form");
    program.images = {images.data[0], images.data[1], images.data[2], images.data[3], images.data[4], ImageForm{form}};
  }
  program.hasTargets = targets.length == 3;
  if (program.hasTargets) program.targets = {targets.data[0], targets.data[1], targets.data[2]};
  program.scalars = toArray<int32_t>(env, arguments[4], "scalars").copy();
  for (size_t i = 0; i < outputs.length; i += 2) program.outputs.push_back({outputs.data[i], outputs.data[i + 1]});
  return fromNumber(env, session.addProgram(std::move(program)));
}

// read(session, offset, floats)
napi_value readState(napi_env env, napi_value* arguments) {
  Session& session = toSession(env, arguments[0]);
  const int64_t offset = toInteger(env, arguments[1], "offset"), floats = toInteger(env, arguments[2], "floats");
  if (floats < 0 || floats > INT32_MAX) throw Refused("floats: out of range");
  std::vector<float> values(static_cast<size_t>(floats));
  session.read(offset, values.data(), floats);
  return fromFloats(env, values.data(), values.size());
}

// write(session, offset, values)
napi_value writeState(napi_env env, napi_value* arguments) {
  const auto values = toArray<float>(env, arguments[2], "values");
  toSession(env, arguments[0])
      .write(toInteger(env, arguments[1], "offset"), values.data, static_cast<int64_t>(values.length));
  return undefinedValue(env);
}

// upload(session, key, images, labels, [N, H, W, C])
napi_value upload(napi_env env, napi_value* arguments) {
  Session& session = toSession(env, arguments[0]);
  const int32_t key = toInt32(env, arguments[1], "key");
  const auto images = toArray<uint8_t>(env, arguments[2], "images");
  const auto labels = toArray<int32_t>(env, arguments[3], "labels");
  const auto shape = toArray<int32_t>(env, arguments[4], "shape");
  if (key < 0) throw Refused("key: expected 0 or more");
  if (shape.length != 4) throw Refused("shape: expected [N, H, W, C]");
  double bytes = 1;
  for (size_t i = 0; i < 4; i++) {
    if (shape.data[i] < (i == 0 ? 0 : 1)) throw Refused("shape: an extent is too small");
    bytes *= shape.data[i];
  }
  if (bytes != static_cast<double>(images.length)) throw Refused("images: a length that does not fit the shape");
  if (labels.length != static_cast<size_t>(shape.data[0])) throw Refused("labels: expected one an image");
  Dataset dataset;
  dataset.size = shape.data[0];
  dataset.H = shape.data[1];
  dataset.W = shape.data[2];
  dataset.C = shape.data[3];
  dataset.labels = labels.copy();
  for (const int32_t label : dataset.labels) {
    if (label < 0) throw Refused("labels: expected 0 or more");
    if (label > dataset.largestLabel) dataset.largestLabel = label;
  }
  if (!dataset.images.allocate(images.length))
    throw OutOfMemory("cannot allocate " + std::to_string(images.length / 1048576) + " MB for the data set");
  if (images.length > 0) memcpy(dataset.images.as<uint8_t>(), images.data, images.length);
  session.upload(key, std::move(dataset));
  return undefinedValue(env);
}

napi_value progressValue(napi_env env, const Progress& progress) {
  napi_value object, sums;
  succeed(napi_create_object(env, &object));
  setProperty(env, object, "stepsDone", fromNumber(env, static_cast<double>(progress.stepsDone)));
  setProperty(env, object, "rowsDone", fromNumber(env, static_cast<double>(progress.rowsDone)));
  succeed(napi_create_array(env, &sums));
  for (size_t i = 0; i < progress.sums.size(); i++)
    succeed(napi_set_element(env, sums, static_cast<uint32_t>(i), fromNumber(env, progress.sums[i])));
  setProperty(env, object, "sums", sums);
  return object;
}

napi_value resultValue(napi_env env, const Result& result) {
  napi_value object = progressValue(env, result.progress), outputs;
  succeed(napi_create_array(env, &outputs));
  for (size_t i = 0; i < result.outputs.size(); i++)
    succeed(napi_set_element(env, outputs, static_cast<uint32_t>(i),
                             fromFloats(env, result.outputs[i].data(), result.outputs[i].size())));
  setProperty(env, object, "outputs", outputs);
  static const char* const ends[] = {"done", "stopped", "not-finite"};
  setProperty(env, object, "end", fromText(env, ends[static_cast<int>(result.end)]));
  setProperty(env, object, "seconds", fromNumber(env, result.seconds));
  napi_value laps;
  succeed(napi_create_array(env, &laps));
  for (size_t i = 0; i < result.callSeconds.size(); i++)
    succeed(napi_set_element(env, laps, static_cast<uint32_t>(i), fromNumber(env, result.callSeconds[i])));
  setProperty(env, object, "callSeconds", laps);
  return object;
}

// Settles the promise and lets go of everything the run held.
void finishRun(napi_env env, Handle* handle) {
  handle->session->join();
  const napi_deferred deferred = handle->deferred;
  Result result = std::move(handle->result);
  napi_delete_reference(env, handle->onProgress);
  napi_release_threadsafe_function(handle->channel, napi_tsfn_release);
  handle->channel = nullptr;
  if (handle->closing) handle->session.reset();
  const napi_ref self = handle->self;
  try {
    if (result.error.empty()) {
      napi_resolve_deferred(env, deferred, resultValue(env, result));
    } else {
      const char* code = result.outOfMemory ? "out-of-memory" : "internal";
      napi_reject_deferred(env, deferred, makeError(env, code, result.error));
    }
  } catch (const NapiFailure&) {
    napi_value error;
    if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_reject_deferred(env, deferred, error);
  }
  napi_delete_reference(env, self);
}

// Runs on JavaScript's thread whenever the runner has news.
void receiveNews(napi_env env, napi_value, void* context, void* data) {
  auto* handle = static_cast<Handle*>(context);
  if (env == nullptr) return;
  if (static_cast<Message>(reinterpret_cast<intptr_t>(data)) == Message::finish) {
    finishRun(env, handle);
    return;
  }
  handle->newsPending = false;
  try {
    napi_value receiver = undefinedValue(env), listener;
    napi_value argument = progressValue(env, handle->session->progress());
    succeed(napi_get_reference_value(env, handle->onProgress, &listener));
    napi_value ignored;
    if (napi_call_function(env, receiver, listener, 1, &argument, &ignored) != napi_ok) {
      // The listener threw: the run ends, and the error surfaces as an uncaught exception like any callback's.
      handle->session->abort();
      napi_value error;
      if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
    }
  } catch (const NapiFailure&) {
  }
}

Job::Use toUse(napi_env env, const Session& session, napi_value value) {
  Job::Use use;
  const int32_t program = toInt32(env, getProperty(env, value, "program"), "program");
  if (program < 0) return use;
  use.program = session.program(program);
  use.scalarColumns = toArray<int32_t>(env, getProperty(env, value, "scalarColumns"), "scalarColumns").copy();
  use.outputs = toArray<int32_t>(env, getProperty(env, value, "outputs"), "outputs").copy();
  return use;
}

// run(session, job, onProgress): see NativeJob in index.ts.
napi_value run(napi_env env, napi_value* arguments) {
  Session& session = toSession(env, arguments[0]);
  Handle* handle = toHandle(env, arguments[0]);
  if (session.running()) throw Refused("a run is in progress; wait for it first");
  const napi_value object = arguments[1];
  const auto integer = [&](const char* name) { return toInt32(env, getProperty(env, object, name), name); };
  const auto number = [&](napi_value from, const char* name) { return toNumber(env, getProperty(env, from, name), name); };
  Job job;
  job.whole = toUse(env, session, getProperty(env, object, "whole"));
  job.rest = toUse(env, session, getProperty(env, object, "rest"));
  if (job.whole.program == nullptr) throw Refused("whole: expected a program");
  job.dataset = integer("dataset");
  job.order = toArray<int32_t>(env, getProperty(env, object, "order"), "order").copy();
  job.steps = toInteger(env, getProperty(env, object, "steps"), "steps");
  if (job.steps < 0 || job.steps > INT32_MAX) throw Refused("steps: out of range");
  job.scalars = toArray<float>(env, getProperty(env, object, "scalars"), "scalars").copy();
  job.columns = integer("columns");
  if (job.columns < 0) throw Refused("columns: out of range");
  job.mixupColumn = integer("mixupColumn");
  job.finiteOutput = integer("finiteOutput");
  job.measure = integer("measure") != 0;
  job.gather.mean = toArray<double>(env, getProperty(env, object, "mean"), "mean").copy();
  job.gather.std = toArray<double>(env, getProperty(env, object, "std"), "std").copy();
  job.gather.epochIndex = integer("epochIndex");
  const int64_t seed = toInteger(env, getProperty(env, object, "seed"), "seed");
  job.gather.seed = {static_cast<uint32_t>(seed), static_cast<uint32_t>(static_cast<uint64_t>(seed) >> 32)};
  job.firstStep = static_cast<uint32_t>(toInteger(env, getProperty(env, object, "firstStep"), "firstStep"));

  const napi_value from = getProperty(env, object, "augmentation");
  Augmentation& augmentation = job.gather.augmentation;
  const int32_t flip = toInt32(env, getProperty(env, from, "flip"), "flip");
  if (flip < 0 || flip > 2) throw Refused("flip: out of range");
  augmentation.flip = static_cast<Flip>(flip);
  augmentation.shift = toInt32(env, getProperty(env, from, "shift"), "shift");
  augmentation.degrees = number(from, "degrees");
  augmentation.zoom = number(from, "zoom");
  augmentation.cutoutSize = toInt32(env, getProperty(env, from, "cutoutSize"), "cutoutSize");
  augmentation.cutoutProbability = number(from, "cutoutProbability");
  augmentation.brightness = number(from, "brightness");
  augmentation.contrast = number(from, "contrast");
  augmentation.mixup = job.mixupColumn >= 0;

  napi_valuetype listenerType;
  succeed(napi_typeof(env, arguments[2], &listenerType));
  if (listenerType != napi_function) throw Refused("onProgress: expected a function");

  napi_value promise;
  napi_threadsafe_function channel;
  succeed(napi_create_threadsafe_function(env, nullptr, nullptr, fromText(env, "atelier run"), 0, 1, nullptr, nullptr,
                                          handle, receiveNews, &channel));
  const auto notify = [handle, channel] {
    if (!handle->newsPending.exchange(true)) send(handle, channel, Message::news);
  };
  const auto finish = [handle, channel](Result result) {
    handle->result = std::move(result);
    send(handle, channel, Message::finish);
  };
  handle->newsPending = false;
  handle->channel = channel;
  handle->onProgress = handle->self = nullptr;
  try {
    succeed(napi_create_promise(env, &handle->deferred, &promise));
    succeed(napi_create_reference(env, arguments[2], 1, &handle->onProgress));
    succeed(napi_create_reference(env, arguments[0], 1, &handle->self));
    session.start(std::move(job), notify, finish);
  } catch (...) {
    handle->channel = nullptr;
    if (handle->onProgress != nullptr) napi_delete_reference(env, handle->onProgress);
    if (handle->self != nullptr) napi_delete_reference(env, handle->self);
    napi_release_threadsafe_function(channel, napi_tsfn_release);
    throw;
  }
  return promise;
}

napi_value abortRun(napi_env env, napi_value* arguments) {
  Handle* handle = toHandle(env, arguments[0]);
  if (handle->session != nullptr) handle->session->abort();
  return undefinedValue(env);
}

// Frees the memory now, or at the end of the run in progress, which it stops.
napi_value closeSession(napi_env env, napi_value* arguments) {
  Handle* handle = toHandle(env, arguments[0]);
  handle->closing = true;
  if (handle->session == nullptr) return undefinedValue(env);
  if (handle->session->running()) {
    handle->session->abort();
  } else {
    handle->session.reset();
  }
  return undefinedValue(env);
}

napi_value sizeBytes(napi_env env, napi_value* arguments) {
  Handle* handle = toHandle(env, arguments[0]);
  return fromNumber(env, handle->session == nullptr ? 0 : static_cast<double>(handle->session->sizeBytes()));
}

// peak(variant, seconds): GFLOP/s of multiply-adds on this thread.
napi_value peak(napi_env env, napi_value* arguments) {
  const KernelTable* table = findVariant(toText(env, arguments[0], "variant"));
  if (table == nullptr) throw Refused("variant: not for this machine");
  const double seconds = toNumber(env, arguments[1], "seconds");
  if (!(seconds > 0 && seconds <= 10)) throw Refused("seconds: expected more than 0 and at most 10");
  return fromNumber(env, table->peak(seconds));
}

template <auto Body, size_t Count>
void exportFunction(napi_env env, napi_value exports, const char* name) {
  napi_value function;
  succeed(napi_create_function(env, name, NAPI_AUTO_LENGTH, callback<Body, Count>, nullptr, &function));
  setProperty(env, exports, name, function);
}

}  // namespace
}  // namespace atelier

NAPI_MODULE_INIT() {
  using namespace atelier;
  try {
    exportFunction<description, 0>(env, exports, "description");
    exportFunction<createSession, 4>(env, exports, "createSession");
    exportFunction<variantOf, 1>(env, exports, "variantOf");
    exportFunction<addProgram, 7>(env, exports, "addProgram");
    exportFunction<readState, 3>(env, exports, "read");
    exportFunction<writeState, 3>(env, exports, "write");
    exportFunction<upload, 5>(env, exports, "upload");
    exportFunction<run, 3>(env, exports, "run");
    exportFunction<abortRun, 1>(env, exports, "abort");
    exportFunction<closeSession, 1>(env, exports, "close");
    exportFunction<sizeBytes, 1>(env, exports, "sizeBytes");
    exportFunction<peak, 2>(env, exports, "peak");
  } catch (const NapiFailure&) {
    napi_throw_error(env, nullptr, "the native kernels could not be set up");
  }
  return exports;
}
