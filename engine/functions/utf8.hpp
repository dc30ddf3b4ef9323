// Characters in UTF-8 text. Text in columns is valid UTF-8: its inputs check that.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tailrace::engine::utf8 {

inline bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

inline std::size_t length(std::string_view text) {
  std::size_t count = 0;
  for (const char byte : text) count += is_continuation(byte) ? 0 : 1;
  return count;
}

// The byte at which character `index` (from 0) begins; the text's end where it has fewer.
inline std::size_t offset_of(std::string_view text, std::size_t index) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (!is_continuation(text[at])) {
      if (index == 0) return at;
      --index;
    }
    ++at;
  }
  return at;
}

// The greatest character boundary at or below byte `limit`.
inline std::size_t floor_boundary(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text.size();
  while (limit > 0 && is_continuation(text[limit])) --limit;
  return limit;
}

// Decodes the character at byte `at` and moves past it.
inline char32_t next(std::string_view text, std::size_t& at) {
  const auto first = static_cast<unsigned char>(text[at++]);
  if (first < 0x80) return first;
  char32_t code = first >= 0xF0 ? first & 0x07 : (first >= 0xE0 ? first & 0x0F : first & 0x1F);
  while (at < text.size() && is_continuation(text[at]))
    code = (code << 6) | (static_cast<unsigned char>(text[at++]) & 0x3F);
  return code;
}

inline void append(std::string& out, char32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

// The byte offset of the first sequence that is not valid UTF-8, or npos.
std::size_t find_invalid(std::string_view text);

}  // namespace tailrace::engine::utf8
