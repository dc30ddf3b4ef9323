// Reads the fields of one message in order, every length checked: 08P01 for what is not there.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "repr/error.hpp"

namespace tailrace::server {

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t read_uint8() { return static_cast<std::uint8_t>(read_bytes(1)[0]); }
  std::uint16_t read_uint16() {
    std::uint16_t value;
    std::memcpy(&value, read_bytes(2).data(), 2);
    return __builtin_bswap16(value);
  }
  std::int16_t read_int16() { return static_cast<std::int16_t>(read_uint16()); }
  std::uint32_t read_uint32() {
    std::uint32_t value;
    std::memcpy(&value, read_bytes(4).data(), 4);
    return __builtin_bswap32(value);
  }
  std::int32_t read_int32() { return static_cast<std::int32_t>(read_uint32()); }

  std::string_view read_bytes(std::size_t size) {
    if (rest_.size() < size) {
      throw SqlError(sqlstate::protocol_violation, "insufficient data left in message");
    }
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }
  // Up to a zero byte, which is left out.
  std::string_view read_string() {
    const std::size_t end = rest_.find('\0');
    if (end == std::string_view::npos) {
      throw SqlError(sqlstate::protocol_violation, "invalid string in message");
    }
    const std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return text;
  }
  std::string_view rest() const { return rest_; }
  void expect_end() const {
    if (!rest_.empty()) throw SqlError(sqlstate::protocol_violation, "invalid message format");
  }

 private:
  std::string_view rest_;
};

}  // namespace tailrace::server
