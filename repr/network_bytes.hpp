// Big-endian words in and out of byte strings, as the wire has them. Private to repr.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "repr/error.hpp"

namespace tailrace {

template <class T>
T swap_bytes(T value) {
  if constexpr (sizeof(T) == 1) {
    return value;
  } else if constexpr (sizeof(T) == 2) {
    return static_cast<T>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
  } else if constexpr (sizeof(T) == 4) {
    return std::bit_cast<T>(__builtin_bswap32(std::bit_cast<std::uint32_t>(value)));
  } else {
    return std::bit_cast<T>(__builtin_bswap64(std::bit_cast<std::uint64_t>(value)));
  }
}

template <class T>
void put_network(std::string& out, T value) {
  if constexpr (std::is_same_v<T, float>) {
    put_network(out, std::bit_cast<std::uint32_t>(value));
  } else if constexpr (std::is_same_v<T, double>) {
    put_network(out, std::bit_cast<std::uint64_t>(value));
  } else {
    const T swapped = swap_bytes(value);
    out.append(reinterpret_cast<const char*>(&swapped), sizeof swapped);
  }
}

[[noreturn]] inline void fail_binary(const char* what) {
  throw SqlError(sqlstate::invalid_binary_representation,
                 std::string("invalid binary representation of ") + what);
}

// All of `bytes` as one word.
template <class T>
T read_network(std::string_view bytes, const char* what) {
  if (bytes.size() != sizeof(T)) fail_binary(what);
  if constexpr (std::is_same_v<T, float>) {
    return std::bit_cast<float>(read_network<std::uint32_t>(bytes, what));
  } else if constexpr (std::is_same_v<T, double>) {
    return std::bit_cast<double>(read_network<std::uint64_t>(bytes, what));
  } else {
    T value;
    std::memcpy(&value, bytes.data(), sizeof value);
    return swap_bytes(value);
  }
}

inline std::string_view take_network_bytes(std::string_view& bytes, std::size_t count,
                                           const char* what) {
  if (bytes.size() < count) fail_binary(what);
  const std::string_view taken = bytes.substr(0, count);
  bytes.remove_prefix(count);
  return taken;
}

template <class T>
T take_network(std::string_view& bytes, const char* what) {
  return read_network<T>(take_network_bytes(bytes, sizeof(T), what), what);
}

}  // namespace tailrace
