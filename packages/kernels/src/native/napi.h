// Thin C++ over node_api.h: values in and out with every type checked, C++ exceptions turned into thrown Errors.
#pragma once
#include <node_api.h>

#include <cstring>
#include <string>
#include <vector>

#include "session.h"

namespace atelier {

// A Node-API call failed; an exception may already be pending.
struct NapiFailure {};

inline void succeed(napi_status status) {
  if (status != napi_ok) throw NapiFailure{};
}

inline double toNumber(napi_env env, napi_value value, const char* name) {
  double number;
  if (napi_get_value_double(env, value, &number) != napi_ok) throw Refused(std::string(name) + ": expected a number");
  return number;
}

// A whole number of at most 2^53.
inline int64_t toInteger(napi_env env, napi_value value, const char* name) {
  const double number = toNumber(env, value, name);
  if (!(number >= -9007199254740992.0 && number <= 9007199254740992.0) ||
      number != static_cast<double>(static_cast<int64_t>(number)))
    throw Refused(std::string(name) + ": expected a whole number");
  return static_cast<int64_t>(number);
}

inline int32_t toInt32(napi_env env, napi_value value, const char* name) {
  const int64_t number = toInteger(env, value, name);
  if (number < INT32_MIN || number > INT32_MAX) throw Refused(std::string(name) + ": out of range");
  return static_cast<int32_t>(number);
}

inline std::string toText(napi_env env, napi_value value, const char* name) {
  size_t length;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok)
    throw Refused(std::string(name) + ": expected a string");
  std::string text(length, '\0');
  succeed(napi_get_value_string_utf8(env, value, text.data(), length + 1, &length));
  return text;
}

template <class T>
struct ArrayView {
  T* data;
  size_t length;
  std::vector<T> copy() const { return std::vector<T>(data, data + length); }
};

template <class T>
struct ArrayType;
template <>
struct ArrayType<int32_t> {
  static constexpr napi_typedarray_type type = napi_int32_array;
  static constexpr const char* name = "an Int32Array";
};
template <>
struct ArrayType<float> {
  static constexpr napi_typedarray_type type = napi_float32_array;
  static constexpr const char* name = "a Float32Array";
};
template <>
struct ArrayType<double> {
  static constexpr napi_typedarray_type type = napi_float64_array;
  static constexpr const char* name = "a Float64Array";
};
template <>
struct ArrayType<uint8_t> {
  static constexpr napi_typedarray_type type = napi_uint8_array;
  static constexpr const char* name = "a Uint8Array";
};

template <class T>
ArrayView<T> toArray(napi_env env, napi_value value, const char* name) {
  bool isTyped = false;
  succeed(napi_is_typedarray(env, value, &isTyped));
  napi_typedarray_type type{};
  size_t length = 0;
  void* data = nullptr;
  if (isTyped) succeed(napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr));
  if (!isTyped || type != ArrayType<T>::type) throw Refused(std::string(name) + ": expected " + ArrayType<T>::name);
  return {static_cast<T*>(data), length};
}

inline napi_value fromNumber(napi_env env, double number) {
  napi_value value;
  succeed(napi_create_double(env, number, &value));
  return value;
}

inline napi_value fromText(napi_env env, const std::string& text) {
  napi_value value;
  succeed(napi_create_string_utf8(env, text.data(), text.size(), &value));
  return value;
}

inline napi_value undefinedValue(napi_env env) {
  napi_value value;
  succeed(napi_get_undefined(env, &value));
  return value;
}

inline void setProperty(napi_env env, napi_value object, const char* name, napi_value value) {
  succeed(napi_set_named_property(env, object, name, value));
}

inline napi_value getProperty(napi_env env, napi_value object, const char* name) {
  napi_value value;
  if (napi_get_named_property(env, object, name, &value) != napi_ok)
    throw Refused(std::string(name) + ": expected an object that has it");
  return value;
}

inline napi_value fromFloats(napi_env env, const float* floats, size_t count) {
  void* data = nullptr;
  napi_value buffer, array;
  succeed(napi_create_arraybuffer(env, count * 4, &data, &buffer));
  if (count > 0) memcpy(data, floats, count * 4);
  succeed(napi_create_typedarray(env, napi_float32_array, count, buffer, 0, &array));
  return array;
}

inline napi_value makeError(napi_env env, const char* code, const std::string& message) {
  napi_value error;
  succeed(napi_create_error(env, fromText(env, code), fromText(env, message), &error));
  return error;
}

// Wraps `napi_value body(env, arguments)` as a callback that throws instead of letting exceptions through.
template <auto Body, size_t Count>
napi_value callback(napi_env env, napi_callback_info info) {
  try {
    napi_value arguments[Count > 0 ? Count : 1];
    size_t count = Count;
    succeed(napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr));
    return Body(env, arguments);
  } catch (const OutOfMemory& error) {
    napi_throw_error(env, "out-of-memory", error.what());
  } catch (const std::bad_alloc&) {
    napi_throw_error(env, "out-of-memory", "cannot allocate memory");
  } catch (const std::exception& error) {
    napi_throw_error(env, "bad-argument", error.what());
  } catch (const NapiFailure&) {
    bool pending = false;
    if (napi_is_exception_pending(env, &pending) == napi_ok && !pending)
      napi_throw_error(env, "bad-argument", "an argument of the wrong type");
  }
  return nullptr;
}

}  // namespace atelier
