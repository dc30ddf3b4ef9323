// The bytes under our own encodings (batches, rows, nested values): little-endian words and
// variable-length counts.
//
// Reading consumes from the front of the view and throws XX001 where bytes are missing.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "repr/error.hpp"

namespace tailrace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "encodings are memory images on little-endian machines");

[[noreturn]] inline void fail_corrupted(std::string_view what) {
  throw SqlError(sqlstate::data_corrupted, "corrupted data: " + std::string(what));
}

inline std::string_view take_bytes(std::string_view& from, std::size_t count) {
  if (from.size() < count) fail_corrupted("unexpected end");
  const std::string_view taken = from.substr(0, count);
  from.remove_prefix(count);
  return taken;
}

template <class T>
void put_fixed(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
T take_fixed(std::string_view& from) {
  T value;
  std::memcpy(&value, take_bytes(from, sizeof value).data(), sizeof value);
  return value;
}

inline void put_count(std::string& out, std::uint64_t count) {
  while (count >= 0x80) {
    out += static_cast<char>(count | 0x80);
    count >>= 7;
  }
  out += static_cast<char>(count);
}

inline std::uint64_t take_count(std::string_view& from) {
  std::uint64_t count = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const auto byte = static_cast<std::uint8_t>(take_bytes(from, 1).front());
    count |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return count;
  }
  fail_corrupted("count of more than 64 bits");
}

inline void put_bytes(std::string& out, std::string_view bytes) {
  put_count(out, bytes.size());
  out += bytes;
}

inline std::string_view take_counted_bytes(std::string_view& from) {
  const std::uint64_t count = take_count(from);
  return take_bytes(from, static_cast<std::size_t>(count));
}

}  // namespace tailrace
