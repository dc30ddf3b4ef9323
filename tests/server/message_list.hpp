// What a server sent, taken apart for tests.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace::server::test {

struct BackendMessage {
  char kind;
  std::string payload;
};

inline std::uint32_t big_endian(const char* bytes) {
  std::uint32_t value;
  std::memcpy(&value, bytes, 4);
  return __builtin_bswap32(value);
}

// Whole messages only; what is left over is dropped.
inline std::vector<BackendMessage> split_messages(std::string_view bytes) {
  std::vector<BackendMessage> messages;
  while (bytes.size() >= 5) {
    const std::size_t size = 1 + big_endian(bytes.data() + 1);
    if (bytes.size() < size) break;
    messages.push_back({bytes[0], std::string(bytes.substr(5, size - 5))});
    bytes.remove_prefix(size);
  }
  return messages;
}

inline std::string kinds_of(std::string_view bytes) {
  std::string kinds;
  for (const BackendMessage& message : split_messages(bytes)) kinds += message.kind;
  return kinds;
}

// The texts of the first message of a kind: a tag, or the fields of an error.
inline std::string payload_of(std::string_view bytes, char kind) {
  for (const BackendMessage& message : split_messages(bytes)) {
    if (message.kind == kind) return message.payload;
  }
  return {};
}

inline std::string client_message(char kind, std::string_view payload) {
  const std::uint32_t length = __builtin_bswap32(static_cast<std::uint32_t>(payload.size() + 4));
  std::string message(1, kind);
  message.append(reinterpret_cast<const char*>(&length), 4);
  return message.append(payload);
}

inline std::string with_zero(std::string text) {
  return text += '\0';
}

}  // namespace tailrace::server::test
